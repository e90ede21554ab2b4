//! Flows of an area: what leads from one selected track to another, and how long it takes.
//!
//! ```text
//! window   |-----------------|
//! track 1     aaa    bb              launches and arrows of the file count when both slices
//!               \      \              are on selected tracks and are seen in the window
//! track 2        AAAA   BBBBBBBB
//! delay       >--<   >--<           from start to start, so that it can be held against a launch delay
//! ```
//!
//! A trace has as many flows as launches, so they are grouped by what they are and where they lead; the first of them are
//! also listed one by one, for drawing and for going there.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};
use kinetoscope_model::time::Nanos;
use kinetoscope_model::{SliceId, TrackId};
use kinetoscope_store::Store;
use serde::Serialize;

use crate::area_selection::{Area, SLICES_PER_LOOK};
use crate::percentile::percentile;
use crate::slice_details::{Arrow, ArrowKind, arrow_between, flow_name};

/// Flows between selected tracks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AreaFlows {
    /// Number of flows.
    pub total: u64,
    /// Groups, those of most flows first.
    pub groups: Vec<FlowGroup>,
    /// The first flows by the start of where they leave, as many as were asked for.
    pub arrows: Vec<Arrow>,
}

/// Flows of one kind and name, from one track to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlowGroup {
    /// What links their slices.
    pub kind: ArrowKind,
    /// Name of the flow, or else its category; `launch` for launches.
    pub name: String,
    /// Track that they leave.
    pub from_track: u32,
    /// Track that they enter.
    pub to_track: u32,
    /// Number of flows.
    pub count: u64,
    /// The shortest time from start to start; negative where the target starts first.
    pub min: Nanos,
    /// The mean time.
    pub mean: f64,
    /// Half take no longer.
    pub p50: Nanos,
    /// 99 of 100 take no longer.
    pub p99: Nanos,
    /// The longest time.
    pub max: Nanos,
    /// The first by time.
    pub first: Arrow,
    /// The one that takes longest; of equally long ones the first.
    pub longest: Arrow,
}

/// A flow that counts, before it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    start: Nanos,
    from: SliceId,
    to: SliceId,
    kind: ArrowKind,
    /// Row of the `flow` table.
    flow: Option<usize>,
}

/// The flows of an area, the first `limit` of them one by one; `None` when `is_over` says that nobody waits.
pub fn area_flows(store: &Store, area: &Area, limit: usize, is_over: &dyn Fn() -> bool) -> Option<AreaFlows> {
    let links = links(store, area, is_over)?;
    let trace = store.trace();
    let track_of = |slice: SliceId| trace.slices.track_id.get(slice.index());
    let told = |link: &Link| arrow_between(trace, link.kind, link.flow, link.from, link.to);
    let mut groups: HashMap<(ArrowKind, String, TrackId, TrackId), Vec<&Link>> = HashMap::new();
    for link in &links {
        let key = (link.kind, flow_name(trace, link.flow), track_of(link.from), track_of(link.to));
        groups.entry(key).or_default().push(link);
    }
    let mut groups: Vec<FlowGroup> = groups
        .into_iter()
        .map(|((kind, name, from, to), members)| {
            let delay = |link: &Link| trace.slices.ts.get(link.to.index()).saturating_sub(link.start);
            let mut delays: Vec<Nanos> = members.iter().map(|link| delay(link)).collect();
            delays.sort_unstable();
            let sum: i128 = delays.iter().map(|&delay| i128::from(delay)).sum();
            let (min, max) = (delays.first().copied().unwrap_or_default(), delays.last().copied().unwrap_or_default());
            let longest = members.iter().find(|link| delay(link) == max).copied().unwrap_or(members[0]);
            FlowGroup {
                kind,
                name,
                from_track: from.0,
                to_track: to.0,
                count: members.len() as u64,
                min,
                mean: sum as f64 / delays.len() as f64,
                p50: percentile(&mut delays, 0.5).unwrap_or_default(),
                p99: percentile(&mut delays, 0.99).unwrap_or_default(),
                max,
                first: told(members[0]),
                longest: told(longest),
            }
        })
        .collect();
    groups.sort_by(|a, b| {
        let order = |group: &FlowGroup| (std::cmp::Reverse(group.count), group.from_track, group.to_track, group.kind);
        order(a).cmp(&order(b)).then_with(|| a.name.cmp(&b.name))
    });
    let arrows = links.iter().take(limit).map(told).collect();
    Some(AreaFlows { total: links.len() as u64, groups, arrows })
}

