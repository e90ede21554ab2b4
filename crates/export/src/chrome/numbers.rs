//! Numbers of processes, threads and correlations that are unique in one file.
//!
//! A file knows processes by their pids alone, while a trace may be of several files, and a GPU's number may be somebody's
//! pid. GPUs keep their numbers, since tools compute with them; a process whose number is taken gets a large one.
//! Correlation ids are of one file, in captures of one process; where there are several, each gets a range of its own.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};
use kinetoscope_model::table::Role;
use kinetoscope_model::{ProcessId, SliceId, ThreadId, Trace};

use crate::sqlite::is_capture;

/// Numbers above all that a system gives.
const FIRST_MADE: i64 = 2_000_000_000;

/// Where the range of ids of the second file or process begins, of the third, and so on.
const RANGE_SHIFT: u32 = 32;

/// Numbers of processes and threads, and what is added to correlation ids.
#[derive(Debug)]
pub(super) struct Numbers {
    pids: Vec<i64>,
    tids: Vec<i64>,
    /// Ranges of ids by process in captures, by input in other traces; empty where there is one only.
    ranges: HashMap<u32, i64>,
    is_capture: bool,
    /// Processes that say nothing which another one does not say.
    skipped: Vec<bool>,
    /// Processes and threads whose numbers are not theirs.
    pub(super) num_renumbered: u64,
}

impl Numbers {
    pub(super) fn new(trace: &Trace) -> Self {
        let is_capture = is_capture(trace);
        let mut numbers = Self {
            pids: trace.processes.pid.iter().collect(),
            tids: trace.threads.tid.iter().collect(),
            ranges: HashMap::new(),
            is_capture,
            skipped: vec![false; trace.processes.len()],
            num_renumbered: 0,
        };
        numbers.number_processes(trace);
        numbers.number_threads(trace);
        numbers.find_ranges(trace);
        numbers
    }

    /// Number of a process.
    pub(super) fn pid(&self, upid: ProcessId) -> i64 {
        self.pids[upid.index()]
    }

    /// Number of a thread.
    pub(super) fn tid(&self, utid: ThreadId) -> i64 {
        self.tids[utid.index()]
    }

    /// True for a process that is left out.
    pub(super) fn is_skipped(&self, upid: ProcessId) -> bool {
        self.skipped[upid.index()]
    }

    /// What is added to the correlation ids of a process.
    pub(super) fn range(&self, trace: &Trace, upid: Option<ProcessId>) -> i64 {
        let Some(upid) = upid.filter(|_| !self.ranges.is_empty()) else { return 0 };
        self.ranges.get(&self.owner(trace, upid)).copied().unwrap_or_default()
    }

    fn owner(&self, trace: &Trace, upid: ProcessId) -> u32 {
        if self.is_capture { upid.0 } else { trace.processes.source_id.get(upid.index()).0 }
    }

    fn number_processes(&mut self, trace: &Trace) {
        let mut has_track = vec![false; trace.processes.len()];
        for upid in trace.tracks.upid.iter().flatten().chain(trace.threads.upid.iter()) {
            has_track[upid.index()] = true;
        }
        let is_gpu = |index: usize| trace.processes.device_id.get(index).is_some();
        let mut taken = HashSet::new();
        let mut next_gpu = trace.devices.ordinal.iter().max().unwrap_or_default().max(0).saturating_add(1);
        let mut next = FIRST_MADE;
        let order = (0..self.pids.len()).filter(|&index| is_gpu(index));
        let order: Vec<usize> = order.chain((0..self.pids.len()).filter(|&index| !is_gpu(index))).collect();
        for index in order {
            if taken.insert(self.pids[index]) {
                continue;
            }
            // Each rank lists all GPUs of its machine, also those that only others use.
            if !has_track[index] {
                self.skipped[index] = true;
                continue;
            }
            let next = if is_gpu(index) { &mut next_gpu } else { &mut next };
            while !taken.insert(*next) {
                *next += 1;
            }
            self.pids[index] = *next;
            self.num_renumbered += 1;
        }
    }

