//! Tests of the timeline, against folds that look at every slice.

use kinetoscope_model::table::*;
use kinetoscope_model::{StringId, ThreadId, TraceBuilder};
use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, Copy)]
struct Drawn {
    ts: i64,
    /// Negative when it never ended.
    dur: i64,
    depth: u32,
}

const TRACK: TrackId = TrackId(0);

fn track_row() -> TrackRow {
    TrackRow {
        name: None,
        r#type: TrackKind::Thread,
        utid: Some(ThreadId(0)),
        upid: None,
        parent_id: None,
        track_group_id: None,
        unit: None,
        arg_set_id: None,
    }
}

fn store_of(slices: &[Drawn]) -> Store {
    let mut slices = slices.to_vec();
    slices.sort_by_key(|slice| slice.ts);
    let mut builder = TraceBuilder::default();
    builder.tracks.push(track_row());
    for (index, slice) in slices.iter().enumerate() {
        let name = builder.strings.intern(&format!("name {}", index % 7));
        builder.slices.push(SliceRow {
            ts: slice.ts,
            dur: slice.dur,
            track_id: TRACK,
            category: None,
            name,
            depth: slice.depth,
            parent_id: None,
            arg_set_id: None,
            thread_ts: None,
            thread_dur: None,
            source_offset: 0,
        });
    }
    Store::from(builder.seal())
}

/// A block as (depth, ts, dur, slice, count, flags), which are all that a fold decides.
type Block = (u16, i64, i64, u32, u32, u8);
type Rows = Vec<Block>;

fn rows_of(blocks: &Blocks) -> Rows {
    (0..blocks.len())
        .map(|i| (blocks.depth[i], blocks.ts[i], blocks.dur[i], blocks.slice[i], blocks.count[i], blocks.flags[i]))
        .collect()
}

fn fold(store: &Store, window: Range<i64>, px: u32) -> Rows {
    rows_of(&store.timeline().fold(TRACK, window, px, &|_, _| 0))
}

/// The fold as its definition has it: neighbours of a depth that are shorter than a bucket and begin in the same one.
fn fold_by_looking_at_every_slice(store: &Store, buckets: &Buckets) -> Rows {
    let slices = &store.trace().slices;
    let trace_end = store.bounds().map_or(0, |bounds| bounds.end);
    let width = 1i64 << buckets.width_log2;
    let mut ids: Vec<usize> = (0..slices.len()).collect();
    ids.sort_by_key(|&id| (slices.depth.get(id), id));
    let mut rows: Vec<(Block, bool, i64)> = Vec::new();
    for id in ids {
        let (ts, dur) = (slices.ts.get(id), slices.dur.get(id));
        let end = if dur < 0 { trace_end } else { ts + dur };
        let is_seen = ts <= buckets.last && (ts >= buckets.start || end > buckets.start);
        if !is_seen {
            continue;
        }
        let length = end - ts;
        let depth = slices.depth.get(id) as u16;
        let is_short = dur >= 0 && dur < width;
        let flags = if dur < 0 { 1 } else { 2 * u8::from(dur == 0) };
        match rows.last_mut() {
            Some((row, true, longest))
                if is_short && row.0 == depth && row.1.div_euclid(width) == ts.div_euclid(width) =>
            {
                row.2 = row.2.max(end - row.1);
                row.4 += 1;
                if length > *longest {
                    (*longest, row.3, row.5) = (length, id as u32, flags);
                }
            }
            _ => rows.push(((depth, ts, length, id as u32, 1, flags), is_short, length)),
        }
    }
    rows.into_iter().map(|(row, _, _)| row).collect()
}

#[test]
fn short_neighbours_share_a_block_and_long_ones_do_not() {
    // Buckets of 8 ns: 0, 8, 16 ... Slices: 0 to 12 alone; 14, 15, 16 with length 1: the third is in another bucket.
    let slices = [(0, 12), (14, 1), (15, 1), (16, 1), (18, 3), (40, 8), (49, 0)];
    let store = store_of(&slices.map(|(ts, dur)| Drawn { ts, dur, depth: 0 }));
    let expected = [
        (0, 0, 12, 0, 1, 0),
        (0, 14, 2, 1, 2, 0),
        (0, 16, 5, 4, 2, 0),
        (0, 40, 8, 5, 1, 0),
        (0, 49, 0, 6, 1, FLAG_INSTANT),
    ];
    // 10 ns a pixel: the widest power of two below it is 8.
    assert_eq!(fold(&store, 0..100, 10), expected);
    // 1 ns a pixel: nothing shares a bucket.
    assert_eq!(fold(&store, 0..50, 50).len(), 7);
    // 64 ns a pixel: all but nothing is shorter.
    assert_eq!(fold(&store, 0..640, 10), [(0, 0, 49, 0, 7, 0)]);
}

