//! What has to hold of every trace, on the repository's own and, where they lie beside it, on public ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinetoscope_analysis::track_tree::{Node, TrackContent, track_tree};
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