/// The launches and flows of each of the wanted slices, as [`crate::slice_details::arrows`] has them, in one pass for all.
pub fn arrows_by_slice(store: &Store, is_wanted: &dyn Fn(SliceId) -> bool) -> BTreeMap<SliceId, Vec<Arrow>> {
    let trace = store.trace();
    let mut found: BTreeMap<SliceId, Vec<Arrow>> = BTreeMap::new();
    let mut add = |kind, flow, from: SliceId, to: SliceId| {
        let ends = [Some(from), Some(to).filter(|to| *to != from)];
        for end in ends.into_iter().flatten().filter(|end| is_wanted(*end)) {
            found.entry(end).or_default().push(arrow_between(trace, kind, flow, from, to));
        }
    };
    let is_near = |from: &SliceId, to: &SliceId| is_wanted(*from) || is_wanted(*to);
    let mut is_launch: HashSet<(SliceId, SliceId)> = HashSet::new();
    for (from, to) in trace.launches.api_slice_id.iter().zip(trace.launches.gpu_slice_id.iter()) {
        if is_near(&from, &to) {
            is_launch.insert((from, to));
            add(ArrowKind::Launch, None, from, to);
        }
    }
    for (row, flow) in trace.flows.rows().enumerate() {
        let (from, to) = (flow.slice_out, flow.slice_in);
        if is_near(&from, &to) && !is_launch.contains(&(from, to)) {
            add(ArrowKind::Flow, Some(row), from, to);
        }
    }
    found
}

