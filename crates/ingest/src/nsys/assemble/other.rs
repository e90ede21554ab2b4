//! Events of interfaces that have no columns of their own: MPI, UCX, OpenMP, OpenACC, video, memory pools, files, network.
//!
//! What they have in common is a time, a thread or process, and a name, which make a slice; all else that the recorder
//! says of them becomes its arguments under the exporter's names. A table that nobody has seen yet is shown in the same
//! way, so that a new version of the recorder loses nothing.

use hashbrown::HashMap;
use kinetoscope_model::table::TrackKind;
use kinetoscope_model::time::Nanos;
use kinetoscope_model::{ArgSetId, ArgValue, ProcessId, TrackId};

use super::{Assembly, CaptureDocument, Event, Label};
use crate::nsys::capture::*;

/// Beginnings of the names of tables, and the category of what is in them; other tables are a category each.
const CATEGORIES: &[(&str, &str)] = &[
    ("MPI_", "mpi"),
    ("UCP_", "ucx"),
    ("OPENMP_", "openmp"),
    ("CUPTI_ACTIVITY_KIND_OPENACC_", "openacc"),
    ("NVVIDEO_", "nvvideo"),
    ("CUDA_GPU_MEMORY_POOL_EVENTS", "cuda_mempool"),
];

/// Category of the events of a table.
fn category_of(table: &str) -> String {
    let known = CATEGORIES.iter().find(|(start, _)| table.starts_with(start));
    known.map_or_else(|| table.to_ascii_lowercase(), |&(_, category)| category.to_owned())
}

/// What became of a memory pool.
fn pool_name(operation: i64) -> &'static str {
    match operation {
        1 => "Memory pool created",
        2 => "Memory pool destroyed",
        3 => "Memory pool trimmed",
        _ => "Memory pool",
    }
}

fn access_name(access: i32) -> Option<&'static str> {
    Some(match access {
        1 => "open",
        2 => "close",
        3 => "read",
        4 => "write",
        6 => "metadata",
        _ => return None,
    })
}

impl Assembly {
    pub(super) fn place_other(&mut self, event: &Event, record: &OtherRecord, rows: &Capture, strings: &StringTable) {
        let source = event.source;
        let table = &rows.other_tables[record.table as usize];
        let category = category_of(&table.name);
        let name = match self.text(source, strings, record.name) {
            Some(name) => name,
            None => {
                let value = |column: &str| {
                    let found = |&&(place, _): &&(u32, OtherValue)| &*table.columns[place as usize] == column;
                    record.values.iter().find(found).map(|(_, value)| value)
                };
                let pool = match value("operationType") {
                    Some(&OtherValue::Int(operation)) if category == "cuda_mempool" => Some(pool_name(operation)),
                    _ => None,
                };
                let name = record.text.as_deref().or(pool).unwrap_or(&table.name);
                self.trace.strings.intern(name)
            }
        };
        let category = self.trace.strings.intern(&category);
        let arg_set_id = self.other_args(table, record, strings);
        let label = Label { name, category, arg_set_id, source_row: record.row };
        if record.thread.tid() == 0 {
            let upid = self.process(source, record.thread);
            let track = self.instant_track(upid);
            self.place_on_track(track, event, label);
        } else {
            let row = self.thread_row(source, Some(record.thread));
            self.place_on_row(row, event, label);
        }
    }

    fn other_args(&mut self, table: &OtherTable, record: &OtherRecord, strings: &StringTable) -> Option<ArgSetId> {
        if record.values.is_empty() {
            return None;
        }
        self.args.begin_set();
        for (place, value) in &record.values {
            let value = match value {
                OtherValue::Int(value) => ArgValue::Int(*value),
                OtherValue::Real(value) => ArgValue::Real(*value),
                OtherValue::TextId(id) => match strings.get(*id) {
                    Some(text) => ArgValue::Text(text),
                    None => ArgValue::Int(id.0),
                },
                OtherValue::Text(text) => ArgValue::Text(text),
            };
            self.args.push(&table.columns[*place as usize], value);
        }
        Some(self.end_arg_set())
    }

    /// Learns what calls did to files, so that the calls can say so. What has no call is on its own.
    pub(super) fn learn_file_accesses(&mut self, documents: &[CaptureDocument]) {
        for (source, document) in (0u32..).zip(documents) {
            let capture = &document.capture;
            if capture.file_accesses.is_empty() {
                continue;
            }
            let mut accesses: HashMap<(i64, i64), &FileAccessRecord> = HashMap::new();
            for record in &capture.file_accesses {
                accesses.entry((record.tid, record.start)).or_insert(record);
            }
            for call in &capture.osrt_calls {
                let tid = call.thread.unwrap_or_default().tid();
                if let Some(record) = accesses.get(&(tid, call.start)).filter(|record| record.end == call.end) {
                    self.file_accesses.insert((source, tid, call.start), (*record).clone());
                }
            }
        }
    }

