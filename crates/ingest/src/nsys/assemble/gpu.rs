//! GPU work: devices, streams, the typed columns, and which call caused what.

use hashbrown::HashMap;
use kinetoscope_model::table::{CudaSyncRow, DevicePropertyRow, DeviceRow, FlowRow, GpuOpKind, GpuOpRow, LaunchRow};
use kinetoscope_model::{ArgSetId, ArgValue, DeviceId, ProcessId, SliceId, SourceId, StringId, WarningKind};

use super::{Assembly, CaptureDocument, Event, Label};
use crate::nsys::capture::*;

/// A device of one machine of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DeviceKey {
    pub(super) source: u32,
    /// Hardware and virtual machine.
    machine: u16,
    /// The recorder's number.
    pub(super) ordinal: i64,
}

/// What a kernel with clusters says of them, as far as it repeats from launch to launch.
pub(super) type ClusterKey = ([Option<i32>; 3], [Option<i32>; 4], [Option<i64>; 3]);

fn machine_of(global: GlobalId) -> u16 {
    (global.0 >> 48) as u16
}

/// The machine in a column that holds its number, or its number as a global id.
fn machine_of_vm(vm_id: i64) -> u16 {
    if (0..=0xffff).contains(&vm_id) { vm_id as u16 } else { machine_of(GlobalId(vm_id)) }
}

/// CUPTI's names of copy directions, as Kineto writes them.
fn copy_direction(kind: i32) -> Option<&'static str> {
    Some(match kind {
        1 => "HtoD",
        2 => "DtoH",
        3 => "HtoA",
        4 => "AtoH",
        5 => "AtoA",
        6 => "AtoD",
        7 => "DtoA",
        8 => "DtoD",
        9 => "HtoH",
        10 => "PtoP",
        11 => "Unified HtoD",
        12 => "Unified DtoH",
        13 => "Unified DtoD",
        _ => return None,
    })
}

fn memory_name(kind: i32) -> &'static str {
    match kind {
        0 => "Pageable",
        1 => "Pinned",
        2 => "Device",
        3 => "Array",
        4 => "Managed",
        5 => "Device Static",
        6 => "Managed Static",
        _ => "Unknown",
    }
}

fn sync_name(kind: Option<i32>) -> &'static str {
    match kind {
        Some(1) => "Event Sync",
        Some(2) => "Stream Wait Event",
        Some(3) => "Stream Sync",
        Some(4) => "Context Sync",
        _ => "Unknown Sync",
    }
}

/// A number for a column without a sign; what does not fit is counted as such.
pub(super) fn unsigned(value: Option<i32>) -> Option<u32> {
    value.and_then(|value| u32::try_from(value).ok())
}

impl Assembly {
    /// Devices that the captures list, used or not.
    pub(super) fn add_devices(&mut self, documents: &[CaptureDocument]) {
        for (source, document) in (0u32..).zip(documents) {
            for gpu in &document.capture.gpus {
                let machine = gpu.vm_id.map_or(0, machine_of_vm);
                let key = DeviceKey { source, machine, ordinal: gpu.id };
                if self.devices.contains_key(&key) {
                    continue;
                }
                let device_id = self.push_device(key, Some(gpu));
                self.add_device_properties(device_id, gpu);
            }
            self.add_device_names(source, &document.capture);
        }
    }

    /// CUDA's number of a device in each process, which `CUDA_VISIBLE_DEVICES` decides, and names given through NVTX.
    fn add_device_names(&mut self, source: u32, capture: &Capture) {
        for record in &capture.cuda_devices {
            let Some(key) = record.gpu_id.and_then(|id| self.only_device_of(source, id)) else { continue };
            let device_id = self.devices[&key];
            let name = match record.pid {
                Some(pid) => format!("cudaDevice of process {pid}"),
                None => "cudaDevice".to_owned(),
            };
            let name = self.trace.strings.intern(&name);
            let row = DevicePropertyRow { device_id, name, int_value: Some(record.cuda_id), str_value: None };
            self.trace.device_properties.push(row);
        }
        for record in capture.nvtx_cuda_names.iter().filter(|record| record.context.is_none()) {
            let Some(key) = record.device.and_then(|id| self.only_device_of(source, id)) else { continue };
            let device_id = self.devices[&key];
            let (name, value) = (self.trace.strings.intern("nvtxName"), self.trace.strings.intern(&record.name));
            let row = DevicePropertyRow { device_id, name, int_value: None, str_value: Some(value) };
            self.trace.device_properties.push(row);
        }
    }

