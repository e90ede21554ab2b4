//! GPU work and the calls that cause it: typed columns from the arguments, devices, streams, and the launch links.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};
use kinetoscope_model::id::NONE;
use kinetoscope_model::table::{
    ApiCallBuilder, ApiCallRow, DeviceBuilder, DeviceRow, GpuOpBuilder, GpuOpKind, GpuOpRow, LaunchBuilder, LaunchRow,
    SliceBuilder, StreamBuilder, StreamRow,
};
use kinetoscope_model::{
    ArgPage, ArgSetId, ArgValue, DeviceId, Interner, ProcessId, SliceId, SourceId, StreamId, StringId, ThreadId,
    TrackId, WarningKind, Warnings,
};
use rayon::prelude::*;

use crate::chrome::metadata::DeviceProperties;

/// A slice that is GPU work, noted while slices are placed. What the slice table knows is not repeated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GpuSlice {
    pub(crate) slice: SliceId,
    pub(crate) kind: GpuOpKind,
    /// Place in the list of rows that hold GPU work.
    pub(crate) row: u32,
}

/// A slice that is an API call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiSlice {
    pub(crate) slice: SliceId,
    pub(crate) source: u32,
}

/// A row of the file that holds GPU work: a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GpuRow {
    pub(crate) source: u32,
    pub(crate) utid: ThreadId,
    pub(crate) upid: ProcessId,
    /// The row's own track, also for a slice that went to a lane.
    pub(crate) track: TrackId,
    /// Number of the stream.
    pub(crate) tid: i64,
    /// Number of the device.
    pub(crate) pid: i64,
}

/// What the GPU tables are built from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GpuInputs<'a> {
    pub(crate) arg_pages: &'a [ArgPage],
    pub(crate) slices: &'a SliceBuilder,
    pub(crate) gpu_slices: &'a [GpuSlice],
    pub(crate) gpu_rows: &'a [GpuRow],
    pub(crate) api_slices: &'a [ApiSlice],
    /// Devices that each source lists.
    pub(crate) properties: &'a [Vec<DeviceProperties>],
}

#[derive(Debug, Clone, Copy)]
enum Field {
    Correlation,
    ExternalId,
    Context,
    Bytes,
    Grid,
    Block,
    Registers,
    SharedMemory,
    Occupancy,
    BlocksPerSm,
    WarpsPerSm,
    GraphId,
    GraphNodeId,
    Cbid,
    Other,
}

impl Field {
    fn of(key: &str) -> Self {
        match key {
            "correlation" => Self::Correlation,
            "External id" | "external id" => Self::ExternalId,
            "context" => Self::Context,
            "bytes" | "Bytes" => Self::Bytes,
            "grid" => Self::Grid,
            "block" => Self::Block,
            "registers per thread" => Self::Registers,
            "shared memory" => Self::SharedMemory,
            "est. achieved occupancy %" => Self::Occupancy,
            "blocks per SM" => Self::BlocksPerSm,
            "warps per SM" => Self::WarpsPerSm,
            "graph id" => Self::GraphId,
            "graph node id" => Self::GraphNodeId,
            "cbid" | "cid" => Self::Cbid,
            _ => Self::Other,
        }
    }
}

/// The argument pages of a trace under construction, read by field.
#[derive(Debug)]
struct FieldReader<'a> {
    pages: &'a [ArgPage],
    page_starts: &'a [u32],
    /// What the keys of a shape mean, by page and shape: each is looked at once.
    plans: HashMap<(usize, usize), Box<[Field]>>,
}

impl<'a> FieldReader<'a> {
    fn new(pages: &'a [ArgPage], page_starts: &'a [u32]) -> Self {
        Self { pages, page_starts, plans: HashMap::new() }
    }

