//! GPU work, synchronisations, events, graphs, memory and metrics.

use hashbrown::HashMap;
use kinetoscope_analysis::stats::base_name;
use kinetoscope_model::TrackId;
use kinetoscope_model::table::{GpuOpKind, GpuOpRow, GraphEventKind};

use super::tables::{
    CUDA_EVENT, CUDA_GPU_MEMORY_USAGE_EVENTS, CUDA_GRAPH_EVENTS, CUDA_UM_CPU_PAGE_FAULT_EVENTS,
    CUDA_UM_GPU_PAGE_FAULT_EVENTS, GPU_METRICS, GRAPH_TRACE, KERNEL, MEMCPY, MEMSET, SYNCHRONIZATION,
    TARGET_GPU_METRICS,
};
use super::writer::Cell;
use super::{Export, ops_of};
use crate::ExportError;

/// Names of directions as `gpu_op.copy_kind` has them, by CUPTI's numbers from 1 on.
const COPY_KINDS: [&str; 10] = ["HtoD", "DtoH", "HtoA", "AtoH", "AtoA", "AtoD", "DtoA", "DtoD", "HtoH", "PtoP"];

/// Names of kinds of memory in the names of copies and fills, by their numbers.
const MEMORY_KINDS: [&str; 8] =
    ["Pageable", "Pinned", "Device", "Array", "Managed", "Device Static", "Managed Static", "Unknown"];

/// Kinds of memory in a name such as `Memcpy HtoD (Pinned -> Device)` or `Memset (Device)`.
fn named_memory_kinds(name: &str) -> [Option<u32>; 2] {
    let Some((_, kinds)) = name.strip_suffix(')').and_then(|name| name.rsplit_once('(')) else { return [None; 2] };
    let number = |word: &str| MEMORY_KINDS.iter().position(|kind| *kind == word).map(|number| number as u32);
    match kinds.split_once(" -> ") {
        Some((src, dst)) => [number(src), number(dst)],
        None => [number(kinds), None],
    }
}

/// The number of a direction; 0 for one that has none.
fn copy_kind(op: &GpuOpRow, word: &str) -> u32 {
    let named = || COPY_KINDS.iter().position(|kind| *kind == word).map_or(0, |at| at as u32 + 1);
    op.copy_kind_id.unwrap_or_else(named)
}

