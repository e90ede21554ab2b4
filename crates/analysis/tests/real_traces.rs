//! What has to hold of every trace, on the repository's own and, where they lie beside it, on public ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinetoscope_analysis::GpuTimeline;
use kinetoscope_analysis::area_selection::{Area, GroupBy, area_selection};
use kinetoscope_analysis::cpu_ops::{CPU_OP_CATEGORIES, cpu_ops};
use kinetoscope_analysis::flamegraph::{FlamegraphDirection, flamegraph};
use kinetoscope_analysis::gpu_time::gpu_time;
use kinetoscope_analysis::kernel_class::{SliceClass, SliceClasses};
use kinetoscope_analysis::kernels::kernels;
use kinetoscope_analysis::search::{SearchField, SearchRequest, search};
use kinetoscope_analysis::slice_details::{arrows, slice_details};
use kinetoscope_analysis::track_tree::{Node, TrackContent, track_tree};
use kinetoscope_model::{SliceId, TrackId};
use kinetoscope_store::Store;
use kinetoscope_testkit::fixture;

/// Every trace file at hand with its store.
fn each_trace(mut check: impl FnMut(&Path, &Store)) {
    let mut files = Vec::new();
    list(&fixture::folder(), &mut files);
    let num_own = files.len();
    if let Some(folder) = fixture::shared_traces() {
        list(&folder.join("kineto"), &mut files);
    }
    files.sort();
    let mut num_read = 0;
    for file in &files {
        // Some files beside the traces are results of other programs.
        if let Ok(trace) = kinetoscope_ingest::read_path(file) {
            num_read += 1;
            check(file, &Store::from(trace));
        }
    }
    assert!(num_own >= 5 && num_read >= 5, "{num_read} traces of {} files", files.len());
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            list(&path, files);
        } else if name.ends_with(".json") || name.ends_with(".json.gz") {
            files.push(path);
        }
    }
}

#[test]
fn every_track_with_events_is_in_the_tree_once() {
    fn visit(nodes: &[Node], found: &mut BTreeMap<u32, (u64, TrackContent)>, keys: &mut Vec<String>) {
        for node in nodes {
            assert!(!node.children.is_empty() || !node.tracks.is_empty(), "`{}` is empty", node.key);
            keys.push(node.key.clone());
            for track in &node.tracks {
                let known = found.insert(track.id, (track.num_events, track.kind));
                assert!(known.is_none(), "track {} is in the tree twice", track.id);
            }
            visit(&node.children, found, keys);
        }
    }
    if fixture::shared_traces().is_none() {
        eprintln!("skipped: no public traces beside the repository");
    }
    each_trace(|file, store| {
        let (mut found, mut keys) = (BTreeMap::new(), Vec::new());
        visit(&track_tree(store).nodes, &mut found, &mut keys);
        let mut expected: BTreeMap<u32, (u64, TrackContent)> = BTreeMap::new();
        for track in store.trace().slices.track_id.iter() {
            expected.entry(track.0).or_insert((0, TrackContent::Slice)).0 += 1;
        }
        for track in store.trace().counters.track_id.iter() {
            expected.entry(track.0).or_insert((0, TrackContent::Counter)).0 += 1;
        }
        assert_eq!(found, expected, "{}", file.display());
        let num_keys = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), num_keys, "{}: two rows have one key", file.display());
    });
}

/// The whole trace, with the moment at its end.
fn whole(store: &Store) -> Area {
    let bounds = store.bounds().unwrap_or_default();
    let tracks = (0..store.trace().tracks.len()).map(TrackId::from_index).collect();
    Area { window: bounds.start..bounds.end + 1, tracks }
}

#[test]
fn an_area_of_the_whole_trace_says_what_the_summary_says() {
    each_trace(|file, store| {
        let trace = store.trace();
        let classes = SliceClasses::new(store);
        let timeline = GpuTimeline::new(trace);
        let by = |by| area_selection(store, &classes, &whole(store), by, &|| false).expect("nobody cancels");
        let by_name = by(GroupBy::Name);
        assert_eq!(by_name.num_slices, trace.slices.len() as u64, "{}", file.display());
        let rows: BTreeMap<&str, _> = by_name.rows.iter().map(|row| (row.label.as_str(), row)).collect();
        for kernel in kernels(&timeline) {
            let row = rows[kernel.name.as_str()];
            // A name may be that of something on the CPU too.
            if row.class.is_some_and(|class| class != SliceClass::None) {
                let ours = (row.count, row.total, row.min, row.p50, row.p99, row.max);
                let theirs =
                    (kernel.num_ops, kernel.sum_ns, kernel.min_ns, kernel.p50_ns, kernel.p99_ns, kernel.max_ns);
                assert_eq!(ours, theirs, "{}: {}", file.display(), kernel.name);
            }
        }
        let has_open_slices = trace.slices.dur.iter().any(|dur| dur < 0);
        for op in cpu_ops(trace, &CPU_OP_CATEGORIES).iter().filter(|_| !has_open_slices) {
            let row = rows[op.name.as_str()];
            if row.category.as_deref().is_some_and(|category| CPU_OP_CATEGORIES.contains(&category)) {
                let ours = (row.count, row.total, row.self_dur);
                assert_eq!(ours, (op.num_slices, op.total_ns, op.self_ns), "{}: {}", file.display(), op.name);
            }
        }
        let busy: BTreeMap<u32, i64> = by_name.gpu.iter().map(|gpu| (gpu.device, gpu.busy)).collect();
        for device in gpu_time(&timeline).devices {
            assert_eq!(busy.get(&device.device_id), Some(&device.gpu.busy_ns), "{}", file.display());
        }
        for by in [by(GroupBy::Category), by(GroupBy::Class), by(GroupBy::Track)] {
            let sums =
                |pick: fn(&kinetoscope_analysis::area_selection::AreaRow) -> i64| by.rows.iter().map(pick).sum::<i64>();
            assert_eq!((by.num_slices, by.total), (by_name.num_slices, by_name.total));
            assert_eq!(sums(|row| row.total), by_name.total);
            assert_eq!(sums(|row| row.count as i64), by_name.num_slices as i64);
        }
    });
}