    #[inline]
    fn visit(&mut self, set: ArgSetId, mut take: impl FnMut(Field, ArgValue<'a>)) {
        let page_index = self.page_starts.partition_point(|&start| start <= set.0) - 1;
        let page = &self.pages[page_index];
        let index = (set.0 - self.page_starts[page_index]) as usize;
        let shape = page.shape_of(index);
        let plan =
            self.plans.entry((page_index, shape)).or_insert_with(|| page.shape_keys(shape).map(Field::of).collect());
        let mut values = page.set(index);
        for &field in plan.iter() {
            if matches!(field, Field::Other) {
                values.skip_value();
            } else if let Some(value) = values.next_value_only() {
                take(field, value);
            }
        }
    }
}

/// Finds the call with a correlation id. Runtimes count calls, so the ids of a source are mostly dense.
#[derive(Debug)]
struct CallIndex {
    by_source: Vec<SourceCalls>,
}

#[derive(Debug)]
enum SourceCalls {
    Dense { first: i64, calls: Vec<u32> },
    Sparse(HashMap<i64, u32>),
}

impl CallIndex {
    /// An index of `calls`, which come in order of start: where a runtime call and the driver call inside it share an
    /// id, the outer one counts.
    fn new(num_sources: usize, api_slices: &[ApiSlice], calls: &ApiCallBuilder) -> Self {
        let correlations = || {
            (0u32..)
                .zip(api_slices)
                .filter_map(|(id, slice)| Some((id, slice.source, calls.correlation.get(id as usize)?)))
        };
        let mut ranges: Vec<Option<(i64, i64, usize)>> = vec![None; num_sources];
        for (_, source, correlation) in correlations() {
            let range = &mut ranges[source as usize];
            *range = Some(range.map_or((correlation, correlation, 1), |(least, most, count)| {
                (least.min(correlation), most.max(correlation), count + 1)
            }));
        }
        /// Slots per call up to which a table is cheaper than hashing.
        const MAX_SPARSITY: i128 = 16;
        let mut by_source: Vec<_> = ranges
            .into_iter()
            .map(|range| match range {
                Some((least, most, count)) if i128::from(most) - i128::from(least) < MAX_SPARSITY * count as i128 => {
                    SourceCalls::Dense { first: least, calls: vec![NONE; (most - least) as usize + 1] }
                }
                _ => SourceCalls::Sparse(HashMap::new()),
            })
            .collect();
        for (id, source, correlation) in correlations() {
            match &mut by_source[source as usize] {
                SourceCalls::Dense { first, calls } => {
                    let slot = &mut calls[(correlation - *first) as usize];
                    *slot = (*slot).min(id);
                }
                SourceCalls::Sparse(calls) => {
                    calls.entry(correlation).or_insert(id);
                }
            }
        }
        Self { by_source }
    }

    fn find(&self, source: u32, correlation: i64) -> Option<u32> {
        match &self.by_source[source as usize] {
            SourceCalls::Dense { first, calls } => {
                let slot = usize::try_from(correlation.checked_sub(*first)?).ok()?;
                calls.get(slot).copied().filter(|&id| id != NONE)
            }
            SourceCalls::Sparse(calls) => calls.get(&correlation).copied(),
        }
    }
}

/// The GPU tables and what goes with them.
#[derive(Debug, Default)]
pub(crate) struct GpuTables {
    pub(crate) devices: DeviceBuilder,
    pub(crate) streams: StreamBuilder,
    pub(crate) gpu_ops: GpuOpBuilder,
    pub(crate) api_calls: ApiCallBuilder,
    pub(crate) launches: LaunchBuilder,
    pub(crate) warnings: Warnings,
    /// Device of each process row that stands for one.
    pub(crate) device_of_process: Vec<(ProcessId, DeviceId)>,
}

/// A device by its process rows, by its entry in the file's list, or both.
#[derive(Debug, Default)]
struct FoundDevice<'a> {
    /// More than one where damaged events lack their process: those of device 0 then have a row of their own.
    upids: Vec<ProcessId>,
    listed: Option<&'a DeviceProperties>,
}

/// What earlier rows have made known.
#[derive(Debug, Default)]
struct KnownRows {
    devices: HashMap<ProcessId, DeviceId>,
    streams: HashMap<ThreadId, StreamId>,
    copy_kinds: HashMap<StringId, Option<StringId>>,
}

