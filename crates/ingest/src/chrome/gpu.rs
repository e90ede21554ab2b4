//! GPU work and the calls that cause it: typed columns from the arguments, devices, streams, and the launch links.

use hashbrown::HashMap;
use kinetoscope_model::args::ArgPage;
use kinetoscope_model::table::{ApiCallRow, DeviceRow, GpuOpKind, GpuOpRow, LaunchRow, StreamRow};
use kinetoscope_model::{
    ArgSetId, ArgValue, DeviceId, ProcessId, SliceId, SourceId, StreamId, StringId, ThreadId, TraceBuilder, TrackId,
    WarningKind,
};

use crate::chrome::metadata::DeviceProperties;

/// A slice that is GPU work, noted while slices are placed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GpuSlice {
    pub(crate) slice: SliceId,
    pub(crate) kind: GpuOpKind,
    pub(crate) name: StringId,
    pub(crate) source: u32,
    pub(crate) arg_set: Option<ArgSetId>,
    pub(crate) utid: ThreadId,
    pub(crate) upid: ProcessId,
    /// The row's own track, also for a slice that went to a lane.
    pub(crate) track: TrackId,
    pub(crate) tid: i64,
    pub(crate) pid: i64,
    pub(crate) offset: u64,
}

/// A slice that is an API call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiSlice {
    pub(crate) slice: SliceId,
    pub(crate) name: StringId,
    pub(crate) source: u32,
    pub(crate) arg_set: Option<ArgSetId>,
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

/// Reads typed fields from argument sets, looking at each shape's keys once.
#[derive(Debug, Default)]
struct FieldPlans {
    plans: HashMap<(usize, usize), Box<[Field]>>,
}

impl FieldPlans {
    fn visit<'a>(
        &mut self,
        pages: &'a [ArgPage],
        page_starts: &[u32],
        set: ArgSetId,
        mut take: impl FnMut(Field, ArgValue<'a>),
    ) {
        let page_index = page_starts.partition_point(|&start| start <= set.0) - 1;
        let page = &pages[page_index];
        let index = (set.0 - page_starts[page_index]) as usize;
        let shape = page.shape_of(index);
        let plan =
            self.plans.entry((page_index, shape)).or_insert_with(|| page.shape_keys(shape).map(Field::of).collect());
        for (&field, (_, value)) in plan.iter().zip(page.set(index)) {
            if !matches!(field, Field::Other) {
                take(field, value);
            }
        }
    }
}

/// Fills the GPU tables from the slices noted while placing.
pub(crate) fn build(
    trace: &mut TraceBuilder,
    gpu_slices: &[GpuSlice],
    api_slices: &[ApiSlice],
    properties: &[Vec<DeviceProperties>],
) {
    let mut page_starts = Vec::with_capacity(trace.arg_pages.len());
    let mut next = 0;
    for page in &trace.arg_pages {
        page_starts.push(next);
        next += page.num_sets() as u32;
    }
    let mut plans = FieldPlans::default();
    let devices = build_devices(trace, gpu_slices, properties);
    let by_correlation = build_api_calls(trace, api_slices, &mut plans, &page_starts);
    build_gpu_ops(trace, gpu_slices, &devices, &by_correlation, &mut plans, &page_starts);
}

type DeviceMap = HashMap<ProcessId, DeviceId>;

fn build_devices(trace: &mut TraceBuilder, gpu_slices: &[GpuSlice], properties: &[Vec<DeviceProperties>]) -> DeviceMap {
    // Process rows that hold GPU work, in order of process.
    let mut seen = HashMap::new();
    for gpu in gpu_slices {
        seen.entry(gpu.upid).or_insert((gpu.pid, gpu.source));
    }
    let mut rows: Vec<_> = seen.into_iter().map(|(upid, (pid, source))| (source, pid, Some(upid))).collect();
    // Process rows that a label calls a GPU, and devices the file lists, used or not.
    for (source, listed) in properties.iter().enumerate() {
        for device in listed {
            if !rows.iter().any(|&(row_source, pid, _)| row_source == source as u32 && pid == device.ordinal) {
                rows.push((source as u32, device.ordinal, None));
            }
        }
    }
    rows.sort_unstable();
    let mut map = DeviceMap::new();
    for (source, ordinal, upid) in rows {
        let listed = properties[source as usize].iter().find(|device| device.ordinal == ordinal);
        let listed = listed.cloned().unwrap_or(DeviceProperties { ordinal, ..DeviceProperties::default() });
        let name = listed.name.filter(|name| !name.is_empty()).map(|name| trace.strings.intern(&name));
        let id = DeviceId::from_index(trace.devices.push(DeviceRow {
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
            upid,
            source_id: SourceId(source),
        }));
        if let Some(upid) = upid {
            map.insert(upid, id);
            trace.processes.device_id.set(upid.index(), Some(id));
        }
    }
    map
}