    /// True when a call will say what this record does.
    pub(super) fn has_call_of(&self, source: u32, record: &FileAccessRecord) -> bool {
        self.file_accesses.get(&(source, record.tid, record.start)).is_some_and(|of_call| of_call.row == record.row)
    }

    /// Arguments of a call of the OS runtime: what it did to a file, and the number of arguments that are kept elsewhere.
    pub(super) fn osrt_args(&mut self, source: u32, record: &OsrtRecord) -> Option<ArgSetId> {
        let arguments = record.arguments.filter(|&arguments| arguments != 0);
        let key = (source, record.thread.unwrap_or_default().tid(), record.start);
        let access = self.file_accesses.get(&key).filter(|access| access.end == record.end).cloned();
        if access.is_none() && arguments.is_none() {
            return None;
        }
        self.args.begin_set();
        if let Some(arguments) = arguments {
            self.args.push("argumentsId", ArgValue::Int(arguments));
        }
        if let Some(access) = access {
            self.push_file_access(&access);
        }
        Some(self.end_arg_set())
    }

    fn push_file_access(&mut self, access: &FileAccessRecord) {
        if let Some(path) = &access.path {
            self.args.push("file", ArgValue::Text(path));
        }
        match (access.access, access.access.and_then(access_name)) {
            (_, Some(name)) => self.args.push("access", ArgValue::Text(name)),
            (Some(number), None) => self.args.push("access", ArgValue::Int(number.into())),
            (None, None) => {}
        }
        if let Some(bytes) = access.bytes {
            self.args.push("bytes", ArgValue::Int(bytes));
        }
    }

    pub(super) fn place_file_access(&mut self, event: &Event, record: &FileAccessRecord, strings: &StringTable) {
        let name = self.text(event.source, strings, record.name).unwrap_or(self.words.no_name);
        self.args.begin_set();
        self.push_file_access(record);
        let arg_set_id = Some(self.end_arg_set());
        // The table names its process by the bare number. Of a capture of the machine itself, that is this one.
        let pid = record.pid.unwrap_or(record.tid);
        let thread = GlobalId::from_parts(0, 1, pid as u32, record.tid as u32);
        let category = self.trace.strings.intern("file_access");
        let row = self.thread_row(event.source, Some(thread));
        self.place_on_row(row, event, Label { name, category, arg_set_id, source_row: record.row });
    }

    /// Metrics of network adapters over time. They are of the machine, so they have a process row of their own, as GPUs do.
    pub(super) fn add_nic_counters(&mut self, source: u32, capture: &Capture, values: &mut Vec<(Nanos, TrackId, f64)>) {
        let names: HashMap<_, _> =
            capture.nic_metric_names.iter().map(|record| ((record.list, record.metric), record)).collect();
        let adapters: HashMap<i64, &str> = capture.nic_names.iter().map(|(id, name)| (*id, &**name)).collect();
        let mut tracks: HashMap<_, TrackId> = HashMap::new();
        let mut machine: Option<ProcessId> = None;
        for record in &capture.nic_metrics {
            let Some(value) = record.value else { continue };
            let Some(ts) = self.time(source, record.start, record.row) else { continue };
            let key = (record.nic, record.port, record.list, record.metric);
            let track = match tracks.get(&key) {
                Some(&track) => track,
                None => {
                    let mut name = match record.nic {
                        Some(nic) => adapters.get(&nic).map_or_else(|| format!("NIC {nic}"), |&name| name.to_owned()),
                        None => "NIC".to_owned(),
                    };
                    if let Some(port) = record.port {
                        name.push_str(&format!(" port {port}"));
                    }
                    let metric = names.get(&(record.list, record.metric));
                    match metric.and_then(|metric| metric.name.as_deref()) {
                        Some(metric) => name.push_str(&format!(" {metric}")),
                        None => name.push_str(&format!(" metric {}", record.metric.unwrap_or_default())),
                    }
                    let name = self.trace.strings.intern(&name);
                    let unit = metric.and_then(|metric| metric.unit.as_deref());
                    let unit = unit.map(|unit| self.trace.strings.intern(unit));
                    let upid = *machine.get_or_insert_with(|| {
                        let name = self.trace.strings.intern("Network adapters");
                        self.push_process(source, 0, Some(name), None, None)
                    });
                    let track = self.push_side_track(TrackKind::ProcessCounter, Some(name), upid, None, unit);
                    tracks.insert(key, track);
                    track
                }
            };
            values.push((ts, track, value as f64));
        }
    }
}