/// Builds the GPU tables from the slices noted while placing.
pub(crate) fn build(inputs: GpuInputs<'_>, strings: &mut Interner) -> GpuTables {
    let GpuInputs { arg_pages, slices, gpu_slices, api_slices, .. } = inputs;
    let mut page_starts = Vec::with_capacity(arg_pages.len());
    let mut next = 0;
    for page in arg_pages {
        page_starts.push(next);
        next += page.num_sets() as u32;
    }
    let new_reader = || FieldReader::new(arg_pages, &page_starts);
    let graph_launches = graph_launch_names(strings, slices, api_slices);
    let mut tables = GpuTables::default();
    tables.api_calls.reserve(api_slices.len());
    // In batches: all rows at once, each as wide as the table, would be the largest thing in memory.
    for batch in api_slices.chunks(ROWS_PER_BATCH) {
        let rows: Vec<ApiCallRow> = batch
            .par_iter()
            .with_min_len(MIN_ROWS_PER_TASK)
            .map_init(new_reader, |reader, call| api_call_row(reader, slices, call.slice, &graph_launches))
            .collect();
        for row in rows {
            tables.api_calls.push(row);
        }
    }
    let calls = CallIndex::new(inputs.properties.len(), api_slices, &tables.api_calls);
    tables.add_devices(strings, inputs.gpu_rows, inputs.properties);
    tables.gpu_ops.reserve(gpu_slices.len());
    tables.launches.reserve(gpu_slices.len());
    let read = |batch: &'_ [GpuSlice]| -> Vec<(GpuOpRow, u32)> {
        let rows = batch.par_iter().with_min_len(MIN_ROWS_PER_TASK);
        rows.map_init(new_reader, |reader, gpu| gpu_op_row(reader, slices, gpu)).collect()
    };
    let devices = tables.device_of_process.iter().copied().collect();
    let mut known = KnownRows { devices, ..KnownRows::default() };
    let mut batches = gpu_slices.chunks(ROWS_PER_BATCH);
    let mut ready = batches.next().map(|batch| (batch, read(batch)));
    // The next batch is read while this one, whose rows have to go in one by one, is put into the tables.
    while let Some((batch, rows)) = ready {
        let read_next = || batches.next().map(|batch| (batch, read(batch)));
        let add = || tables.add_gpu_ops(strings, inputs, batch, rows, &calls, &mut known);
        (ready, ()) = rayon::join(read_next, add);
    }
    tables
}

/// Rows that are read before any is put into its table.
const ROWS_PER_BATCH: usize = 64 << 10;

/// Fewer rows than this are not worth a second thread, nor a second set of plans.
const MIN_ROWS_PER_TASK: usize = 8 << 10;

/// Names of calls that launch a graph.
fn graph_launch_names(strings: &Interner, slices: &SliceBuilder, api_slices: &[ApiSlice]) -> HashSet<StringId> {
    let names: HashSet<StringId> = api_slices.iter().map(|call| slices.name.get(call.slice.index())).collect();
    names.into_iter().filter(|&name| strings.get(name).contains("GraphLaunch")).collect()
}

fn api_call_row(
    reader: &mut FieldReader<'_>,
    slices: &SliceBuilder,
    slice: SliceId,
    graph_launches: &HashSet<StringId>,
) -> ApiCallRow {
    let is_graph_launch = graph_launches.contains(&slices.name.get(slice.index()));
    let mut row = ApiCallRow { is_graph_launch, ..ApiCallRow::new(slice) };
    if let Some(set) = slices.arg_set_id.get(slice.index()) {
        reader.visit(set, |field, value| match field {
            Field::Correlation => row.correlation = value.as_i64(),
            Field::ExternalId => row.external_id = value.as_i64(),
            Field::Cbid => row.cbid = value.as_i64(),
            _ => {}
        });
    }
    row
}