fn build_api_calls(
    trace: &mut TraceBuilder,
    api_slices: &[ApiSlice],
    plans: &mut FieldPlans,
    page_starts: &[u32],
) -> HashMap<(u32, i64), (u32, SliceId)> {
    // Slices come by start, so where a runtime call and the driver call inside it share an id, the outer one is kept.
    let mut by_correlation = HashMap::with_capacity(api_slices.len());
    let mut graph_names: HashMap<StringId, bool> = HashMap::new();
    for call in api_slices {
        let is_graph_launch =
            *graph_names.entry(call.name).or_insert_with(|| trace.strings.get(call.name).contains("GraphLaunch"));
        let mut row =
            ApiCallRow { slice_id: call.slice, correlation: None, external_id: None, cbid: None, is_graph_launch };
        if let Some(set) = call.arg_set {
            plans.visit(&trace.arg_pages, page_starts, set, |field, value| match field {
                Field::Correlation => row.correlation = value.as_i64(),
                Field::ExternalId => row.external_id = value.as_i64(),
                Field::Cbid => row.cbid = value.as_i64(),
                _ => {}
            });
        }
        let id = trace.api_calls.push(row) as u32;
        if let Some(correlation) = row.correlation {
            by_correlation.entry((call.source, correlation)).or_insert((id, call.slice));
        }
    }
    by_correlation
}

fn build_gpu_ops(
    trace: &mut TraceBuilder,
    gpu_slices: &[GpuSlice],
    devices: &DeviceMap,
    by_correlation: &HashMap<(u32, i64), (u32, SliceId)>,
    plans: &mut FieldPlans,
    page_starts: &[u32],
) {
    let mut streams: HashMap<ThreadId, StreamId> = HashMap::new();
    let mut copy_kinds: HashMap<StringId, Option<StringId>> = HashMap::new();
    for gpu in gpu_slices {
        let device_id = devices[&gpu.upid];
        let mut row = GpuOpRow {
            slice_id: gpu.slice,
            kind: gpu.kind,
            device_id,
            stream_id: StreamId(0),
            context: None,
            correlation: None,
            external_id: None,
            bytes: None,
            copy_kind: None,
            grid_x: None,
            grid_y: None,
            grid_z: None,
            block_x: None,
            block_y: None,
            block_z: None,
            registers_per_thread: None,
            shared_memory: None,
            static_shared_memory: None,
            dynamic_shared_memory: None,
            occupancy: None,
            blocks_per_sm: None,
            warps_per_sm: None,
            graph_id: None,
            graph_node_id: None,
        };
        let mut num_misfits = 0;
        if let Some(set) = gpu.arg_set {
            let mut small = |value: ArgValue<'_>| {
                let small =
                    value.as_i64().and_then(|value| u32::try_from(value).ok()).filter(|&value| value != u32::MAX);
                num_misfits += u32::from(small.is_none());
                small
            };
            plans.visit(&trace.arg_pages, page_starts, set, |field, value| match field {
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
        if num_misfits > 0 {
            trace.warnings.add(WarningKind::ValueOutOfRange, SourceId(gpu.source), Some(gpu.offset), || {
                format!("{num_misfits} fields of `{}`", trace.strings.get(gpu.name))
            });
        }
        if gpu.kind == GpuOpKind::Memcpy {
            row.copy_kind = *copy_kinds.entry(gpu.name).or_insert_with(|| {
                let kind = copy_kind_of(trace.strings.get(gpu.name)).map(str::to_owned);
                kind.map(|kind| trace.strings.intern(&kind))
            });
        }
        row.stream_id = *streams.entry(gpu.utid).or_insert_with(|| {
            StreamId::from_index(trace.streams.push(StreamRow {
                device_id,
                context: row.context,
                stream: gpu.tid,
                utid: gpu.utid,
                track_id: gpu.track,
            }))
        });
        let gpu_op_id = trace.gpu_ops.push(row) as u32;
        match row.correlation.and_then(|correlation| by_correlation.get(&(gpu.source, correlation))) {
            Some(&(api_call_id, api_slice_id)) => {
                trace.launches.push(LaunchRow { api_call_id, gpu_op_id, api_slice_id, gpu_slice_id: gpu.slice });
            }
            None => trace.warnings.add(WarningKind::GpuOpWithoutLaunch, SourceId(gpu.source), Some(gpu.offset), || {
                format!("`{}`", trace.strings.get(gpu.name))
            }),
        }
    }
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
}
