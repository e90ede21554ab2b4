//! Area selection: what happened on some tracks within a window of time, added up by name, category, class or track.
//!
//! ```text
//! window           |-----------------|
//! track    AAAAAAAAAAAA   BB   CCCCCCCCCCCC
//! counted          AAAA   BB   CCCCCC
//! ```
//!
//! Durations are those within the window, so that sums can be held against its length; a slice that never ended reaches
//! to the end of the trace. Nested slices count at every level, and self times add up to the time in which anything ran.

use std::cmp::Reverse;
use std::ops::Range;

use hashbrown::{HashMap, HashSet};
use kinetoscope_model::time::{Interval, Nanos, end_of};
use kinetoscope_model::{DeviceId, SliceId, StringId, Trace, TrackId};
use kinetoscope_store::Store;
use serde::{Deserialize, Serialize};

use crate::device_name::device_name;
use crate::interval::IntervalSet;
use crate::kernel_class::{SliceClass, SliceClasses};
use crate::percentile::percentile;

/// Slices between two looks at whether anybody still waits.
pub(crate) const SLICES_PER_LOOK: usize = 1 << 16;

/// What is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// From its start up to, and without, its end.
    pub window: Range<Nanos>,
    /// Tracks; unknown ones hold nothing.
    pub tracks: Vec<TrackId>,
}

/// What the rows of the table stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants say it")]
pub enum GroupBy {
    Name,
    Category,
    Class,
    Track,
}

/// What happened in an area.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AreaTable {
    /// Start of the window.
    pub start: Nanos,
    /// End of the window.
    pub end: Nanos,
    /// Groups, the largest total first.
    pub rows: Vec<AreaRow>,
    /// Number of slices.
    pub num_slices: u64,
    /// Durations within the window added up, nested ones at every level.
    pub total: Nanos,
    /// How busy the devices of the selected streams were, with the work of these streams.
    pub gpu: Vec<AreaGpu>,
}

/// One group of slices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AreaRow {
    /// What the group goes by, for people.
    pub label: String,
    /// Name, when all its slices share one.
    pub name: Option<String>,
    /// Category, when all its slices share one.
    pub category: Option<String>,
    /// Class, when all its slices share one.
    pub class: Option<SliceClass>,
    /// Track, when all its slices are on one.
    pub track_id: Option<u32>,
    /// Number of slices.
    pub count: u64,
    /// Durations within the window added up.
    pub total: Nanos,
    /// These less those of the slices directly inside. May be negative where these outlive it by the clock's rounding.
    #[serde(rename = "self")]
    pub self_dur: Nanos,
    /// Mean duration within the window.
    pub mean: f64,
    /// The shortest.
    pub min: Nanos,
    /// The longest.
    pub max: Nanos,
    /// Half are no longer.
    pub p50: Nanos,
    /// 99 of 100 are no longer.
    pub p99: Nanos,
    /// The total in percent of the window; more than 100 where slices nest or tracks are several.
    pub percent_of_window: f64,
    /// The GPU work in percent of all GPU work in the area; `None` without any in the group.
    pub percent_of_gpu_time: Option<f64>,
}

/// How busy a device was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AreaGpu {
    /// Row of the `device` table.
    pub device: u32,
    /// Name for people.
    pub name: String,
    /// Length of the union of the selected work.
    pub busy: Nanos,
    /// What remains of the window.
    pub idle: Nanos,
    /// Busy time in percent of the window.
    pub percent_busy: f64,
}

/// The part of a slice that lies within a window.
pub(crate) fn clip(store: &Store, slice: SliceId, window: &Range<Nanos>) -> Interval {
    let slices = &store.trace().slices;
    let (ts, dur) = (slices.ts.get(slice.index()), slices.dur.get(slice.index()));
    let end = if dur < 0 { store.bounds().map_or(ts, |bounds| bounds.end) } else { end_of(ts, dur) };
    let start = ts.clamp(window.start, window.end);
    Interval { start, end: end.clamp(start, window.end) }
}

/// What a group's slices have in common, as long as they do.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Common<T> {
    All(T),
    Several,
}

impl<T: PartialEq + Copy> Common<T> {
    fn add(&mut self, value: T) {
        if *self != Self::All(value) {
            *self = Self::Several;
        }
    }

    fn get(self) -> Option<T> {
        match self {
            Self::All(value) => Some(value),
            Self::Several => None,
        }
    }
}

