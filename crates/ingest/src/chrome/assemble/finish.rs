//! After the pass: the GPU tables, the arrows, roles, and what was left open.

use kinetoscope_model::nest::{OpenSlice, RowNester};
use kinetoscope_model::table::Role;
use kinetoscope_model::{SourceId, TraceBuilder, WarningKind};

use crate::chrome::assemble::Assembly;
use crate::chrome::gpu::GpuInputs;
use crate::chrome::{flow, gpu, role};

impl Assembly {
    pub(super) fn finish(mut self) -> TraceBuilder {
        self.warn_unclosed();
        let properties: Vec<_> = self.tops.iter_mut().map(|top| std::mem::take(&mut top.devices)).collect();
        self.add_roles();
        // Arguments of the file first, in file order, then those made here.
        let merged = self.merged_args.seal();
        self.trace.arg_pages.push(merged);
        // The blocks are the larger half of the memory in use, and everything is out of them.
        self.blocks = Vec::new();
        let Self { mut trace, gpu_slices, gpu_rows, api_slices, flow_points, flow_families, .. } = self;
        let inputs = GpuInputs {
            arg_pages: &trace.arg_pages,
            slices: &trace.slices,
            gpu_slices: &gpu_slices,
            gpu_rows: &gpu_rows,
            api_slices: &api_slices,
            properties: &properties,
        };
        let (gpu, flows) = rayon::join(
            || gpu::build(inputs, &mut trace.strings),
            || flow::pair(&flow_families, &flow_points, &trace.slices.ts),
        );
        for (upid, device) in gpu.device_of_process {
            trace.processes.device_id.set(upid.index(), Some(device));
        }
        trace.warnings.merge(gpu.warnings);
        trace.warnings.merge(flows.warnings(&flow_families, &trace.strings));
        trace.devices = gpu.devices;
        trace.streams = gpu.streams;
        trace.gpu_ops = gpu.gpu_ops;
        trace.api_calls = gpu.api_calls;
        trace.launches = gpu.launches;
        trace.flows = flows.flows;
        trace
    }

    pub(super) fn warn_unclosed(&mut self) {
        let nesters = self.rows.iter().map(|row| &row.nester).chain(self.side_tracks.iter().map(|side| &side.nester));
        let mut unclosed: Vec<OpenSlice> = nesters.flat_map(RowNester::unended).copied().collect();
        unclosed.sort_unstable_by_key(|open| open.id);
        for open in unclosed {
            let track = self.trace.slices.track_id.get(open.id.index());
            let upid = self.trace.tracks.upid.get(track.index());
            let source = upid.map_or(SourceId(0), |upid| self.trace.processes.source_id.get(upid.index()));
            let offset = self.trace.slices.source_offset.get(open.id.index()) as u64;
            let strings = &self.trace.strings;
            let detail = || format!("`{}`", strings.get(open.name));
            self.trace.warnings.add(WarningKind::UnclosedSlice, source, Some(offset), detail);
        }
    }

    pub(super) fn add_roles(&mut self) {
        let mut upid_has_gpu = vec![false; self.trace.processes.len()];
        for row in &self.rows {
            upid_has_gpu[row.upid.index()] |= row.gpu_row.is_some();
        }
        for (index, &has_gpu) in upid_has_gpu.iter().enumerate() {
            let row = self.trace.processes.row(index);
            let is_gpu = has_gpu || row.labels.is_some_and(|labels| self.trace.strings.get(labels).starts_with("GPU "));
            let role = match row.name {
                _ if is_gpu => Role::Unknown,
                _ if row.pid == -1 => Role::Profiler,
                Some(name) => role::of_process(self.trace.strings.get(name)),
                None => Role::Unknown,
            };
            self.trace.processes.role.set(index, role);
        }
        for row in &self.rows {
            let utid = row.utid;
            let process_role = self.trace.processes.role.get(row.upid.index());
            let named = self.thread_name_roles.get(&utid).copied().unwrap_or(Role::Unknown);
            let is_main = self.trace.threads.is_main_thread.get(utid.index());
            let role = match named {
                _ if row.gpu_row.is_some() => Role::GpuStream,
                _ if process_role == Role::Profiler => Role::Profiler,
                // The first thread of an engine core or worker is its busy loop; other threads only carry its name.
                Role::EngineCore | Role::Worker | Role::ApiServer if is_main => named,
                Role::Unknown | Role::EngineCore | Role::Worker | Role::ApiServer if is_main => {
                    if process_role == Role::Unknown { Role::Main } else { process_role }
                }
                Role::EngineCore | Role::Worker | Role::ApiServer => Role::Unknown,
                named => named,
            };
            self.trace.threads.role.set(utid.index(), role);
        }
    }
}