/// The row of a GPU slice, but for its device, stream and copy kind, and how many values did not fit.
fn gpu_op_row(reader: &mut FieldReader<'_>, slices: &SliceBuilder, gpu: &GpuSlice) -> (GpuOpRow, u32) {
    let mut row = GpuOpRow::new(gpu.slice, gpu.kind, DeviceId(0), StreamId(0));
    let mut num_misfits = 0;
    if let Some(set) = slices.arg_set_id.get(gpu.slice.index()) {
        let mut small = |value: ArgValue<'_>| {
            let small = value.as_i64().and_then(|value| u32::try_from(value).ok()).filter(|&value| value != u32::MAX);
            num_misfits += u32::from(small.is_none());
            small
        };
        reader.visit(set, |field, value| match field {
            Field::Correlation => row.correlation = value.as_i64(),
            Field::ExternalId => row.external_id = value.as_i64(),
            Field::Context => row.context = value.as_i64(),
            Field::Bytes => row.bytes = value.as_i64(),
            Field::Grid => [row.grid_x, row.grid_y, row.grid_z] = triple(value, &mut small),
            Field::Block => [row.block_x, row.block_y, row.block_z] = triple(value, &mut small),
            Field::Registers => row.registers_per_thread = small(value),
            Field::SharedMemory => row.shared_memory = small(value),
            Field::Occupancy => row.occupancy = value.as_f64(),
            Field::BlocksPerSm => row.blocks_per_sm = value.as_f64(),
            Field::WarpsPerSm => row.warps_per_sm = value.as_f64(),
            Field::GraphId => row.graph_id = value.as_i64(),
            Field::GraphNodeId => row.graph_node_id = value.as_i64(),
            Field::Cbid | Field::Other => {}
        });
    }
    (row, num_misfits)
}

impl GpuTables {
    fn add_devices(&mut self, strings: &mut Interner, gpu_rows: &[GpuRow], properties: &[Vec<DeviceProperties>]) {
        // Devices the file lists, used or not, and process rows that hold GPU work.
        let mut rows: BTreeMap<(u32, i64), FoundDevice<'_>> = BTreeMap::new();
        for (source, listed) in (0u32..).zip(properties) {
            for device in listed {
                rows.entry((source, device.ordinal)).or_default().listed.get_or_insert(device);
            }
        }
        for row in gpu_rows {
            rows.entry((row.source, row.pid)).or_default().upids.push(row.upid);
        }
        for ((source, ordinal), FoundDevice { upids, listed }) in rows {
            // ROCm numbers the devices of events by agent, CPUs included, and those of the list from 0. Where all
            // listed devices are alike it does not matter which one it is.
            let listed = listed.or_else(|| any_if_alike(&properties[source as usize])).cloned().unwrap_or_default();
            let name = listed.name.filter(|name| !name.is_empty()).map(|name| strings.intern(&name));
            let id = DeviceId::from_index(self.devices.push(DeviceRow {
                ordinal,
                name,
                total_memory: listed.total_memory,
                compute_major: listed.compute_major,
                compute_minor: listed.compute_minor,
                num_sms: listed.num_sms,
                max_threads_per_block: listed.max_threads_per_block,
                max_threads_per_sm: listed.max_threads_per_sm,
                registers_per_sm: listed.registers_per_sm,
                shared_memory_per_sm: listed.shared_memory_per_sm,
                warp_size: listed.warp_size,
                upid: upids.first().copied(),
                source_id: SourceId(source),
            }));
            self.device_of_process.extend(upids.into_iter().map(|upid| (upid, id)));
        }
    }