#[derive(Debug)]
struct Sums {
    name: Common<StringId>,
    category: Common<Option<StringId>>,
    class: Common<SliceClass>,
    track: Common<TrackId>,
    self_dur: Nanos,
    gpu_dur: Nanos,
    has_gpu_work: bool,
    durs: Vec<Nanos>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Name(StringId),
    Category(Option<StringId>),
    Class(SliceClass),
    Track(TrackId),
}

/// Adds up an area; `None` once `is_cancelled` says that nobody waits for it. `classes` are those of the same store.
///
/// O(slices in the area), and on the first look at a track O(its slices).
pub fn area_selection(
    store: &Store,
    classes: &SliceClasses,
    area: &Area,
    by: GroupBy,
    is_cancelled: &dyn Fn() -> bool,
) -> Option<AreaTable> {
    let trace = store.trace();
    let window = &area.window;
    let window_dur = window.end.saturating_sub(window.start).max(0);
    let mut groups: HashMap<Key, usize> = HashMap::new();
    let mut rows: Vec<Sums> = Vec::new();
    let mut gpu_intervals: HashMap<DeviceId, Vec<Interval>> = HashMap::new();
    let (mut num_slices, mut total, mut gpu_total) = (0u64, 0 as Nanos, 0 as Nanos);
    for track in distinct(&area.tracks) {
        let slices = store.timeline().slices_in(track, window.clone());
        for chunk in slices.chunks(SLICES_PER_LOOK) {
            if is_cancelled() {
                return None;
            }
            for &slice in chunk {
                let interval = clip(store, slice, window);
                let dur = interval.dur();
                let name = trace.slices.name.get(slice.index());
                let category = trace.slices.category.get(slice.index());
                let class = classes.of(store, slice);
                let key = match by {
                    GroupBy::Name => Key::Name(name),
                    GroupBy::Category => Key::Category(category),
                    GroupBy::Class => Key::Class(class),
                    GroupBy::Track => Key::Track(track),
                };
                let group = *groups.entry(key).or_insert_with(|| {
                    rows.push(Sums {
                        name: Common::All(name),
                        category: Common::All(category),
                        class: Common::All(class),
                        track: Common::All(track),
                        self_dur: 0,
                        gpu_dur: 0,
                        has_gpu_work: false,
                        durs: Vec::new(),
                    });
                    rows.len() - 1
                });
                let sums = &mut rows[group];
                sums.name.add(name);
                sums.category.add(category);
                sums.class.add(class);
                sums.track.add(track);
                let inside = store.children_of_slice(slice).iter().map(|&child| clip(store, child, window).dur());
                sums.self_dur = sums.self_dur.saturating_add(dur - inside.fold(0, Nanos::saturating_add));
                sums.durs.push(dur);
                num_slices += 1;
                total = total.saturating_add(dur);
                if let Some(op) = store.gpu_op_of_slice(slice) {
                    sums.has_gpu_work = true;
                    sums.gpu_dur = sums.gpu_dur.saturating_add(dur);
                    gpu_total = gpu_total.saturating_add(dur);
                    gpu_intervals.entry(trace.gpu_ops.device_id.get(op as usize)).or_default().push(interval);
                }
            }
        }
    }
    let percent = |part: Nanos, whole: Nanos| if whole > 0 { part as f64 * 100.0 / whole as f64 } else { 0.0 };
    let mut keys: Vec<(Key, usize)> = groups.into_iter().collect();
    keys.sort_unstable_by_key(|(_, group)| *group);
    let table = keys.into_iter().zip(rows).map(|((key, _), mut sums)| {
        let total = sums.durs.iter().fold(0, |total: Nanos, &dur| total.saturating_add(dur));
        let mut at = |p| percentile(&mut sums.durs, p).unwrap_or_default();
        let (min, max, p50, p99) = (at(0.0), at(1.0), at(0.5), at(0.99));
        let count = sums.durs.len() as u64;
        AreaRow {
            label: label(trace, key),
            name: sums.name.get().map(|name| trace.text(name).to_owned()),
            category: sums.category.get().flatten().map(|category| trace.text(category).to_owned()),
            class: sums.class.get(),
            track_id: sums.track.get().map(|track| track.0),
            count,
            total,
            self_dur: sums.self_dur,
            mean: total as f64 / count as f64,
            min,
            max,
            p50,
            p99,
            percent_of_window: percent(total, window_dur),
            percent_of_gpu_time: sums.has_gpu_work.then(|| percent(sums.gpu_dur, gpu_total)),
        }
    });
    let mut rows: Vec<AreaRow> = table.collect();
    rows.sort_by(|a, b| (Reverse(a.total), &a.label, a.track_id).cmp(&(Reverse(b.total), &b.label, b.track_id)));
    let mut devices: Vec<DeviceId> = devices_of(trace, &area.tracks);
    devices.extend(gpu_intervals.keys().copied());
    devices.sort_unstable();
    devices.dedup();
    let gpu = devices.into_iter().map(|device| {
        let intervals = gpu_intervals.remove(&device).unwrap_or_default();
        let busy = intervals.into_iter().collect::<IntervalSet>().len_ns();
        AreaGpu {
            device: device.0,
            name: device_name(trace, device),
            busy,
            idle: window_dur - busy,
            percent_busy: percent(busy, window_dur),
        }
    });
    Some(AreaTable { start: window.start, end: window.end, rows, num_slices, total, gpu: gpu.collect() })
}

