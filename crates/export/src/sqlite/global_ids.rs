//! Global ids: one number for hardware, virtual machine, process and thread.
//!
//! ```text
//! bits  63..56     55..48   47..24   23..0
//!       hardware   vm       pid      tid
//! ```
//!
//! nsys numbers the machine that it runs on as virtual machine 1. Here each input is a machine, since two ranks may well
//! have the same process id. Chrome's traces allow any number, and even text, for processes and threads; what does not
//! fit its 24 bits, or is taken, gets the largest number that is free.
//!
//! Devices have no such ids: their numbers alone tell them apart, also in the scripts that join tables by them. So a
//! second device of a number gets one that is free.

use hashbrown::{HashMap, HashSet};
use kinetoscope_model::{DeviceId, ProcessId, ThreadId, Trace};

use crate::ExportError;

/// Largest number of a process or thread.
const MAX_ID: i64 = 0xff_ffff;

/// Machines that there are numbers for without making a global id negative.
const MAX_MACHINES: usize = 0x7fff;

/// The ids of processes, threads and devices.
#[derive(Debug)]
pub(super) struct GlobalIds {
    processes: Vec<Option<i64>>,
    threads: Vec<i64>,
    devices: Vec<i64>,
    /// Devices that get a row: one of each number.
    listed_devices: Vec<DeviceId>,
    /// Processes and threads whose numbers are not theirs.
    pub(super) num_renumbered: u64,
    /// Devices whose numbers are not theirs.
    pub(super) num_renumbered_devices: u64,
}

/// True for a process that stands for a GPU.
pub(super) fn is_gpu(trace: &Trace, upid: ProcessId) -> bool {
    let row = trace.processes.row(upid.index());
    row.device_id.is_some() || row.labels.is_some_and(|labels| trace.text(labels).starts_with("GPU "))
}

impl GlobalIds {
    pub(super) fn new(trace: &Trace, is_capture: bool) -> Result<Self, ExportError> {
        if trace.sources.len() > MAX_MACHINES {
            return Err(ExportError::TooManySources { found: trace.sources.len(), limit: MAX_MACHINES });
        }
        let mut num_renumbered = 0;
        let mut taken: HashSet<i64> = HashSet::new();
        let mut free: HashMap<i64, i64> = HashMap::new();
        let mut processes = vec![None; trace.processes.len()];
        for (index, row) in trace.processes.rows().enumerate() {
            if is_gpu(trace, ProcessId::from_index(index)) {
                continue;
            }
            let mut machine = row.source_id.index() as i64 + 1;
            let id = |machine: i64, pid: i64| machine << 48 | pid << 24;
            let mut pid = row.pid;
            // A capture of several virtual machines has processes of one number.
            while is_capture && taken.contains(&id(machine, pid)) && machine < MAX_MACHINES as i64 {
                machine += 1;
            }
            if !(0..=MAX_ID).contains(&pid) || taken.contains(&id(machine, pid)) {
                num_renumbered += 1;
                let next = free.entry(machine).or_insert(MAX_ID);
                while taken.contains(&id(machine, *next)) && *next > 0 {
                    *next -= 1;
                }
                pid = *next;
            }
            taken.insert(id(machine, pid));
            processes[index] = Some(id(machine, pid));
        }
        let threads = threads(trace, is_capture, &processes, &mut num_renumbered)?;
        let (devices, listed_devices, num_renumbered_devices) = devices(trace);
        Ok(Self { processes, threads, devices, listed_devices, num_renumbered, num_renumbered_devices })
    }

    /// The id of a process; none for one that stands for a GPU.
    pub(super) fn process(&self, upid: ProcessId) -> Option<i64> {
        self.processes[upid.index()]
    }

    /// The id of a thread.
    pub(super) fn thread(&self, utid: ThreadId) -> i64 {
        self.threads[utid.index()]
    }

    /// The number of a device.
    pub(super) fn device(&self, device: DeviceId) -> i64 {
        self.devices[device.index()]
    }

    /// Devices that get a row.
    pub(super) fn listed_devices(&self) -> &[DeviceId] {
        &self.listed_devices
    }
}

