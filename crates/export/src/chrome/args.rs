//! Arguments of events: those that the trace has, and where it has columns instead, the columns under Kineto's names.

use kinetoscope_model::table::{GpuOpKind, SliceRow};
use kinetoscope_model::{ArgValue, SliceId};

use super::Export;
use super::json::{Json, is_container};
use super::numbers::process_of;
use crate::sqlite::is_capture;

/// Keys whose values are correlation ids or, in PyTorch's files, ids of operators.
const CORRELATION_KEY: &str = "correlation";
const OPERATOR_KEYS: [&str; 2] = ["External id", "external id"];

/// The number of the device, by which GPUs of several inputs may have to be told apart.
const DEVICE_KEY: &str = "device";

/// Where the rows of typed tables are that belong to the slices written so far: both are in one order.
#[derive(Debug, Default)]
pub(super) struct Typed {
    gpu_op: usize,
    api_call: usize,
    sync: usize,
    osrt: usize,
    overhead: usize,
}

/// The row of a table that is of `slice`, whose rows are in the order of slices.
fn find(at: &mut usize, len: usize, slice: SliceId, slice_of: impl Fn(usize) -> SliceId) -> Option<usize> {
    while *at < len && slice_of(*at) < slice {
        *at += 1;
    }
    (*at < len && slice_of(*at) == slice).then_some(*at)
}

/// Writes the arguments of one event, and the braces around them when there is the first.
struct Args<'j, 'w> {
    json: &'j mut Json<'w>,
    is_open: bool,
}

impl<'w> Args<'_, 'w> {
    fn key(&mut self, key: &str) -> &mut Json<'w> {
        self.json.raw(if self.is_open { "," } else { ",\"args\":{" });
        self.is_open = true;
        self.json.string(key).raw(":")
    }

    fn int(&mut self, key: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.key(key).int(value);
        }
    }

    fn uint(&mut self, key: &str, value: Option<u32>) {
        self.int(key, value.map(i64::from));
    }

    fn real(&mut self, key: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.key(key).real(value);
        }
    }

    fn text(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.key(key).string(value);
        }
    }

    fn triple(&mut self, key: &str, [x, y, z]: [Option<u32>; 3]) {
        if let (Some(x), Some(y), Some(z)) = (x, y, z) {
            let json = self.key(key);
            json.raw("[").uint(x.into()).raw(", ").uint(y.into()).raw(", ").uint(z.into()).raw("]");
        }
    }

    fn end(self) {
        if self.is_open {
            self.json.raw("}");
        }
    }
}

impl Export<'_, '_> {
    pub(super) fn write_args(&mut self, id: SliceId, slice: &SliceRow) {
        let trace = self.trace;
        let gpu_op = find(&mut self.typed.gpu_op, trace.gpu_ops.len(), id, |row| trace.gpu_ops.slice_id.get(row));
        let api_call =
            find(&mut self.typed.api_call, trace.api_calls.len(), id, |row| trace.api_calls.slice_id.get(row));
        let process = process_of(trace, id);
        match slice.arg_set_id {
            Some(set) => {
                let is_gpu = process.is_some_and(|upid| trace.processes.device_id.get(upid.index()).is_some());
                let range = self.numbers.range(trace, process);
                let device = process.filter(|_| is_gpu).map(|upid| self.numbers.pid(upid));
                let is_capture = is_capture(trace);
                let mut args = Args { json: &mut self.json, is_open: false };
                for (key, value) in trace.args.set(set) {
                    let has_range = key == CORRELATION_KEY || (!is_capture && OPERATOR_KEYS.contains(&key));
                    match value {
                        ArgValue::Int(value) if has_range => args.int(key, Some(value.saturating_add(range))),
                        // Only where the GPU had to get another number than it has.
                        ArgValue::Int(value)
                            if key == DEVICE_KEY
                                && process.is_some_and(|upid| trace.processes.pid.get(upid.index()) == value) =>
                        {
                            args.int(key, device.or(Some(value)));
                        }
                        ArgValue::Int(value) => args.int(key, Some(value)),
                        ArgValue::UInt(value) => {
                            args.key(key).uint(value);
                        }
                        ArgValue::Real(value) => args.real(key, Some(value)),
                        ArgValue::Text(text) => {
                            let text = self.privacy.clean(text);
                            args.key(key).string(&text);
                        }
                        ArgValue::Bool(value) => {
                            args.key(key).raw(if value { "true" } else { "false" });
                        }
                        ArgValue::Null => {
                            args.key(key).raw("null");
                        }
                        ArgValue::Json(text) => {
                            let text = self.privacy.clean(text);
                            // Files hold numbers that JSON does not have.
                            let is_json = !text.contains("NaN") && !text.contains("nfinity") || is_container(&text);
                            match is_json {
                                true => args.key(key).raw(&text),
                                false => args.key(key).string(&text),
                            };
                        }
                    }
                }
                // A capture has the rest in columns; PyTorch's files have everything here.
                let is_open = args.is_open;
                match is_capture {
                    true => self.write_typed_args(id, gpu_op, api_call, is_open),
                    false => args.end(),
                }
            }
            None => self.write_typed_args(id, gpu_op, api_call, false),
        }
    }