#[test]
fn a_window_inside_a_long_slice_shows_it() {
    let store = store_of(&[
        Drawn { ts: 0, dur: 1_000_000, depth: 0 },
        Drawn { ts: 10, dur: 5, depth: 1 },
        Drawn { ts: 500_000, dur: 400, depth: 1 },
        Drawn { ts: 999_990, dur: 10, depth: 1 },
    ]);
    assert_eq!(fold(&store, 500_100..500_200, 100), [(0, 0, 1_000_000, 0, 1, 0), (1, 500_000, 400, 2, 1, 0)]);
    assert_eq!(fold(&store, 600_000..600_100, 100), [(0, 0, 1_000_000, 0, 1, 0)]);
    assert_eq!(fold(&store, 2_000_000..2_000_100, 100), []);
    assert_eq!(fold(&store, -500..-100, 100), []);
}

#[test]
fn a_slice_that_never_ended_reaches_to_the_end_and_stays_by_itself() {
    let open = Drawn { ts: 90, dur: -1, depth: 1 };
    let store = store_of(&[Drawn { ts: 0, dur: 100, depth: 0 }, open, Drawn { ts: 90, dur: 2, depth: 2 }]);
    let blocks = [(0, 0, 100, 0, 1, 0), (1, 90, 10, 1, 1, FLAG_NEVER_ENDED), (2, 90, 2, 2, 1, 0)];
    assert_eq!(fold(&store, 0..100, 100), blocks);
    // A pixel holds the whole trace: the other two are shorter than it, each alone in its row.
    assert_eq!(fold(&store, 0..12_800, 100), blocks);
    assert_eq!(fold(&store, 95..96, 100), [blocks[0], blocks[1]]);
}

#[test]
fn empty_windows_and_unknown_tracks_show_nothing() {
    let store = store_of(&[Drawn { ts: 0, dur: 100, depth: 0 }]);
    assert_eq!(fold(&store, 10..10, 100), []);
    #[expect(clippy::reversed_empty_ranges, reason = "a page may ask for anything")]
    let backwards = 20..10;
    assert_eq!(fold(&store, backwards, 100), []);
    assert_eq!(fold(&store, 0..100, 0), []);
    assert!(store.timeline().fold(TrackId(7), 0..100, 100, &|_, _| 0).is_empty());
    assert!(store.timeline().fold_counter(TrackId(7), 0..100, 100).is_empty());
    assert_eq!(fold(&store, i64::MIN..i64::MAX, 1).len(), 1);
    let empty = Store::from(TraceBuilder::default().seal());
    assert!(empty.timeline().fold(TRACK, 0..100, 100, &|_, _| 0).is_empty());
}

#[test]
fn many_tracks_at_once_are_the_same_as_one_by_one() {
    let mut builder = TraceBuilder::default();
    let name = builder.strings.intern("x");
    (0..20).for_each(|_| {
        builder.tracks.push(track_row());
    });
    for index in 0..3_000u32 {
        builder.slices.push(SliceRow {
            ts: i64::from(index) * 10,
            dur: i64::from(index % 23),
            track_id: TrackId(index * 7 % 19),
            category: None,
            name,
            depth: index % 3,
            parent_id: None,
            arg_set_id: None,
            thread_ts: None,
            thread_dur: None,
            source_offset: 0,
        });
    }
    let store = Store::from(builder.seal());
    // Track 19 holds nothing, and track 25 is none.
    let tracks: Vec<TrackId> = [19, 3, 25, 0, 3].into_iter().chain(0..20).map(TrackId).collect();
    let class_of = |slice: SliceId, _: Label| slice.0 as u8;
    let blocks = store.timeline().fold_all(&tracks, 100..20_000, 300, &class_of);
    let one_by_one = tracks.iter().map(|&track| store.timeline().fold(track, 100..20_000, 300, &class_of));
    let expected: Vec<Blocks> = one_by_one.collect();
    assert!(expected.iter().map(Blocks::len).sum::<usize>() > 1_000);
    assert_eq!(blocks, expected);
}