/// The ids of threads; 0 for the rows of GPUs.
fn threads(
    trace: &Trace,
    is_capture: bool,
    processes: &[Option<i64>],
    num_renumbered: &mut u64,
) -> Result<Vec<i64>, ExportError> {
    let mut threads = vec![0; trace.threads.len()];
    // Threads whose numbers fit keep them, so they come first.
    let mut taken: HashSet<i64> = HashSet::new();
    let mut others = Vec::new();
    for (index, row) in trace.threads.rows().enumerate() {
        let Some(process) = processes[row.upid.index()] else { continue };
        // In a capture 0 means that no thread is known.
        let least = i64::from(!is_capture);
        if (least..=MAX_ID).contains(&row.tid) && taken.insert(process | row.tid) {
            threads[index] = process | row.tid;
        } else {
            others.push((index, process));
        }
    }
    let mut has_track = vec![false; trace.threads.len()];
    for utid in trace.tracks.utid.iter().flatten() {
        has_track[utid.index()] = true;
    }
    let mut free: HashMap<i64, i64> = HashMap::new();
    for (index, process) in others {
        *num_renumbered += u64::from(has_track[index]);
        let next = free.entry(process).or_insert(MAX_ID);
        while *next > 0 && taken.contains(&(process | *next)) {
            *next -= 1;
        }
        if *next == 0 {
            return Err(ExportError::TooManyThreads { pid: process >> 24 & MAX_ID });
        }
        taken.insert(process | *next);
        threads[index] = process | *next;
    }
    Ok(threads)
}

/// Numbers of devices, the devices that are listed, and how many have another number than in the trace.
fn devices(trace: &Trace) -> (Vec<i64>, Vec<DeviceId>, u64) {
    let mut has_work = vec![false; trace.devices.len()];
    let named = trace.gpu_ops.device_id.iter().map(Some).chain(trace.cuda_syncs.device_id.iter());
    for device in named.chain(trace.cuda_contexts.device_id.iter()).flatten() {
        has_work[device.index()] = true;
    }
    let mut numbers: Vec<i64> = trace.devices.ordinal.iter().collect();
    let mut next = numbers.iter().copied().max().unwrap_or(-1).saturating_add(1);
    let mut owners: HashMap<i64, usize> = HashMap::new();
    let mut num_renumbered = 0;
    // Of several devices of one number, those with work are different ones. The others are entries in lists that each
    // rank of a machine writes.
    let order = (0..numbers.len()).filter(|&index| has_work[index]);
    let order = order.chain((0..numbers.len()).filter(|&index| !has_work[index]));
    let mut listed = Vec::new();
    for index in order {
        match owners.get(&numbers[index]) {
            None => {
                owners.insert(numbers[index], index);
            }
            Some(_) if has_work[index] => {
                numbers[index] = next;
                next += 1;
                num_renumbered += 1;
            }
            Some(_) => continue,
        }
        listed.push(DeviceId::from_index(index));
    }
    listed.sort_unstable();
    (numbers, listed, num_renumbered)
}

#[cfg(test)]
mod tests {
    use kinetoscope_ingest::read_bytes;

    use super::*;

    fn ids(json: &str) -> (Trace, GlobalIds) {
        let trace = read_bytes("trace.json", json.as_bytes().to_vec()).expect("a trace");
        let ids = GlobalIds::new(&trace, false).expect("there are ids");
        (trace, ids)
    }

    #[test]
    fn ids_are_packed_as_nsys_packs_them() {
        let json = r#"[
            {"ph": "X", "name": "a", "pid": 22, "tid": 35, "ts": 1, "dur": 1},
            {"ph": "X", "name": "b", "pid": 16777216, "tid": 140234567890, "ts": 1, "dur": 1},
            {"ph": "X", "name": "c", "pid": -1, "tid": 35, "ts": 1, "dur": 1},
            {"ph": "X", "name": "d", "pid": 22, "tid": 16777215, "ts": 1, "dur": 1},
            {"ph": "X", "name": "e", "pid": 22, "tid": -7, "ts": 1, "dur": 1}
        ]"#;
        let (trace, ids) = ids(json);
        let of = |name: &str| {
            let slice = (0..trace.slices.len()).find(|&slice| trace.text(trace.slices.name.get(slice)) == name);
            let track = trace.slices.track_id.get(slice.expect("it is there"));
            ids.thread(trace.tracks.utid.get(track.index()).expect("on a thread"))
        };
        // Pid 22 of machine 1 is 0x1000016000000.
        assert_eq!(of("a"), 0x0001_0000_1600_0000 | 35);
        assert_eq!(of("b"), 0x0001_ffff_ffff_ffff, "both numbers are too large");
        assert_eq!(of("c"), 0x0001_ffff_fe00_0000 | 35, "the largest number is taken");
        assert_eq!(of("d"), 0x0001_0000_16ff_ffff, "a number that fits is kept");
        assert_eq!(of("e"), 0x0001_0000_16ff_fffe);
        assert_eq!(ids.num_renumbered, 4);
    }
}