    fn number_threads(&mut self, trace: &Trace) {
        let mut taken = HashSet::new();
        let mut others = Vec::new();
        // The row of a stream keeps its number before the one for its synchronisations.
        let mut order: Vec<usize> = (0..trace.threads.len()).collect();
        order.sort_by_key(|&index| trace.threads.role.get(index) != Role::GpuStream);
        for index in order {
            let row = trace.threads.row(index);
            let pid = self.pids[row.upid.index()];
            // The first thread of a process is known by having its number.
            if row.is_main_thread {
                self.tids[index] = pid;
            }
            if !taken.insert((pid, self.tids[index])) {
                others.push((index, pid));
            }
        }
        let mut has_track = vec![false; trace.threads.len()];
        for utid in trace.tracks.utid.iter().flatten() {
            has_track[utid.index()] = true;
        }
        let mut next: HashMap<i64, i64> = HashMap::new();
        for (index, pid) in others {
            let next = next.entry(pid).or_insert(FIRST_MADE);
            while !taken.insert((pid, *next)) {
                *next += 1;
            }
            self.tids[index] = *next;
            self.num_renumbered += u64::from(has_track[index]);
        }
    }

    fn find_ranges(&mut self, trace: &Trace) {
        let mut owners: BTreeMap<u32, ()> = BTreeMap::new();
        let mut add = |numbers: &Self, upid: Option<ProcessId>| {
            if let Some(upid) = upid {
                owners.insert(numbers.owner(trace, upid), ());
            }
        };
        for call in trace.api_calls.rows().filter(|call| call.correlation.is_some()) {
            add(self, process_of(trace, call.slice_id));
        }
        for op in trace.gpu_ops.rows().filter(|op| op.correlation.is_some()) {
            let of_track = || process_of(trace, op.slice_id).filter(|_| !self.is_capture);
            add(self, op.upid.or_else(of_track));
        }
        if owners.len() > 1 {
            self.ranges = owners.into_keys().zip(0..).map(|(owner, place)| (owner, place << RANGE_SHIFT)).collect();
        }
    }
}

/// The process of a slice's track.
pub(super) fn process_of(trace: &Trace, slice: SliceId) -> Option<ProcessId> {
    trace.tracks.upid.get(trace.slices.track_id.get(slice.index()).index())
}

#[cfg(test)]
mod tests {
    use kinetoscope_ingest::bytes::{FoundInput, Input};
    use kinetoscope_ingest::{Progress, ReadOptions, read};

    use super::*;

    #[test]
    fn ranks_of_one_file_are_told_apart() {
        let rank = |base: i64| {
            format!(
                r#"{{"baseTimeNanoseconds": {base}, "schemaVersion": 1, "traceEvents": [
                {{"ph": "X", "cat": "cuda_runtime", "name": "launch", "pid": 5, "tid": 5, "ts": 1, "dur": 1, "args": {{"correlation": 9}}}},
                {{"ph": "X", "cat": "kernel", "name": "k", "pid": 0, "tid": 7, "ts": 3, "dur": 1, "args": {{"correlation": 9}}}}]}}"#
            )
        };
        let input = |name: &str, json: String| FoundInput {
            input: Input::Memory { name: name.to_owned(), bytes: json.into_bytes().into() },
            folder: None,
        };
        let inputs = [input("rank0.json", rank(1_000)), input("rank1.json", rank(2_000))];
        let trace = read(&inputs, &ReadOptions::default(), &Progress::default()).expect("a trace");
        let numbers = Numbers::new(&trace);
        let mut pids: Vec<i64> = (0..4).map(|index| numbers.pid(ProcessId(index))).collect();
        pids.sort_unstable();
        assert_eq!(pids, [0, 1, 5, FIRST_MADE], "the second GPU 0 is the next one");
        let mut ranges: Vec<i64> =
            trace.api_calls.rows().map(|call| numbers.range(&trace, process_of(&trace, call.slice_id))).collect();
        ranges.sort_unstable();
        assert_eq!(ranges, [0, 1 << 32]);
    }
}