#[test]
fn depths_beyond_what_a_block_can_say_are_shown_at_the_deepest() {
    let slices: Vec<Drawn> =
        [0, 1, 700, 65_535, 70_000].map(|depth| Drawn { ts: 0, dur: 1_000, depth }).into_iter().collect();
    let blocks = fold(&store_of(&slices), 0..1_000, 100);
    assert_eq!(blocks.iter().map(|block| block.0).collect::<Vec<_>>(), [0, 1, 700, 65_535, 65_535]);
}

#[test]
fn a_block_has_name_and_class_of_its_longest_slice() {
    let store = store_of(&[Drawn { ts: 0, dur: 1, depth: 0 }, Drawn { ts: 2, dur: 3, depth: 0 }]);
    let blocks = store.timeline().fold(TRACK, 0..64, 1, &|slice, _| slice.0 as u8 + 10);
    assert_eq!((blocks.len(), blocks.count[0], blocks.slice[0], blocks.class[0]), (1, 2, 1, 11));
    assert_eq!(store.trace().text(StringId(blocks.name[0])), "name 1");
    assert_eq!(blocks.name_hash[0], Timeline::name_hash("name 1"));
}

#[test]
fn names_that_differ_in_their_last_digits_share_a_colour() {
    // The published FNV-1a values of these texts.
    assert_eq!([Timeline::name_hash(""), Timeline::name_hash("a")], [0x811c_9dc5, 0xe40c_292c]);
    assert_eq!(Timeline::name_hash("foobar12"), 0xbf9c_f968);
    assert_ne!(Timeline::name_hash("gemm_64x128"), Timeline::name_hash("gemm_128x128"));
}

#[test]
fn panning_moves_blocks_and_changes_none() {
    let slices: Vec<Drawn> =
        (0..20_000).map(|i: i64| Drawn { ts: i * 37 % 700_000 * 10, dur: i * 7 % 113, depth: 0 }).collect();
    let store = store_of(&slices);
    let whole = fold(&store, 0..7_000_000, 1_000);
    for start in [1i64, 999, 100_001, 3_456_789] {
        let moved = fold(&store, start..start + 7_000_000, 1_000);
        let inside = |rows: &Rows| -> Rows {
            rows.iter().copied().filter(|row| row.1 >= start + 8_192 && row.1 < 6_990_000).collect()
        };
        assert!(!inside(&moved).is_empty());
        assert_eq!(inside(&moved), inside(&whole));
    }
}

#[test]
fn what_is_prepared_stays_small_and_is_enough() {
    // Two depths, the inner one a burst of a thousand in every tenth of the outer ones.
    let mut slices = Vec::new();
    for outer in 0..40_000i64 {
        slices.push(Drawn { ts: outer * 10_000, dur: 9_000, depth: 0 });
        let num_inner = if outer % 100 == 0 { 300 } else { 1 };
        slices.extend((0..num_inner).map(|inner| Drawn { ts: outer * 10_000 + inner * 20, dur: 15, depth: 1 }));
    }
    let store = store_of(&slices);
    let timeline = store.timeline();
    timeline.prepare(&[TRACK, TrackId(9)]);
    let bytes_per_slice = timeline.prepared_bytes(TRACK) as f64 / slices.len() as f64;
    assert!(bytes_per_slice < 10.0, "{bytes_per_slice} bytes per slice");
    for (window, px) in [(0..400_000_000i64, 2_000u32), (3_000_000..9_000_000, 700), (5_000_100..5_003_000, 1_000)] {
        let buckets = Buckets::new(window.clone(), px).expect("a window");
        assert_eq!(fold(&store, window, px), fold_by_looking_at_every_slice(&store, &buckets));
    }
    assert_eq!(timeline.num_rows(TRACK), 2);
}