#[test]
fn flame_graphs_of_both_directions_hold_every_slice_and_the_same_time() {
    each_trace(|file, store| {
        let draw = |direction| flamegraph(store, &whole(store), direction, &|| false).expect("nobody cancels");
        let (top, bottom) = (draw(FlamegraphDirection::TopDown), draw(FlamegraphDirection::BottomUp));
        let num_slices = store.trace().slices.len() as u64;
        assert_eq!(top.nodes.count.iter().sum::<u64>(), num_slices, "{}", file.display());
        let roots = bottom.nodes.parent.iter().zip(&bottom.nodes.count).filter(|(parent, _)| **parent < 0);
        assert_eq!(roots.map(|(_, count)| count).sum::<u64>(), num_slices);
        assert_eq!(top.total, bottom.total);
        for graph in [&top, &bottom] {
            assert_eq!(graph.nodes.self_dur.iter().sum::<i64>(), graph.total, "{}", file.display());
            assert!(graph.nodes.parent.iter().enumerate().all(|(place, parent)| *parent < place as i32));
        }
    });
}

#[test]
fn every_view_holds_every_slice_that_is_in_it_once() {
    each_trace(|file, store| {
        let trace = store.trace();
        let bounds = store.bounds().unwrap_or_default();
        let span = bounds.end - bounds.start;
        for (start, end, px) in [
            (bounds.start, bounds.end + 1, 1),
            (bounds.start, bounds.end + 1, 2_000),
            (bounds.start + span / 3, bounds.start + span / 2 + 1, 777),
            (bounds.start + span / 2, bounds.start + span / 2 + 1_000, 1_000),
        ] {
            let seen_in = kinetoscope_store::timeline::Buckets::new(start..end, px).expect("a window");
            let mut counts = vec![0u64; trace.tracks.len()];
            for row in trace.slices.rows() {
                let end = if row.dur < 0 { bounds.end } else { row.ts + row.dur };
                let is_seen = row.ts <= seen_in.last && (row.ts >= seen_in.start || end > seen_in.start);
                counts[row.track_id.index()] += u64::from(is_seen);
            }
            for (track, expected) in counts.into_iter().enumerate() {
                let blocks = store.timeline().fold(TrackId::from_index(track), start..end, px, &|_, _| 0);
                let found: u64 = blocks.count.iter().map(|&count| u64::from(count)).sum();
                assert_eq!(found, expected, "{}: track {track}, {start} to {end} on {px}", file.display());
            }
        }
    });
}

#[test]
fn details_and_searches_of_real_slices_hold_together() {
    each_trace(|file, store| {
        let trace = store.trace();
        let classes = SliceClasses::new(store);
        for row in (0..trace.slices.len()).step_by(trace.slices.len() / 200 + 1) {
            let slice = SliceId::from_index(row);
            let found = slice_details(store, &classes, slice).expect("it is a slice");
            assert_eq!(found.stack.len(), found.depth as usize, "{}: slice {row}", file.display());
            let num_args = trace.slices.arg_set_id.get(row).map_or(0, |id| trace.args.set(id).count());
            assert_eq!(found.args.len(), num_args);
            let has_launch = found.launch.is_some() || found.num_launched > 0;
            assert!(!has_launch || !arrows(store, slice).arrows.is_empty());
            assert!(serde_json::to_string(&found).is_ok());
        }
        let Some(name) = trace.slices.name.iter().next() else { return };
        let text = trace.text(name).replace(['*', '?'], "");
        let fields = [SearchField::Name];
        let request = SearchRequest { text: &text, fields: &fields, window: i64::MIN..i64::MAX, limit: 10 };
        let found = search(store, &request, &|| false).expect("nobody cancels");
        let wanted = text.to_lowercase();
        let expected = trace.slices.name.iter().filter(|id| trace.text(*id).to_lowercase().contains(&wanted)).count();
        assert_eq!((found.total, found.ticks.iter().sum::<u32>()), (expected as u64, expected as u32));
        assert_eq!(found.ids.len(), expected.min(10));
    });
}