/// The flows by time. One of the file that says what a launch says is left out.
fn links(store: &Store, area: &Area, is_over: &dyn Fn() -> bool) -> Option<Vec<Link>> {
    let trace = store.trace();
    let tracks: HashSet<TrackId> = area.tracks.iter().copied().collect();
    let end_of_trace = store.bounds().map_or(0, |bounds| bounds.end);
    let is_in = |slice: SliceId| {
        let row = slice.index();
        let (ts, dur) = (trace.slices.ts.get(row), trace.slices.dur.get(row));
        let end = if dur < 0 { end_of_trace } else { ts.saturating_add(dur) };
        ts < area.window.end
            && (end > area.window.start || ts >= area.window.start)
            && tracks.contains(&trace.slices.track_id.get(row))
    };
    let launches = trace.launches.api_slice_id.iter().zip(trace.launches.gpu_slice_id.iter());
    let launches = launches.map(|(from, to)| (ArrowKind::Launch, None, from, to));
    let flows =
        trace.flows.rows().enumerate().map(|(row, flow)| (ArrowKind::Flow, Some(row), flow.slice_out, flow.slice_in));
    let mut links = Vec::new();
    let mut is_launch: HashSet<(SliceId, SliceId)> = HashSet::new();
    for (number, (kind, flow, from, to)) in launches.chain(flows).enumerate() {
        if number % SLICES_PER_LOOK == 0 && is_over() {
            return None;
        }
        if !is_in(from) || !is_in(to) {
            continue;
        }
        match kind {
            ArrowKind::Launch => drop(is_launch.insert((from, to))),
            ArrowKind::Flow if is_launch.contains(&(from, to)) => continue,
            ArrowKind::Flow => {}
        }
        links.push(Link { start: trace.slices.ts.get(from.index()), from, to, kind, flow });
    }
    links.sort_unstable();
    Some(links)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinetoscope_testkit::draw::{Drawing, Glyph};

    /// A call `l` launches A, a graph launch `g` launches B, and C on another stream. A column is a microsecond.
    fn launches() -> Store {
        let drawing = Drawing::new(&[
            "cpu main    oooooooooo..",
            "cpu main/1  ..l..g......",
            "gpu 0/7     ....AAAA..BB",
            "gpu 0/9     .......CC...",
        ])
        .letter('A', Glyph::kernel("gemm"))
        .launches('l', "A")
        .launches('g', "BC");
        Store::from(kinetoscope_ingest::read_bytes("drawn.json", drawing.to_json().into_bytes()).expect("a trace"))
    }

    fn track(store: &Store, name: &str) -> TrackId {
        let trace = store.trace();
        let row = trace.slices.name.iter().position(|id| trace.text(id) == name);
        trace.slices.track_id.get(row.unwrap_or_else(|| panic!("no slice is called `{name}`")))
    }

    fn ask(store: &Store, window: std::ops::Range<Nanos>, tracks: &[TrackId], limit: usize) -> AreaFlows {
        area_flows(store, &Area { window, tracks: tracks.to_vec() }, limit, &|| false).expect("somebody waits")
    }

    #[test]
    fn launches_are_grouped_by_where_they_lead() {
        let store = launches();
        let (cpu, first, second) = (track(&store, "cudaLaunchKernel"), track(&store, "gemm"), track(&store, "C"));
        let found = ask(&store, 0..12_000, &[cpu, first, second], 2);
        let told: Vec<_> =
            found.groups.iter().map(|g| (g.kind, g.name.as_str(), g.from_track, g.to_track, g.count)).collect();
        let launch = ArrowKind::Launch;
        assert_eq!(told, [(launch, "launch", cpu.0, first.0, 2), (launch, "launch", cpu.0, second.0, 1)]);
        // `l` starts at 2 and A at 4; `g` starts at 5, B at 10 and C at 7.
        let group = &found.groups[0];
        assert_eq!((group.min, group.max, group.mean), (2_000, 5_000, 3_500.0));
        assert_eq!((group.p50, group.p99), (5_000, 5_000), "the rank nearest to the share");
        assert_eq!((group.first.to.name.as_str(), group.longest.to.name.as_str()), ("gemm", "B"));
        assert_eq!((found.groups[1].min, found.groups[1].count), (2_000, 1));
        // All are counted, the first are listed.
        let listed: Vec<_> = found.arrows.iter().map(|arrow| (arrow.from.ts, arrow.to.name.as_str())).collect();
        assert_eq!((found.total, listed.len(), listed[0]), (3, 2, (2_000, "gemm")));
    }

    #[test]
    fn both_ends_are_on_selected_tracks_and_seen_in_the_window() {
        let store = launches();
        let (cpu, first, second) = (track(&store, "cudaLaunchKernel"), track(&store, "gemm"), track(&store, "C"));
        let total = |window, tracks: &[TrackId]| ask(&store, window, tracks, 9).total;
        assert_eq!(total(0..12_000, &[cpu]), 0, "the work is elsewhere");
        assert_eq!(total(0..12_000, &[first, second]), 0, "the calls are elsewhere");
        assert_eq!(total(0..12_000, &[cpu, second]), 1);
        assert_eq!(total(0..5_000, &[cpu, first, second]), 1, "`g` begins at the end of the window");
        assert_eq!(total(3_000..12_000, &[cpu, first, second]), 2, "`l` ends where the window begins");
        assert_eq!(total(0..0, &[cpu, first, second]), 0);
        assert_eq!(total(0..12_000, &[TrackId(99)]), 0);
    }

    #[test]
    fn arrows_of_the_file_go_by_their_name_and_may_run_backwards() {
        let json = r#"{"traceEvents": [
            {"ph":"X","pid":1,"tid":1,"ts":0,"dur":9,"name":"forward"},
            {"ph":"X","pid":1,"tid":2,"ts":10,"dur":5,"name":"backward"},
            {"ph":"X","pid":1,"tid":3,"ts":1,"dur":9,"name":"early"},
            {"ph":"s","pid":1,"tid":1,"ts":1,"id":3,"cat":"fwdbwd","name":"fwdbwd"},
            {"ph":"f","pid":1,"tid":2,"ts":10,"id":3,"cat":"fwdbwd","name":"fwdbwd","bp":"e"},
            {"ph":"s","pid":1,"tid":2,"ts":11,"id":4,"cat":"wake"},
            {"ph":"f","pid":1,"tid":3,"ts":9,"id":4,"cat":"wake","bp":"e"}
        ]}"#;
        let store = Store::from(kinetoscope_ingest::read_bytes("a.json", json.as_bytes().to_vec()).expect("a trace"));
        let all: Vec<TrackId> = ["forward", "backward", "early"].map(|name| track(&store, name)).to_vec();
        let found = ask(&store, 0..20_000, &all, 9);
        let told: Vec<_> = found.groups.iter().map(|g| (g.name.as_str(), g.kind, g.min, g.max)).collect();
        assert!(told.contains(&("fwdbwd", ArrowKind::Flow, 10_000, 10_000)), "{told:?}");
        assert_eq!(found.total as usize, found.arrows.len());
        assert!(found.groups.iter().all(|group| group.count == 1), "{told:?}");
    }

    #[test]
    fn flows_of_many_slices_are_those_of_each() {
        let store = launches();
        let all: HashSet<SliceId> = (0..store.trace().slices.len()).map(SliceId::from_index).collect();
        let mut found = arrows_by_slice(&store, &|slice| all.contains(&slice));
        let mut num_arrows = 0;
        for &slice in &all {
            let own = found.remove(&slice).unwrap_or_default();
            num_arrows += own.len();
            assert_eq!(own, crate::slice_details::arrows(&store, slice).arrows);
        }
        assert_eq!(num_arrows, 6, "three launches from both ends");
        let one = SliceId(0);
        assert!(arrows_by_slice(&store, &|slice| slice == one).keys().all(|slice| *slice == one));
    }

    #[test]
    fn it_ends_when_nobody_waits() {
        let store = launches();
        let area = Area { window: 0..12_000, tracks: vec![track(&store, "gemm")] };
        assert_eq!(area_flows(&store, &area, 9, &|| true), None);
    }
}
