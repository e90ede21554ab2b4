//! Launches: each kernel with the call that launched it, and how long it waited in between.
//!
//! A kernel belongs to every call of its process with its correlation id: old drivers record a runtime call and the
//! driver's call inside of it under one id, and nsys counts both.

use std::rc::Rc;

use hashbrown::HashMap;

use super::Context;
use super::activity::{Activities, ApiCall, Dense, Kernel, Place};
use super::duration_statistics::Statistics;
use super::kernel_name::KernelNames;
use super::report_table::{Cell, Rows, Table, Unit};
use super::request::ReportRequest;
use super::sum::dimensions;

type Outcome<'a> = Option<Box<dyn Table + 'a>>;

/// The calls of each correlation id.
pub(super) struct CallsById {
    first: HashMap<(Dense, i64), u32>,
    /// The next call of the same id.
    next: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl CallsById {
    pub(super) fn new(activities: &Activities<'_>, calls: &[ApiCall]) -> Self {
        let mut by_id = Self { first: HashMap::with_capacity(calls.len()), next: vec![NONE; calls.len()] };
        // From the last to the first, so that each list is in start order.
        for (index, call) in calls.iter().enumerate().rev() {
            if let Some(correlation) = call.correlation {
                let process = activities.threads[call.thread as usize].process;
                if let Some(next) = by_id.first.insert((process, correlation), index as u32) {
                    by_id.next[index] = next;
                }
            }
        }
        by_id
    }

    /// The calls that GPU work belongs to, in start order.
    pub(super) fn of(&self, place: &Place) -> impl Iterator<Item = usize> + '_ {
        let key = place.process.zip(place.correlation);
        let mut at = key.and_then(|key| self.first.get(&key)).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let index = (at != NONE).then_some(at as usize)?;
            at = self.next[index];
            Some(index)
        })
    }
}

/// A kernel and a call it belongs to.
struct Launch<'a> {
    call: &'a ApiCall,
    kernel: &'a Kernel,
    api_label: Rc<str>,
    label: Rc<str>,
}

impl Launch<'_> {
    /// From the start of the call to the end of both.
    fn total(&self) -> i64 {
        self.call.end.max(self.kernel.place.end) - self.call.start
    }

    /// From the end of the call to the start of the kernel, where it starts later.
    fn queue(&self) -> Option<i64> {
        Some(self.kernel.place.start - self.call.end).filter(|&nanos| nanos >= 0)
    }
}

/// All launches, by the start of their calls.
fn launches<'a>(context: &Context<'a>, request: &ReportRequest) -> Option<Vec<Launch<'a>>> {
    let activities = context.activities;
    let (kernels, calls) = (activities.kernels()?, activities.api_calls()?);
    let by_id = CallsById::new(activities, calls);
    let mut names = KernelNames::new(context, request);
    let mut launches = Vec::new();
    for (index, kernel) in kernels.iter().enumerate() {
        let label = names.label(index, kernel);
        for call in by_id.of(&kernel.place) {
            let call = &calls[call];
            let api_label = names.labels.of_api(call.name);
            let (api_label, label) = (names.labels.text(api_label), names.labels.text(label));
            launches.push(Launch { call, kernel, api_label, label });
        }
    }
    launches.sort_by_key(|launch| (launch.call.start, launch.kernel.place.start));
    Some(launches)
}

/// `cuda_kern_exec_trace`.
pub(super) fn trace<'a>(context: &Context<'a>, request: &ReportRequest) -> Outcome<'a> {
    let activities = context.activities;
    let thread = |row: &Launch<'_>| activities.threads[row.call.thread as usize];
    let device = |row: &Launch<'_>| activities.devices[row.kernel.place.device as usize].ordinal;
    let table = Rows::new(launches(context, request)?)
        .column("API Start", Unit::Nanos, |row: &Launch<'_>| Cell::Int(row.call.start))
        .column("API Dur", Unit::Nanos, |row| Cell::Int(row.call.end - row.call.start))
        .column("Queue Start", Unit::Nanos, |row| Cell::int(row.queue().map(|_| row.call.end)))
        .column("Queue Dur", Unit::Nanos, |row| Cell::int(row.queue()))
        .column("Kernel Start", Unit::Nanos, |row| Cell::Int(row.kernel.place.start))
        .column("Kernel Dur", Unit::Nanos, |row| Cell::Int(row.kernel.place.dur()))
        .column("Total Dur", Unit::Nanos, |row| Cell::Int(row.total()))
        .column("PID", Unit::None, move |row| Cell::Int(activities.processes[thread(row).process as usize]))
        .column("TID", Unit::None, move |row| Cell::Int(thread(row).tid))
        .column("DevId", Unit::None, move |row| Cell::Int(device(row)))
        .column("API Function", Unit::Text, |row| Cell::text(&row.api_label))
        .column("GridXYZ", Unit::Text, |row| dimensions(row.kernel.grid))
        .column("BlockXYZ", Unit::Text, |row| dimensions(row.kernel.block))
        .column("Kernel Name", Unit::Text, |row| Cell::text(&row.label));
    Some(Box::new(table))
}