    /// Arguments of a kernel: its clusters, under the exporter's names. Kernels without have none.
    fn cluster_args(&mut self, cluster: &ClusterFields) -> Option<ArgSetId> {
        let [x, y, z] = cluster.size;
        let numbers = [
            cluster.scheduling_policy,
            cluster.max_potential_size,
            cluster.max_active,
            cluster.shared_memory_requested_percentage,
        ];
        let key = (cluster.size, numbers, cluster.qmd_times);
        if let Some(&known) = self.cluster_args.get(&key) {
            return Some(known);
        }
        let [policy, potential, active, percentage] = numbers;
        let names = [
            ("clusterX", x),
            ("clusterY", y),
            ("clusterZ", z),
            ("clusterSchedulingPolicy", policy),
            ("maxPotentialClusterSize", potential),
            ("maxActiveClusters", active),
            ("sharedMemoryRequestedPercentage", percentage),
        ];
        let times = ["qmdLastCtaDone", "qmdPreexitDone", "qmdBulkReleaseDone"].into_iter().zip(cluster.qmd_times);
        let values = names.into_iter().map(|(name, value)| (name, value.map(i64::from))).chain(times);
        let values: Vec<_> = values.filter_map(|(name, value)| Some((name, value?))).collect();
        if values.is_empty() {
            return None;
        }
        self.args.begin_set();
        for (name, value) in values {
            self.args.push(name, ArgValue::Int(value));
        }
        let id = self.end_arg_set();
        if cluster.qmd_times == [None; 3] {
            self.cluster_args.insert(key, id);
        }
        Some(id)
    }

    fn push_device(&mut self, key: DeviceKey, gpu: Option<&GpuRecord>) -> DeviceId {
        let name = gpu.and_then(|gpu| gpu.name.as_deref()).map(|name| self.trace.strings.intern(name));
        let threads_per_warp = gpu.and_then(|gpu| gpu.threads_per_warp);
        let id = DeviceId::from_index(self.trace.devices.push(DeviceRow {
            ordinal: key.ordinal,
            name,
            total_memory: gpu.and_then(|gpu| gpu.total_memory),
            compute_major: gpu.and_then(|gpu| gpu.compute_major),
            compute_minor: gpu.and_then(|gpu| gpu.compute_minor),
            num_sms: gpu.and_then(|gpu| gpu.num_sms),
            max_threads_per_block: gpu.and_then(|gpu| gpu.max_threads_per_block),
            max_threads_per_sm: gpu.and_then(|gpu| gpu.max_warps_per_sm?.checked_mul(threads_per_warp?)),
            registers_per_sm: gpu.and_then(|gpu| gpu.max_registers_per_sm),
            shared_memory_per_sm: gpu.and_then(|gpu| gpu.max_shared_memory_per_sm),
            warp_size: threads_per_warp,
            upid: None,
            source_id: SourceId(key.source),
        }));
        self.devices.insert(key, id);
        id
    }