/// Each track once, in the order asked for.
pub(crate) fn distinct(tracks: &[TrackId]) -> Vec<TrackId> {
    let mut seen = HashSet::new();
    tracks.iter().copied().filter(|track| seen.insert(*track)).collect()
}

/// Devices whose streams have one of these tracks, lanes included.
fn devices_of(trace: &Trace, tracks: &[TrackId]) -> Vec<DeviceId> {
    let threads: HashSet<_> = tracks
        .iter()
        .filter(|track| track.index() < trace.tracks.len())
        .filter_map(|track| trace.tracks.utid.get(track.index()))
        .collect();
    trace.streams.rows().filter(|stream| threads.contains(&stream.utid)).map(|stream| stream.device_id).collect()
}

fn label(trace: &Trace, key: Key) -> String {
    match key {
        Key::Name(name) => trace.text(name).to_owned(),
        Key::Category(Some(category)) => trace.text(category).to_owned(),
        Key::Category(None) => "no category".to_owned(),
        Key::Class(class) => class.word().to_owned(),
        Key::Track(track) => {
            let row = trace.tracks.row(track.index());
            let thread = row.utid.map(|utid| trace.threads.row(utid.index()));
            let names = [row.name, thread.and_then(|thread| thread.name)];
            let name = names.into_iter().map(|name| trace.text_or_empty(name).trim()).find(|name| !name.is_empty());
            match (name, thread) {
                (Some(name), _) => name.to_owned(),
                (None, Some(thread)) => format!("thread {}", thread.tid),
                (None, None) => format!("track {}", track.0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    fn all_tracks(store: &Store) -> Vec<TrackId> {
        (0..store.trace().tracks.len()).map(TrackId::from_index).collect()
    }

    fn select(store: &Store, window: Range<Nanos>, by: GroupBy) -> AreaTable {
        let area = Area { window, tracks: all_tracks(store) };
        area_selection(store, &SliceClasses::new(store), &area, by, &|| false).expect("nobody cancels")
    }

    /// ```text
    /// main     linear 0 to 100, in it mm 10 to 50, in that mm 20 to 35
    /// s7       A 30 to 50, A 55 to 60
    /// s8       N 40 to 70
    /// ```
    fn sample() -> Store {
        let drawing = Drawing::default()
            .slice("main", "cpu_op", "aten::linear", 0..100)
            .slice("main", "cpu_op", "aten::mm", 10..50)
            .slice("main", "cpu_op", "aten::mm", 20..35)
            .gpu(0, 7, 'A', 30..50)
            .gpu(0, 7, 'A', 55..60)
            .gpu(0, 8, 'N', 40..70);
        Store::from(drawing.build())
    }

    #[test]
    fn durations_are_cut_to_the_window() {
        // Within 30 to 60: linear 30; mm 20 and 5; A 20 and 5; N 20.
        let table = select(&sample(), 30..60, GroupBy::Name);
        let rows: Vec<_> = table
            .rows
            .iter()
            .map(|row| (row.label.as_str(), row.count, row.total, row.self_dur, row.min, row.max, row.p50, row.p99))
            .collect();
        assert_eq!(
            rows,
            [
                // Less the outer mm's 20.
                ("aten::linear", 1, 30, 10, 30, 30, 30, 30),
                // Of 20 and 5 less the inner 5.
                ("aten::mm", 2, 25, 20, 5, 20, 20, 20),
                ("kernel_A", 2, 25, 25, 5, 20, 20, 20),
                ("ncclDevKernel_AllReduce", 1, 20, 20, 20, 20, 20, 20),
            ]
        );
        assert_eq!((table.num_slices, table.total), (6, 100));
        assert_eq!((table.rows[1].mean, table.rows[1].percent_of_window), (12.5, 2_500.0 / 30.0));
        let shares: Vec<_> = table.rows.iter().map(|row| row.percent_of_gpu_time).collect();
        assert_eq!(shares, [None, None, Some(2_500.0 / 45.0), Some(2_000.0 / 45.0)]);
        // The GPU worked from 30 to 60 without a pause: A until 50, N from 40 on.
        let gpu: Vec<_> = table.gpu.iter().map(|gpu| (gpu.name.as_str(), gpu.busy, gpu.idle)).collect();
        assert_eq!((gpu, table.gpu[0].percent_busy), (vec![("GPU 0 Drawn GPU", 30, 0)], 100.0));
    }

    #[test]
    fn groups_say_what_their_slices_share() {
        let store = sample();
        let table = select(&store, 0..100, GroupBy::Class);
        let rows: Vec<_> = table.rows.iter().map(|row| (row.label.as_str(), row.total, row.name.as_deref())).collect();
        assert_eq!(
            rows,
            [
                ("none", 155, None),
                ("communication", 30, Some("ncclDevKernel_AllReduce")),
                ("other", 25, Some("kernel_A"))
            ]
        );
        assert_eq!(table.rows[0].class, Some(SliceClass::None));
        let table = select(&store, 0..100, GroupBy::Category);
        assert_eq!(table.rows.iter().map(|row| row.label.as_str()).collect::<Vec<_>>(), ["cpu_op", "kernel"]);
        assert_eq!((table.rows[1].class, table.rows[1].track_id), (None, None));
        let table = select(&store, 0..100, GroupBy::Track);
        let rows: Vec<_> = table.rows.iter().map(|row| (row.label.as_str(), row.count)).collect();
        assert_eq!(rows, [("main", 3), ("stream 8", 1), ("stream 7", 2)]);
    }

    #[test]
    fn a_window_without_work_is_idle_and_one_without_length_holds_nothing() {
        let store = sample();
        let table = select(&store, 80..90, GroupBy::Name);
        assert_eq!((table.num_slices, table.gpu[0].busy, table.gpu[0].idle), (1, 0, 10));
        let table = select(&store, 50..50, GroupBy::Name);
        assert_eq!((table.rows.len(), table.num_slices, table.gpu[0].percent_busy), (0, 0, 0.0));
        let area = Area { window: 0..100, tracks: vec![TrackId(0), TrackId(0), TrackId(99)] };
        let table = area_selection(&store, &SliceClasses::new(&store), &area, GroupBy::Name, &|| false);
        assert_eq!(table.map(|table| table.num_slices), Some(3), "each track once");
        assert_eq!(area_selection(&store, &SliceClasses::new(&store), &area, GroupBy::Name, &|| true), None);
    }

    #[test]
    fn instants_count_and_open_slices_reach_to_the_end() {
        let json = r#"{"traceEvents": [
            {"ph":"B","pid":1,"tid":1,"ts":0,"name":"open"},
            {"ph":"i","pid":1,"tid":1,"ts":4,"s":"t","name":"moment"},
            {"ph":"X","pid":1,"tid":2,"ts":2,"dur":8,"name":"last"}
        ]}"#;
        let trace = kinetoscope_ingest::read_bytes("open.json", json.as_bytes().to_vec()).expect("a trace");
        let table = select(&Store::from(trace), 4_000..20_000, GroupBy::Name);
        let rows: Vec<_> = table.rows.iter().map(|row| (row.label.as_str(), row.count, row.total)).collect();
        assert_eq!(rows, [("last", 1, 6_000), ("open", 1, 6_000), ("moment", 1, 0)]);
    }

    #[test]
    fn the_json_has_the_names_of_the_contract() {
        let json = serde_json::to_value(select(&sample(), 0..100, GroupBy::Name)).expect("a table is JSON");
        let keys = |value: &serde_json::Value| {
            value.as_object().expect("an object").keys().cloned().collect::<std::collections::BTreeSet<_>>()
        };
        let set = |names: &str| names.split(' ').map(str::to_owned).collect();
        assert_eq!(keys(&json), set("start end rows num_slices total gpu"));
        assert_eq!(
            keys(&json["rows"][0]),
            set(
                "label name category class track_id count total self mean min max p50 p99 percent_of_window percent_of_gpu_time"
            )
        );
        assert_eq!(keys(&json["gpu"][0]), set("device name busy idle percent_busy"));
    }
}