    /// The arguments that PyTorch's profiler would have written of what the trace has in columns, behind others where the
    /// braces are open.
    fn write_typed_args(&mut self, id: SliceId, gpu_op: Option<usize>, api_call: Option<usize>, is_open: bool) {
        let trace = self.trace;
        let syncs = &trace.cuda_syncs;
        let sync = find(&mut self.typed.sync, syncs.len(), id, |row| syncs.slice_id.get(row));
        let osrt = find(&mut self.typed.osrt, trace.osrt.len(), id, |row| trace.osrt.slice_id.get(row));
        let overheads = &trace.overheads;
        let overhead = find(&mut self.typed.overhead, overheads.len(), id, |row| overheads.slice_id.get(row));
        let process = process_of(trace, id);
        let numbers = &self.numbers;
        let in_range = |id: Option<i64>, upid| id.map(|id| id.saturating_add(numbers.range(trace, upid)));
        let mut args = Args { json: &mut self.json, is_open };
        if let Some(op) = gpu_op.map(|row| trace.gpu_ops.row(row)) {
            args.int(DEVICE_KEY, process.map(|upid| numbers.pid(upid)));
            args.int("context", op.context);
            args.int("stream", Some(trace.streams.stream.get(op.stream_id.index())));
            args.int(CORRELATION_KEY, in_range(op.correlation, op.upid.or(process)));
            args.int("External id", op.external_id);
            args.uint("registers per thread", op.registers_per_thread);
            args.uint("shared memory", op.shared_memory);
            args.uint("static shared memory", op.static_shared_memory);
            args.uint("dynamic shared memory", op.dynamic_shared_memory);
            args.real("blocks per SM", op.blocks_per_sm);
            args.real("warps per SM", op.warps_per_sm);
            args.triple("grid", [op.grid_x, op.grid_y, op.grid_z]);
            args.triple("block", [op.block_x, op.block_y, op.block_z]);
            args.real("est. achieved occupancy %", op.occupancy);
            args.int("graph id", op.graph_id.or(op.graph_exec_id));
            args.int("graph node id", op.graph_node_id);
            args.int("bytes", op.bytes);
            if let (GpuOpKind::Memcpy, Some(bytes)) = (op.kind, op.bytes) {
                let dur = trace.slices.dur.get(id.index());
                // Bytes in a nanosecond are gigabytes in a second.
                args.real("memory bandwidth (GB/s)", (dur > 0).then(|| bytes as f64 / dur as f64));
            }
            args.int("value", op.memset_value);
        }
        if let Some(call) = api_call.map(|row| trace.api_calls.row(row)) {
            args.int("cbid", call.cbid);
            args.int(CORRELATION_KEY, in_range(call.correlation, process));
            args.int("External id", call.external_id);
            args.int("return value", call.return_value);
            args.text("recorded name", trace.text_or_empty(call.recorded_name));
        }
        if let Some(sync) = sync.map(|row| syncs.row(row)) {
            args.int("stream", sync.stream);
            args.int(CORRELATION_KEY, in_range(sync.correlation, sync.upid));
            args.int(DEVICE_KEY, process.map(|upid| numbers.pid(upid)));
            args.int("context", sync.context);
            args.int("event", sync.event_id);
        }
        if let Some(call) = osrt.map(|row| trace.osrt.row(row)) {
            args.int("return value", call.return_value);
            args.uint("nesting level", call.nesting_level);
        }
        if let Some(row) = overhead.map(|row| overheads.row(row)) {
            args.int(CORRELATION_KEY, in_range(row.correlation, process));
            args.uint("overhead type", row.overhead_type);
        }
        args.end();
    }
}