/// A row of the summary: launches of one kernel by one function from one thread.
struct SumRow {
    pid: i64,
    tid: i64,
    device: i64,
    api_label: Rc<str>,
    label: Rc<str>,
    num_queued: i64,
    /// Total, call, queue, kernel.
    parts: [Option<Statistics>; 4],
}

/// Headings of the statistics of each part.
const PARTS: [[&str; 5]; 4] = [
    ["TAvg", "TMed", "TMin", "TMax", "TStdDev"],
    ["AAvg", "AMed", "AMin", "AMax", "AStdDev"],
    ["QAvg", "QMed", "QMin", "QMax", "QStdDev"],
    ["KAvg", "KMed", "KMin", "KMax", "KStdDev"],
];

/// `cuda_kern_exec_sum`.
pub(super) fn sum<'a>(context: &Context<'a>, request: &ReportRequest) -> Outcome<'a> {
    let activities = context.activities;
    let launches = launches(context, request)?;
    // Labels of one text are one allocation, so its address is a number to group by.
    let key = |launch: &Launch<'_>| {
        let address = |label: &Rc<str>| Rc::as_ptr(label).cast::<u8>() as usize;
        (launch.call.thread, launch.kernel.place.device, address(&launch.api_label), address(&launch.label))
    };
    let mut index_of = HashMap::new();
    let mut groups: Vec<Vec<&Launch<'_>>> = Vec::new();
    for launch in &launches {
        let index = *index_of.entry(key(launch)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[index].push(launch);
    }
    let mut rows: Vec<SumRow> = groups
        .iter()
        .map(|group| {
            let statistics = |value: &dyn Fn(&Launch<'_>) -> Option<i64>| {
                Statistics::of(&mut group.iter().filter_map(|launch| value(launch)).collect::<Vec<i64>>())
            };
            let first = group[0];
            let thread = activities.threads[first.call.thread as usize];
            SumRow {
                pid: activities.processes[thread.process as usize],
                tid: thread.tid,
                device: activities.devices[first.kernel.place.device as usize].ordinal,
                api_label: Rc::clone(&first.api_label),
                label: Rc::clone(&first.label),
                num_queued: group.iter().filter(|launch| launch.queue().is_some()).count() as i64,
                parts: [
                    statistics(&|launch| Some(launch.total())),
                    statistics(&|launch| Some(launch.call.end - launch.call.start)),
                    statistics(&|launch| launch.queue()),
                    statistics(&|launch| Some(launch.kernel.place.dur())),
                ],
            }
        })
        .collect();
    let average = |row: &SumRow| row.parts[0].map_or(0.0, |total| total.average);
    rows.sort_by(|a, b| average(b).total_cmp(&average(a)).then_with(|| a.label.cmp(&b.label)));
    let mut table = Rows::new(rows)
        .column("PID", Unit::None, |row: &SumRow| Cell::Int(row.pid))
        .column("TID", Unit::None, |row| Cell::Int(row.tid))
        .column("DevId", Unit::None, |row| Cell::Int(row.device))
        .column("Count", Unit::None, |row| Cell::int(row.parts[0].map(|total| total.count as i64)))
        .column("QCount", Unit::None, |row| Cell::Int(row.num_queued));
    for (part, [average, median, min, max, deviation]) in PARTS.into_iter().enumerate() {
        table = table
            .column(average, Unit::Nanos, move |row| Cell::real(row.parts[part].map(|part| part.average)))
            .column(median, Unit::Nanos, move |row| Cell::real(row.parts[part].map(|part| part.median)))
            .column(min, Unit::Nanos, move |row| Cell::int(row.parts[part].map(|part| part.min)))
            .column(max, Unit::Nanos, move |row| Cell::int(row.parts[part].map(|part| part.max)))
            // Of no values the others are unknown, and this one is 0: nsys's way.
            .column(deviation, Unit::Nanos, move |row| Cell::Real(row.parts[part].map_or(0.0, |part| part.deviation)));
    }
    let table = table.column("API Name", Unit::Text, |row| Cell::text(&row.api_label)).column(
        "Kernel Name",
        Unit::Text,
        |row| Cell::text(&row.label),
    );
    Some(Box::new(table))
}