#[test]
fn counters_keep_least_greatest_and_last() {
    let mut builder = TraceBuilder::default();
    builder.tracks.push(track_row());
    for (ts, value) in [(0, 5.0), (3, 1.0), (4, f64::NAN), (6, 9.0), (7, 2.0), (8, 4.0), (30, 6.0)] {
        builder.counters.push(CounterRow { ts, track_id: TRACK, value, arg_set_id: None });
    }
    let store = Store::from(builder.seal());
    let fold = |window, px| {
        let samples = store.timeline().fold_counter(TRACK, window, px);
        (0..samples.len()).map(|i| (samples.ts[i], samples.min[i], samples.max[i], samples.last[i])).collect::<Vec<_>>()
    };
    // Buckets of 8 ns.
    assert_eq!(fold(0..80, 10), [(0, 1.0, 9.0, 2.0), (8, 4.0, 4.0, 4.0), (30, 6.0, 6.0, 6.0)]);
    // 4 that began before still holds at 16.
    assert_eq!(fold(16..96, 10), [(8, 4.0, 4.0, 4.0), (30, 6.0, 6.0, 6.0)]);
    assert_eq!(fold(32..112, 10), [(30, 6.0, 6.0, 6.0)]);
    assert_eq!(fold(-64..-8, 7), []);
}

#[test]
fn what_is_sparse_is_a_small_share() {
    // Of 3,200 slices, 100 may be sparse.
    assert_eq!(sparse_len(vec![3_000, 40, 60, 100]), 60);
    // All of the same length or none.
    assert_eq!(sparse_len(vec![3_070, 60, 40, 30]), 40);
    assert_eq!(sparse_len(vec![3_080, 60, 60]), 0);
    assert_eq!(sparse_len(vec![0, 0, 0]), 0);
    assert_eq!(sparse_len(Vec::new()), 0);
}

#[test]
fn pauses_of_hours_between_slices_change_nothing() {
    // Starts within a chunk are kept as 32 bits, which are four seconds.
    let hour = 3_600_000_000_000;
    let mut slices: Vec<Drawn> =
        (0..100).map(|i: i64| Drawn { ts: i / 10 * hour + i % 10 * 50, dur: 20, depth: 0 }).collect();
    slices.push(Drawn { ts: -hour, dur: 3 * hour, depth: 1 });
    slices.push(Drawn { ts: 9 * hour, dur: 7, depth: 1 });
    let store = store_of(&slices);
    for (window, px) in [(-2 * hour..20 * hour, 2_000), (3 * hour - 7..3 * hour + 1_000, 20), (0..5 * hour, 1)] {
        let buckets = Buckets::new(window.clone(), px).expect("a window");
        assert_eq!(fold(&store, window, px), fold_by_looking_at_every_slice(&store, &buckets));
    }
}

fn drawn_slices() -> impl Strategy<Value = Vec<Drawn>> {
    // Bursts of close slices, pauses of very different lengths, at a few depths, some of which never end or have no length.
    let slice = (
        prop_oneof![4 => 0i64..8, 2 => 0i64..200, 1 => 0i64..20_000],
        prop_oneof![6 => 0i64..12, 2 => 0i64..500, 1 => Just(0i64), 1 => 0i64..30_000, 1 => Just(-1i64)],
        prop_oneof![5 => Just(0u32), 3 => Just(1u32), 1 => 2u32..600],
    );
    prop::collection::vec(slice, 0..220).prop_map(|steps| {
        let mut ts = -1_000;
        steps
            .into_iter()
            .map(|(pause, dur, depth)| {
                ts += pause;
                Drawn { ts, dur, depth }
            })
            .collect()
    })
}

/// As [`drawn_slices`], where each slice of a depth begins after the one before has ended.
fn nested_slices() -> impl Strategy<Value = Vec<Drawn>> {
    drawn_slices().prop_map(|slices| {
        let mut ends = std::collections::BTreeMap::new();
        let mut kept: Vec<Drawn> = Vec::new();
        for slice in slices {
            let end = ends.entry(slice.depth).or_insert(i64::MIN);
            if slice.ts >= *end && slice.dur >= 0 {
                *end = slice.ts + slice.dur;
                kept.push(slice);
            }
        }
        kept
    })
}