    fn add_gpu_ops(
        &mut self,
        strings: &mut Interner,
        inputs: GpuInputs<'_>,
        gpu_slices: &[GpuSlice],
        rows: Vec<(GpuOpRow, u32)>,
        calls: &CallIndex,
        known: &mut KnownRows,
    ) {
        for (gpu, (mut row, num_misfits)) in gpu_slices.iter().zip(rows) {
            let stream = &inputs.gpu_rows[gpu.row as usize];
            let name = inputs.slices.name.get(gpu.slice.index());
            let offset = inputs.slices.source_offset.get(gpu.slice.index()) as u64;
            row.device_id = known.devices[&stream.upid];
            if gpu.kind == GpuOpKind::Memcpy {
                row.copy_kind = *known.copy_kinds.entry(name).or_insert_with(|| {
                    let kind = copy_kind_of(strings.get(name)).map(str::to_owned);
                    kind.map(|kind| strings.intern(&kind))
                });
            }
            row.stream_id = *known.streams.entry(stream.utid).or_insert_with(|| {
                StreamId::from_index(self.streams.push(StreamRow {
                    device_id: row.device_id,
                    context: row.context,
                    stream: stream.tid,
                    utid: stream.utid,
                    track_id: stream.track,
                }))
            });
            let place = (SourceId(stream.source), Some(offset));
            if num_misfits > 0 {
                self.warnings.add(WarningKind::ValueOutOfRange, place.0, place.1, || {
                    format!("{num_misfits} fields of `{}`", strings.get(name))
                });
            }
            let gpu_op_id = self.gpu_ops.push(row) as u32;
            match row.correlation.and_then(|correlation| calls.find(stream.source, correlation)) {
                Some(api_call_id) => {
                    let api_slice_id = self.api_calls.slice_id.get(api_call_id as usize);
                    self.launches.push(LaunchRow { api_call_id, gpu_op_id, api_slice_id, gpu_slice_id: gpu.slice });
                }
                None => self
                    .warnings
                    .add(WarningKind::GpuOpWithoutLaunch, place.0, place.1, || format!("`{}`", strings.get(name))),
            }
        }
    }
}

/// The first of the listed devices, when all have the same properties.
fn any_if_alike(listed: &[DeviceProperties]) -> Option<&DeviceProperties> {
    let first = listed.first()?;
    let is_like_first =
        |device: &DeviceProperties| DeviceProperties { ordinal: first.ordinal, ..device.clone() } == *first;
    listed.iter().all(is_like_first).then_some(first)
}

/// Three numbers from `[x, y, z]`, written as an array or as a text that holds one.
fn triple(value: ArgValue<'_>, small: &mut impl FnMut(ArgValue<'_>) -> Option<u32>) -> [Option<u32>; 3] {
    let (ArgValue::Json(text) | ArgValue::Text(text)) = value else {
        return [small(value), None, None];
    };
    let mut triple = [None; 3];
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    for (slot, part) in triple.iter_mut().zip(inner.split(',').map(str::trim).filter(|part| !part.is_empty())) {
        *slot = small(part.parse().map_or(ArgValue::Text(part), ArgValue::Int));
    }
    triple
}

/// `HtoD` from `Memcpy HtoD (Pageable -> Device)`.
fn copy_kind_of(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("Memcpy").or_else(|| name.strip_prefix("hipMemcpy"))?;
    rest.trim_start().split([' ', '(']).next().filter(|kind| !kind.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_kinds_come_from_names() {
        assert_eq!(copy_kind_of("Memcpy HtoD (Pageable -> Device)"), Some("HtoD"));
        assert_eq!(copy_kind_of("Memcpy DtoD"), Some("DtoD"));
        assert_eq!(copy_kind_of("Memcpy"), None);
        assert_eq!(copy_kind_of("CopyHostToDevice"), None);
    }
    /// Found by fuzzing.
    #[test]
    fn work_that_lacks_its_process_is_on_device_0() {
        let json = br#"[
            {"ph": "X", "cat": "kernel", "name": "a", "tid": 7, "ts": 1, "dur": 1, "args": {"stream": 7}},
            {"ph": "X", "cat": "kernel", "name": "b", "pid": 0, "tid": 7, "ts": 3, "dur": 1, "args": {"stream": 7}},
            {"ph": "X", "cat": "kernel", "name": "c", "pid": 1, "tid": 7, "ts": 5, "dur": 1, "args": {"stream": 7}}
        ]"#;
        let trace = crate::read_bytes("lacks_pid.json", json.as_slice()).expect("is a trace");
        let ordinals: Vec<i64> =
            trace.gpu_ops.rows().map(|op| trace.devices.ordinal.get(op.device_id.index())).collect();
        assert_eq!((ordinals, trace.devices.len()), (vec![0, 0, 1], 2));
        assert_eq!(trace.processes.len(), 3, "the first has a process of its own");
    }
}
