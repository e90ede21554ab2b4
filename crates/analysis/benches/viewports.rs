//! Times what a page asks for over one large trace: viewports while panning and zooming, and the panels.
//!
//! `cargo xtask bench-page` makes a trace and runs this. By hand: `cargo bench --workspace --bench viewports -- TRACE`.
//!
//! A view shows 60 tracks; a trace that has fewer shows some of them again, which costs the same. Views zoom in from the
//! whole trace until a thousandth of a second is left, at places spread over the trace, and at each zoom pan to the right.

#![expect(clippy::print_stdout, reason = "the table on standard output is what this program is for")]

use std::env;
use std::error::Error;
use std::iter;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use kinetoscope_analysis::area_selection::{Area, GroupBy, area_selection};
use kinetoscope_analysis::flamegraph::{FlamegraphDirection, flamegraph};
use kinetoscope_analysis::kernel_class::SliceClasses;
use kinetoscope_analysis::name_statistics::same_name_statistics;
use kinetoscope_analysis::search::{SearchField, SearchRequest, search};
use kinetoscope_analysis::slice_details::slice_details;
use kinetoscope_analysis::track_tree::track_tree;
use kinetoscope_model::{SliceId, Trace, TrackId};
use kinetoscope_store::Store;
use kinetoscope_store::cache::{self, Miss, Unusable};
use kinetoscope_store::timeline::{Blocks, Label};

/// Tracks of a view.
const NUM_TRACKS: usize = 60;
/// Width of a view.
const PX: u32 = 2_000;
/// Places to zoom in at.
const NUM_PLACES: i64 = 12;
/// Views to pan through at each zoom.
const NUM_PANS: i64 = 4;
/// Times that a view is taken; the shortest counts, since what else runs on the machine is not the view's.
const NUM_REPEATS: usize = 5;
/// The shortest window.
const SHORTEST_NS: i64 = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo bench` hands on flags of its own.
    let path = env::args().skip(1).find(|arg| !arg.starts_with("--")).ok_or("which trace?")?;
    let store = Store::from(opened(Path::new(&path))?);
    let trace = store.trace();
    println!("{} slices, {} tracks", trace.slices.len(), trace.tracks.len());
    let bounds = store.bounds().ok_or("the trace is empty")?;
    let all: Vec<TrackId> = (0..trace.tracks.len()).map(TrackId::from_index).collect();
    let used: Vec<TrackId> = all.iter().copied().filter(|&track| !store.slices_of_track(track).is_empty()).collect();
    if used.is_empty() {
        return Err("the trace has no slices".into());
    }

    let timeline = store.timeline();
    time("preparing all tracks", || timeline.prepare(&all));
    let num_bytes: usize = all.iter().map(|&track| timeline.prepared_bytes(track)).sum();
    println!("  {:.2} bytes per slice", num_bytes as f64 / trace.slices.len() as f64);
    let classes = time("classes of kernels", || SliceClasses::new(&store));
    let shown: Vec<TrackId> = used.iter().copied().cycle().take(NUM_TRACKS).collect();
    let class_of = |slice: SliceId, label: Label| classes.of_labelled(&store, slice, label) as u8;

    let mut times: Vec<(Duration, usize)> = Vec::new();
    for window in windows(bounds.start..bounds.end) {
        let time_once = || {
            let start = Instant::now();
            let blocks = timeline.fold_all(&shown, window.clone(), PX, &class_of);
            (start.elapsed(), blocks.iter().map(Blocks::len).sum())
        };
        times.extend(iter::repeat_with(time_once).take(NUM_REPEATS).min());
    }
    times.sort_unstable();
    let last = times.len() - 1;
    println!("{} viewports of {NUM_TRACKS} tracks and {PX} px:", times.len());
    for (name, place) in [("p50", last / 2), ("p90", last * 9 / 10), ("p99", last * 99 / 100), ("max", last)] {
        let (time, num_blocks) = times[place];
        println!("  {name} {:8.3} ms, {num_blocks} blocks", time.as_secs_f64() * 1e3);
    }

    let never = || false;
    let area = Area { window: bounds.start..bounds.end, tracks: used };
    let slice = SliceId::from_index(trace.slices.len() / 2);
    time("track tree", || track_tree(&store));
    time("slice details, first", || slice_details(&store, &classes, slice));
    time("slice details, again", || slice_details(&store, &classes, slice));
    time("statistics of a name", || same_name_statistics(&store, slice));
    time("area of everything by name", || area_selection(&store, &classes, &area, GroupBy::Name, &never));
    time("flame graph of everything", || flamegraph(&store, &area, FlamegraphDirection::TopDown, &never));
    for (what, fields) in
        [("search in names", &[SearchField::Name][..]), ("search in argument values", &[SearchField::ArgValue][..])]
    {
        let request = SearchRequest { text: "gemm", fields, window: i64::MIN..i64::MAX, limit: 1_000 };
        time(what, || search(&store, &request, &never));
    }
    Ok(())
}

/// The trace at `path`, which may be a cache file.
fn opened(path: &Path) -> Result<Trace, Box<dyn Error>> {
    match cache::open_file(path) {
        Err(Miss::Unusable { reason: Unusable::NotACache, .. }) => Ok(kinetoscope_ingest::read_path(path)?),
        opened => Ok(opened?),
    }
}

/// What a user sees who zooms in and pans, at several places.
fn windows(whole: Range<i64>) -> Vec<Range<i64>> {
    let mut windows = Vec::new();
    for place in 0..NUM_PLACES {
        let focus = whole.start + (whole.end - whole.start) / NUM_PLACES * place;
        let mut dur = whole.end - whole.start;
        while dur >= SHORTEST_NS {
            let first = (focus - dur / 2).max(whole.start);
            windows.extend((0..NUM_PANS).map(|pan| first + dur / 10 * pan).map(|start| start..start + dur));
            dur = dur * 2 / 3;
        }
    }
    windows
}

fn time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    println!("{what}: {:.3} ms", start.elapsed().as_secs_f64() * 1e3);
    result
}