fn check(slices: &[Drawn], start: i64, len: i64, px: u32) -> Result<(), TestCaseError> {
    let store = store_of(slices);
    let Some(buckets) = Buckets::new(start..start + len, px) else { return Ok(()) };
    prop_assert!(buckets.start <= start && start - buckets.start < 1 << buckets.width_log2);
    let expected = fold_by_looking_at_every_slice(&store, &buckets);
    let mut found: Rows = Vec::new();
    // Small chunks and eager levels, so that a few slices go through all of the code.
    for sparse_track_len in [0, usize::MAX] {
        let rows = TrackRows::new(&store, TRACK, Limits { chunk_len: 16, slices_per_run: 2, sparse_track_len });
        found.clear();
        rows.fold(&store, TRACK, &buckets, |depth, piece, label| {
            let mut blocks = Blocks::default();
            assert_eq!(label, Label::of(&store, piece.longest));
            blocks.push(depth, piece, label.name, 0, 0);
            found.extend(rows_of(&blocks));
        });
        prop_assert_eq!(&found, &expected);
    }
    // With the limits that are used, the same.
    prop_assert_eq!(&fold(&store, start..start + len, px), &expected);
    let trace_end = store.bounds().map_or(0, |bounds| bounds.end);
    // The slices themselves, in the window as it was asked for.
    let table = &store.trace().slices;
    let mut in_window: Vec<usize> = (0..table.len())
        .filter(|&id| {
            let (ts, dur) = (table.ts.get(id), table.dur.get(id));
            let end = if dur < 0 { trace_end } else { ts + dur };
            ts < start + len && (ts >= start || end > start)
        })
        .collect();
    in_window.sort_by_key(|&id| (table.depth.get(id), id));
    let listed = store.timeline().slices_in(TRACK, start..start + len);
    prop_assert_eq!(listed.iter().map(|id| id.index()).collect::<Vec<_>>(), in_window);
    let seen = slices.iter().filter(|slice| {
        let end = if slice.dur < 0 { trace_end } else { slice.ts + slice.dur };
        slice.ts <= buckets.last && (slice.ts >= buckets.start || end > buckets.start)
    });
    prop_assert_eq!(found.iter().map(|row| row.4 as usize).sum::<usize>(), seen.count());
    Ok(())
}

proptest! {
    #[test]
    fn folding_by_levels_is_folding_slice_by_slice(
        slices in drawn_slices(), start in -2_000i64..60_000, len in 1i64..200_000, px in 1u32..2_000,
    ) {
        check(&slices, start, len, px)?;
    }

    #[test]
    fn and_so_it_is_where_slices_nest(
        slices in nested_slices(), start in -2_000i64..60_000, len in 1i64..200_000, px in 1u32..2_000,
    ) {
        check(&slices, start, len, px)?;
    }

    #[test]
    fn counters_fold_as_when_every_value_is_looked_at(
        steps in prop::collection::vec((0i64..30, -5i32..5), 0..300),
        start in -100i64..5_000, len in 1i64..8_000, px in 1u32..300,
    ) {
        let mut builder = TraceBuilder::default();
        builder.tracks.push(track_row());
        let mut ts = 0;
        let mut values: Vec<(i64, f64)> = Vec::new();
        for (pause, value) in steps {
            ts += pause;
            values.push((ts, f64::from(value)));
            builder.counters.push(CounterRow { ts, track_id: TRACK, value: f64::from(value), arg_set_id: None });
        }
        let store = Store::from(builder.seal());
        let buckets = Buckets::new(start..start + len, px).expect("a window");
        let mut expected: Vec<(i64, f64, f64, f64)> = Vec::new();
        if let Some(&(ts, value)) = values.iter().rfind(|(ts, _)| *ts < buckets.start) {
            expected.push((ts, value, value, value));
        }
        let num_before = expected.len();
        for &(ts, value) in values.iter().filter(|(ts, _)| (buckets.start..=buckets.last).contains(ts)) {
            let is_same = |last: &(i64, f64, f64, f64)| last.0 >> buckets.width_log2 == ts >> buckets.width_log2;
            match expected[num_before..].last_mut().filter(|last| is_same(last)) {
                Some(last) => *last = (last.0, last.1.min(value), last.2.max(value), value),
                None => expected.push((ts, value, value, value)),
            }
        }
        let samples = store.timeline().fold_counter(TRACK, start..start + len, px);
        let found: Vec<_> =
            (0..samples.len()).map(|i| (samples.ts[i], samples.min[i], samples.max[i], samples.last[i])).collect();
        prop_assert_eq!(found, expected);
    }
}