impl Export<'_> {
    pub(super) fn write_gpu_work(&mut self) -> Result<(), ExportError> {
        self.write_kernels()?;
        self.write_memcpys()?;
        self.write_memsets()?;
        self.write_graph_traces()
    }

    /// The columns that all GPU work shares: times, device, context, green context, stream, correlation, process.
    fn place(&self, index: usize, op: &GpuOpRow) -> [Cell<'static>; 8] {
        let (start, end) = self.whole_times(op.slice_id);
        [
            start.into(),
            end.into(),
            self.ids.device(op.device_id).into(),
            op.context.unwrap_or_default().into(),
            op.green_context.into(),
            self.trace.streams.stream.get(op.stream_id.index()).into(),
            op.correlation.into(),
            self.process_cell(self.process_of_op(index, op)),
        ]
    }

    fn write_kernels(&mut self) -> Result<(), ExportError> {
        let numbered = self.numbered_slices(ops_of(self.trace, GpuOpKind::Kernel));
        if numbered.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&KERNEL)?;
        let mut short_names = HashMap::new();
        for (number, index) in numbered {
            self.progress.add_row()?;
            let op = self.trace.gpu_ops.row(index);
            let name = self.trace.slices.name.get(op.slice_id.index());
            let demangled = self.texts.id_of(name, &self.privacy);
            let short = match op.short_name {
                Some(short) => self.texts.id_of(short, &self.privacy),
                None => *short_names
                    .entry(name)
                    .or_insert_with(|| self.texts.id_of_text(&self.privacy.clean(base_name(self.trace.text(name))))),
            };
            let mangled = op.mangled_name.map(|name| self.texts.id_of(name, &self.privacy));
            let [start, end, device, context, green, stream, correlation, process] = self.place(index, &op);
            rows.push(
                number,
                [
                    start,
                    end,
                    device,
                    context,
                    green,
                    stream,
                    correlation,
                    process,
                    demangled.into(),
                    short.into(),
                    mangled.into(),
                    op.launch_type.into(),
                    op.cache_config.into(),
                    op.registers_per_thread.into(),
                    op.grid_x.into(),
                    op.grid_y.into(),
                    op.grid_z.into(),
                    op.block_x.into(),
                    op.block_y.into(),
                    op.block_z.into(),
                    op.static_shared_memory.into(),
                    op.dynamic_shared_memory.into(),
                    op.local_memory_per_thread.into(),
                    op.local_memory_total.into(),
                    op.grid_id.into(),
                    op.shared_memory_executed.into(),
                    op.graph_node_id.into(),
                    op.shared_memory_limit_config.into(),
                    op.graph_id.into(),
                ],
            )?;
        }
        Ok(())
    }

    fn write_memcpys(&mut self) -> Result<(), ExportError> {
        let numbered = self.numbered_slices(ops_of(self.trace, GpuOpKind::Memcpy));
        if numbered.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&MEMCPY)?;
        for (number, index) in numbered {
            self.progress.add_row()?;
            let op = self.trace.gpu_ops.row(index);
            let name = self.trace.text(self.trace.slices.name.get(op.slice_id.index()));
            let [src, dst] = named_memory_kinds(name);
            let [start, end, device, context, green, stream, correlation, process] = self.place(index, &op);
            rows.push(
                number,
                [
                    start,
                    end,
                    device,
                    context,
                    green,
                    stream,
                    correlation,
                    process,
                    op.bytes.into(),
                    copy_kind(&op, self.trace.text_or_empty(op.copy_kind)).into(),
                    Cell::Null,
                    op.src_memory_kind.or(src).into(),
                    op.dst_memory_kind.or(dst).into(),
                    op.src_device.into(),
                    op.src_context.into(),
                    op.dst_device.into(),
                    op.dst_context.into(),
                    op.migration_cause.into(),
                    op.graph_node_id.into(),
                    op.virtual_address.into(),
                    op.copy_count.into(),
                ],
            )?;
        }
        Ok(())
    }

    fn write_memsets(&mut self) -> Result<(), ExportError> {
        let numbered = self.numbered_slices(ops_of(self.trace, GpuOpKind::Memset));
        if numbered.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&MEMSET)?;
        for (number, index) in numbered {
            self.progress.add_row()?;
            let op = self.trace.gpu_ops.row(index);
            let name = self.trace.text(self.trace.slices.name.get(op.slice_id.index()));
            let [start, end, device, context, green, stream, correlation, process] = self.place(index, &op);
            rows.push(
                number,
                [
                    start,
                    end,
                    device,
                    context,
                    green,
                    stream,
                    correlation,
                    process,
                    op.memset_value.into(),
                    op.bytes.into(),
                    op.graph_node_id.into(),
                    op.dst_memory_kind.or(named_memory_kinds(name)[0]).into(),
                ],
            )?;
        }
        Ok(())
    }

    fn write_graph_traces(&mut self) -> Result<(), ExportError> {
        let numbered = self.numbered_slices(ops_of(self.trace, GpuOpKind::Graph));
        if numbered.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&GRAPH_TRACE)?;
        for (number, index) in numbered {
            self.progress.add_row()?;
            let op = self.trace.gpu_ops.row(index);
            let [start, end, device, context, green, stream, correlation, process] = self.place(index, &op);
            let (graph, exec) = (op.graph_id.into(), op.graph_exec_id.into());
            rows.push(number, [start, end, device, context, green, stream, correlation, process, graph, exec])?;
        }
        Ok(())
    }

    pub(super) fn write_syncs(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let numbered = self.numbered_slices(trace.cuda_syncs.slice_id.iter().enumerate());
        if numbered.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&SYNCHRONIZATION)?;
        for (number, index) in numbered {
            self.progress.add_row()?;
            let sync = trace.cuda_syncs.row(index);
            let (start, end) = self.whole_times(sync.slice_id);
            rows.push(
                number,
                [
                    start.into(),
                    end.into(),
                    sync.device_id.map_or(0, |device| self.ids.device(device)).into(),
                    sync.context.unwrap_or_default().into(),
                    sync.green_context.into(),
                    sync.stream.unwrap_or_default().into(),
                    sync.correlation.into(),
                    self.process_cell(sync.upid),
                    sync.sync_type.into(),
                    sync.event_id.into(),
                    sync.event_sync_id.into(),
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn write_cuda_events(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let numbered = self.numbered(trace.cuda_events.source_row.iter().zip(0..).collect());
        if numbered.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&CUDA_EVENT)?;
        for (number, index) in numbered {
            let event = trace.cuda_events.row(index);
            rows.push(
                number,
                [
                    event.ts.map(|ts| self.time(ts)).into(),
                    event.device_id.map(|device| self.ids.device(device)).into(),
                    event.context.into(),
                    event.green_context.into(),
                    event.stream.into(),
                    event.correlation.into(),
                    self.process_cell(event.upid),
                    event.event_id.into(),
                    event.event_sync_id.into(),
                ],
            )?;
        }
        Ok(())
    }

    /// Graphs and nodes, which are in one table up to schema 3.7.
    pub(super) fn write_graph_events(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let events = &trace.cuda_graph_events;
        // Later schemas number graphs and nodes apart. The order of the table is theirs: graphs, then nodes.
        let is_one_table = events.source_row.iter().is_sorted_by(|a, b| a < b);
        let place = |(index, row): (usize, i64)| if is_one_table { (row, index) } else { (index as i64 + 1, index) };
        let numbered = self.numbered(events.source_row.iter().enumerate().map(place).collect());
        if numbered.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&CUDA_GRAPH_EVENTS)?;
        for (number, index) in numbered {
            let event = events.row(index);
            let start = self.time(event.ts);
            let class = match event.kind {
                GraphEventKind::Node => Some(77),
                GraphEventKind::GraphExec => Some(94),
                GraphEventKind::Graph => Some(95),
                GraphEventKind::Clone => Some(96),
                GraphEventKind::Other => None,
            };
            let thread = match event.utid {
                Some(utid) => self.ids.thread(utid).into(),
                None => self.process_cell(event.upid),
            };
            let name = event.name.map(|name| self.texts.id_of(name, &self.privacy));
            rows.push(
                number,
                [
                    start.into(),
                    (start + event.dur.max(0)).into(),
                    class.map(i64::from).into(),
                    thread,
                    name.into(),
                    event.node_id.into(),
                    event.original_node_id.into(),
                    event.graph_id.into(),
                    event.original_graph_id.into(),
                    event.graph_exec_id.into(),
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn write_memory(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let numbered = self.numbered(trace.gpu_memory_events.source_row.iter().zip(0..).collect());
        if !numbered.is_empty() {
            let mut rows = self.writer.table(&CUDA_GPU_MEMORY_USAGE_EVENTS)?;
            for (number, index) in numbered {
                let event = trace.gpu_memory_events.row(index);
                rows.push(
                    number,
                    [
                        self.time(event.ts).into(),
                        self.process_cell(event.upid),
                        event.device_id.map(|device| self.ids.device(device)).into(),
                        event.context.into(),
                        event.address.into(),
                        Cell::Null,
                        event.bytes.into(),
                        event.memory_kind.into(),
                        event.operation.into(),
                        event.name.map(|name| self.privacy.clean(trace.text(name))).into(),
                        event.correlation.into(),
                        event.stream.into(),
                        event.pool_address.into(),
                        event.pool_size.into(),
                        event.pool_used.into(),
                    ],
                )?;
            }
        }
        self.write_cpu_faults()?;
        self.write_gpu_faults()
    }

    /// Page faults of CPUs or of GPUs, by the rows that they are of.
    fn faults(&self, is_cpu: bool) -> Vec<super::Numbered> {
        let rows = self.trace.um_page_faults.rows().enumerate();
        self.numbered(
            rows.filter(|(_, fault)| fault.is_cpu == is_cpu).map(|(index, fault)| (fault.source_row, index)).collect(),
        )
    }

    fn write_cpu_faults(&mut self) -> Result<(), ExportError> {
        let numbered = self.faults(true);
        if numbered.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&CUDA_UM_CPU_PAGE_FAULT_EVENTS)?;
        for (number, index) in numbered {
            let fault = self.trace.um_page_faults.row(index);
            let instruction = fault.instruction.map(|text| self.texts.id_of(text, &self.privacy));
            let module = fault.module.map(|text| self.texts.id_of(text, &self.privacy));
            rows.push(
                number,
                [
                    self.time(fault.ts).into(),
                    self.process_cell(fault.upid),
                    fault.address.into(),
                    fault.pc.into(),
                    instruction.into(),
                    module.into(),
                    Cell::Null,
                ],
            )?;
        }
        Ok(())
    }

    fn write_gpu_faults(&mut self) -> Result<(), ExportError> {
        let numbered = self.faults(false);
        if numbered.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&CUDA_UM_GPU_PAGE_FAULT_EVENTS)?;
        for (number, index) in numbered {
            let fault = self.trace.um_page_faults.row(index);
            let start = self.time(fault.ts);
            rows.push(
                number,
                [
                    start.into(),
                    (start + fault.dur.max(0)).into(),
                    self.process_cell(fault.upid),
                    fault.device_id.map(|device| self.ids.device(device)).into(),
                    fault.address.into(),
                    fault.num_faults.into(),
                    fault.access_type.into(),
                ],
            )?;
        }
        Ok(())
    }

    /// Counters of GPUs. Counters of processes have no place; those of memory that a process holds follow from its
    /// allocations.
    pub(super) fn write_metrics(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let mut metrics: HashMap<TrackId, Option<(i64, i64)>> = HashMap::new();
        let mut next_metric: HashMap<i64, i64> = HashMap::new();
        let mut num_left_out = 0;
        let mut rows = None;
        for (number, row) in (1..).zip(trace.counters.rows()) {
            let metric = *metrics.entry(row.track_id).or_insert_with(|| {
                let device = trace.tracks.upid.get(row.track_id.index())?;
                let device = trace.processes.device_id.get(device.index())?;
                let device = self.ids.device(device);
                let next = next_metric.entry(device).or_insert(0);
                *next += 1;
                Some((device, *next - 1))
            });
            let Some((device, metric)) = metric else {
                num_left_out += u64::from(trace.gpu_memory_events.is_empty());
                continue;
            };
            let rows = match &mut rows {
                Some(rows) => rows,
                none => none.insert(self.writer.table(&GPU_METRICS)?),
            };
            let value = row.value.round() as i64;
            rows.push(number, [self.time(row.ts).into(), device.into(), metric.into(), value.into()])?;
        }
        self.omissions.add("values of counters that are of no GPU", num_left_out);
        let mut names: Vec<(i64, i64, TrackId)> =
            metrics.into_iter().filter_map(|(track, metric)| metric.map(|(device, id)| (device, id, track))).collect();
        names.sort_unstable();
        for (row, (device, metric, track)) in (1..).zip(names) {
            let mut rows = self.writer.table(&TARGET_GPU_METRICS)?;
            let name = self.privacy.clean(trace.text_or_empty(trace.tracks.name.get(track.index())));
            rows.push(row, [device.into(), 0i64.into(), "".into(), metric.into(), name.into()])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_memory_are_read_from_names() {
        assert_eq!(named_memory_kinds("Memcpy HtoD (Pageable -> Device)"), [Some(0), Some(2)]);
        assert_eq!(named_memory_kinds("Memset (Device Static)"), [Some(5), None]);
        assert_eq!(named_memory_kinds("Memcpy PtoP (Elsewhere -> Managed)"), [None, Some(4)]);
        assert_eq!(named_memory_kinds("CUDA memcpy"), [None, None]);
    }
}