    /// What has no column of its own, under the exporter's names.
    fn add_device_properties(&mut self, device_id: DeviceId, gpu: &GpuRecord) {
        let texts = [("busLocation", &gpu.bus_location), ("uuid", &gpu.uuid), ("chipName", &gpu.chip_name)];
        let [block_x, block_y, block_z] = gpu.max_block_dim;
        let [grid_x, grid_y, grid_z] = gpu.max_grid_dim;
        let numbers = [
            ("isDiscrete", gpu.is_discrete.map(i64::from)),
            ("cuDevice", gpu.cuda_device),
            ("l2CacheSize", gpu.l2_cache_bytes),
            ("memoryBandwidth", gpu.memory_bandwidth),
            ("clockRate", gpu.clock_rate),
            ("constantMemory", gpu.constant_memory),
            ("maxIPC", gpu.max_ipc),
            ("maxRegistersPerBlock", gpu.max_registers_per_block),
            ("maxShmemPerBlock", gpu.max_shared_memory_per_block),
            ("maxShmemPerBlockOptin", gpu.max_shared_memory_per_block_optin),
            ("asyncEngines", gpu.num_async_engines),
            ("maxWarpsPerSm", gpu.max_warps_per_sm),
            ("maxBlocksPerSm", gpu.max_blocks_per_sm),
            ("maxBlockDimX", block_x),
            ("maxBlockDimY", block_y),
            ("maxBlockDimZ", block_z),
            ("maxGridDimX", grid_x),
            ("maxGridDimY", grid_y),
            ("maxGridDimZ", grid_z),
            ("smMajor", gpu.sm_major),
            ("smMinor", gpu.sm_minor),
        ];
        for (name, value) in texts {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                let (name, value) = (self.trace.strings.intern(name), self.trace.strings.intern(value));
                let row = DevicePropertyRow { device_id, name, int_value: None, str_value: Some(value) };
                self.trace.device_properties.push(row);
            }
        }
        for (name, value) in numbers {
            if value.is_some() {
                let name = self.trace.strings.intern(name);
                self.trace.device_properties.push(DevicePropertyRow {
                    device_id,
                    name,
                    int_value: value,
                    str_value: None,
                });
            }
        }
    }

    /// The device of a number that an event of `process` gives. Where the capture lists devices without saying of which
    /// machine, the number alone counts.
    pub(super) fn device_key(&self, source: u32, process: Option<GlobalId>, ordinal: i64) -> DeviceKey {
        let key = DeviceKey { source, machine: process.map_or(0, machine_of), ordinal };
        if process.is_none() && !self.devices.contains_key(&key) {
            return self.only_device_of(source, ordinal).unwrap_or(key);
        }
        let anywhere = DeviceKey { machine: 0, ..key };
        if !self.devices.contains_key(&key) && self.devices.contains_key(&anywhere) { anywhere } else { key }
    }

    /// The device of a number, on whichever machine, when the capture lists one such device.
    pub(super) fn only_device_of(&self, source: u32, ordinal: i64) -> Option<DeviceKey> {
        let mut keys = self.devices.keys().filter(|key| key.source == source && key.ordinal == ordinal);
        let first = keys.next().copied();
        first.filter(|_| keys.next().is_none())
    }

    pub(super) fn device(&mut self, key: DeviceKey) -> DeviceId {
        match self.devices.get(&key) {
            Some(&id) => id,
            None => self.push_device(key, None),
        }
    }

    /// The device that an event names, when it names one.
    pub(super) fn device_of(
        &mut self,
        source: u32,
        process: Option<GlobalId>,
        ordinal: Option<i64>,
    ) -> Option<DeviceId> {
        let key = self.device_key(source, process, ordinal?);
        Some(self.device(key))
    }

    /// Finds the devices on which streams of several contexts run.
    pub(super) fn find_shared_devices(&mut self, documents: &[CaptureDocument]) {
        let mut owners: HashMap<DeviceKey, (Option<GlobalId>, i64)> = HashMap::new();
        for (source, document) in (0u32..).zip(documents) {
            document.for_each_gpu_owner(&mut |process, device, context| {
                let key = self.device_key(source, process, device);
                let owner = (process, context);
                if *owners.entry(key).or_insert(owner) != owner {
                    self.shared_devices.insert(key, true);
                }
            });
        }
    }

    /// Puts GPU work on its stream, with the columns that all kinds share.
    fn place_gpu_op(
        &mut self,
        event: &Event,
        place: &GpuPlace,
        kind: GpuOpKind,
        name: StringId,
        category: StringId,
        source_row: i64,
    ) -> GpuOpRow {
        let row = self.stream_row(event.source, place);
        let label = Label { name, category, arg_set_id: None, source_row };
        let slice_id = self.place_on_row(row, event, label);
        let Some((device_id, Some(stream_id))) = self.rows[row].stream else {
            unreachable!("the row of a stream knows it")
        };
        let upid = place.process.map(|process| self.process(event.source, process));
        GpuOpRow {
            context: Some(place.context),
            correlation: place.correlation,
            green_context: place.green_context,
            upid,
            ..GpuOpRow::new(slice_id, kind, device_id, stream_id)
        }
    }

    pub(super) fn place_kernel(&mut self, event: &Event, record: &KernelRecord, strings: &StringTable) {
        let source = event.source;
        let demangled = self.text(source, strings, record.demangled_name);
        let short_name = self.text(source, strings, record.short_name);
        let mangled_name = self.text(source, strings, record.mangled_name);
        let name = demangled.or(short_name).or(mangled_name).unwrap_or(self.words.no_name);
        let category = self.words.kernel;
        let op = self.place_gpu_op(event, &record.place, GpuOpKind::Kernel, name, category, record.row);
        if let Some(cluster) = &record.cluster
            && let Some(args) = self.cluster_args(cluster)
        {
            self.trace.slices.arg_set_id.set(op.slice_id.index(), Some(args));
        }
        let [grid_x, grid_y, grid_z] = record.grid.map(unsigned);
        let [block_x, block_y, block_z] = record.block.map(unsigned);
        let (fixed, dynamic) = (unsigned(record.static_shared_memory), unsigned(record.dynamic_shared_memory));
        let op = GpuOpRow {
            grid_x,
            grid_y,
            grid_z,
            block_x,
            block_y,
            block_z,
            registers_per_thread: record.registers_per_thread,
            shared_memory: fixed.zip(dynamic).and_then(|(fixed, dynamic)| fixed.checked_add(dynamic)),
            static_shared_memory: fixed,
            dynamic_shared_memory: dynamic,
            graph_id: record.graph,
            graph_node_id: record.graph_node,
            short_name,
            mangled_name,
            launch_type: unsigned(record.launch_type),
            cache_config: unsigned(record.cache_config),
            grid_id: record.grid_id,
            local_memory_per_thread: record.local_memory_per_thread,
            local_memory_total: record.local_memory_total,
            shared_memory_executed: record.shared_memory_executed.map(i64::from),
            shared_memory_limit_config: unsigned(record.shared_memory_limit_config),
            ..op
        };
        self.trace.gpu_ops.push(op);
    }

    pub(super) fn place_memcpy(&mut self, event: &Event, record: &MemcpyRecord) {
        let direction = record.copy_kind.and_then(copy_direction);
        let mut name = format!("Memcpy {}", direction.unwrap_or("Unknown"));
        if let (Some(src), Some(dst)) = (record.src_kind, record.dst_kind) {
            name.push_str(&format!(" ({} -> {})", memory_name(src), memory_name(dst)));
        }
        let name = self.trace.strings.intern(&name);
        let copy_kind = direction.map(|direction| self.trace.strings.intern(direction));
        let category = self.words.gpu_memcpy;
        let op = self.place_gpu_op(event, &record.place, GpuOpKind::Memcpy, name, category, record.row);
        let op = GpuOpRow {
            bytes: record.bytes,
            copy_kind,
            copy_kind_id: unsigned(record.copy_kind),
            src_memory_kind: unsigned(record.src_kind),
            dst_memory_kind: unsigned(record.dst_kind),
            src_device: record.src_device,
            src_context: record.src_context,
            dst_device: record.dst_device,
            dst_context: record.dst_context,
            migration_cause: unsigned(record.migration_cause),
            virtual_address: record.virtual_address,
            copy_count: record.copy_count,
            graph_node_id: record.graph_node,
            ..op
        };
        self.trace.gpu_ops.push(op);
    }

    pub(super) fn place_memset(&mut self, event: &Event, record: &MemsetRecord) {
        let name = match record.mem_kind {
            Some(kind) => format!("Memset ({})", memory_name(kind)),
            None => "Memset".to_owned(),
        };
        let name = self.trace.strings.intern(&name);
        let category = self.words.gpu_memset;
        let op = self.place_gpu_op(event, &record.place, GpuOpKind::Memset, name, category, record.row);
        let op = GpuOpRow {
            bytes: record.bytes,
            dst_memory_kind: unsigned(record.mem_kind),
            memset_value: record.value,
            graph_node_id: record.graph_node,
            ..op
        };
        self.trace.gpu_ops.push(op);
    }

    pub(super) fn place_graph_trace(&mut self, event: &Event, record: &GraphTraceRecord) {
        let name = match record.graph {
            Some(graph) => format!("CUDA graph {graph}"),
            None => "CUDA graph".to_owned(),
        };
        let name = self.trace.strings.intern(&name);
        let category = self.words.cuda_graph;
        let op = self.place_gpu_op(event, &record.place, GpuOpKind::Graph, name, category, record.row);
        let op = GpuOpRow { graph_id: record.graph, graph_exec_id: record.graph_exec, ..op };
        self.trace.gpu_ops.push(op);
    }

    pub(super) fn place_sync(&mut self, event: &Event, record: &SyncRecord) {
        let place = &record.place;
        let row = self.sync_row(event.source, place);
        let name = self.trace.strings.intern(sync_name(record.sync_type));
        let label = Label { name, category: self.words.cuda_sync, arg_set_id: None, source_row: record.row };
        let slice_id: SliceId = self.place_on_row(row, event, label);
        let upid = place.process.map(|process| self.process(event.source, process));
        self.trace.cuda_syncs.push(CudaSyncRow {
            slice_id,
            sync_type: unsigned(record.sync_type),
            upid,
            device_id: self.rows[row].stream.map(|(device, _)| device),
            context: Some(place.context),
            green_context: place.green_context,
            stream: Some(place.stream),
            correlation: place.correlation,
            event_id: record.event,
            event_sync_id: record.event_sync,
        });
    }

    /// Ties work to the calls that caused it.
    pub(super) fn add_launches(&mut self) {
        let trace = &self.trace;
        let process_of_call = |call: usize| {
            let slice = trace.api_calls.slice_id.get(call);
            trace.tracks.upid.get(trace.slices.track_id.get(slice.index()).index())
        };
        // Sorted, this takes a third of what a map would: there may be as many calls as anything.
        let mut calls: Vec<(ProcessId, i64, u32)> = (0..trace.api_calls.len())
            .filter_map(|call| Some((process_of_call(call)?, trace.api_calls.correlation.get(call)?, call as u32)))
            .collect();
        calls.sort_unstable();
        // Of a runtime and a driver call with one id it is the outer one, which comes first.
        let find = |process: ProcessId, correlation: i64| {
            let at = calls.partition_point(|&(of, id, _)| (of, id) < (process, correlation));
            calls.get(at).filter(|&&(of, id, _)| (of, id) == (process, correlation)).map(|&(.., call)| call)
        };
        for op in 0..self.trace.gpu_ops.len() {
            let gpu_slice_id = self.trace.gpu_ops.slice_id.get(op);
            let source_id = self.trace.devices.source_id.get(self.trace.gpu_ops.device_id.get(op).index());
            let correlation = self.trace.gpu_ops.correlation.get(op);
            let nobody = || self.process_ids.get(&(source_id.0, GlobalId::default())).copied();
            let process = self.trace.gpu_ops.upid.get(op).or_else(nobody);
            let call = process.zip(correlation).and_then(|(process, id)| find(process, id));
            let Some(api_call_id) = call else {
                let (slices, strings) = (&self.trace.slices, &self.trace.strings);
                let detail = || format!("`{}`", strings.get(slices.name.get(gpu_slice_id.index())));
                let offset = Some(slices.source_offset.get(gpu_slice_id.index()).max(0) as u64);
                self.trace.warnings.add(WarningKind::GpuOpWithoutLaunch, source_id, offset, detail);
                continue;
            };
            let api_slice_id = self.trace.api_calls.slice_id.get(api_call_id as usize);
            self.trace.launches.push(LaunchRow { api_call_id, gpu_op_id: op as u32, api_slice_id, gpu_slice_id });
            self.trace.flows.push(FlowRow {
                slice_out: api_slice_id,
                slice_in: gpu_slice_id,
                trace_id: correlation,
                category: Some(self.words.ac2g),
                name: Some(self.words.ac2g),
            });
        }
    }
}
