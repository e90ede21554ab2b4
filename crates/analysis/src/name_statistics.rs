//! Name statistics: how long the slices of one name are, and where one of them stands among them.
//!
//! "Is this one slow?" is the first question to a slice. The answer needs every duration of its name, exactly: percentiles
//! follow the project's one rule ([`crate::percentile`]), and the buckets of the picture count whole nanoseconds.

use kinetoscope_model::SliceId;
use kinetoscope_model::time::Nanos;
use kinetoscope_store::Store;
use serde::Serialize;

use crate::percentile::percentile;

/// Buckets between the shortest and the longest duration: a bar every few pixels of a panel.
const NUM_BUCKETS: u32 = 40;

/// The durations of all slices of one name. Slices that never ended have none and are not counted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NameStatistics {
    /// The name.
    pub name: String,
    /// Number of slices.
    pub count: u64,
    /// Durations added up, nested ones at every level.
    pub total: Nanos,
    /// The shortest.
    pub min: Nanos,
    /// The longest.
    pub max: Nanos,
    /// Mean.
    pub mean: f64,
    /// Half are no longer.
    pub p50: Nanos,
    /// 75 of 100 are no longer.
    pub p75: Nanos,
    /// 90 of 100 are no longer.
    pub p90: Nanos,
    /// 95 of 100 are no longer.
    pub p95: Nanos,
    /// 99 of 100 are no longer.
    pub p99: Nanos,
    /// 999 of 1000 are no longer.
    pub p999: Nanos,
    /// How many are shorter than the slice that was asked for; all when that one never ended.
    pub rank_of_this: u64,
    /// How many are how long, with bounds that grow by a factor.
    pub buckets: Vec<Bucket>,
}

/// Durations from `from` up to, and without, `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the struct says it")]
pub struct Bucket {
    pub from: Nanos,
    pub to: Nanos,
    pub count: u64,
}

/// The durations of all slices that are called as `slice` is, in O(slices); `None` for an unknown id.
pub fn same_name_statistics(store: &Store, slice: SliceId) -> Option<NameStatistics> {
    let slices = &store.trace().slices;
    if slice.index() >= slices.len() {
        return None;
    }
    let name = slices.name.get(slice.index());
    let durs = slices.dur.values();
    let of_name = slices.name.values().iter().zip(durs).filter(|(id, dur)| **id == name.0 && **dur >= 0);
    let mut sorted: Vec<Nanos> = of_name.map(|(_, &dur)| dur).collect();
    sorted.sort_unstable();
    let total = sorted.iter().fold(0, |total: Nanos, &dur| total.saturating_add(dur));
    let count = sorted.len() as u64;
    let this = durs[slice.index()];
    let rank_of_this = if this < 0 { sorted.len() } else { sorted.partition_point(|&dur| dur < this) };
    let buckets = buckets(&sorted);
    let mut at = |p| percentile(&mut sorted, p).unwrap_or_default();
    Some(NameStatistics {
        name: store.trace().text(name).to_owned(),
        count,
        total,
        min: at(0.0),
        max: at(1.0),
        mean: if count > 0 { total as f64 / count as f64 } else { 0.0 },
        p50: at(0.5),
        p75: at(0.75),
        p90: at(0.9),
        p95: at(0.95),
        p99: at(0.99),
        p999: at(0.999),
        rank_of_this: rank_of_this as u64,
        buckets,
    })
}

/// Counts sorted durations in buckets whose bounds grow by a factor from the shortest to the longest. Durations of zero
/// have a bucket of their own, since nothing grows from there.
fn buckets(sorted: &[Nanos]) -> Vec<Bucket> {
    let num_zeros = sorted.partition_point(|&dur| dur < 1);
    let zeros = (num_zeros > 0).then_some(Bucket { from: 0, to: 1, count: num_zeros as u64 });
    let (Some(&min), Some(&max)) = (sorted.get(num_zeros), sorted.last()) else { return zeros.into_iter().collect() };
    let factor = max as f64 / min as f64;
    let bound = |index: u32| (min as f64 * factor.powf(f64::from(index) / f64::from(NUM_BUCKETS))).round() as Nanos;
    // The first and last bound are exact; those between are whole numbers, each but once.
    let mut bounds: Vec<Nanos> = (1..NUM_BUCKETS).map(bound).filter(|&bound| bound > min && bound < max).collect();
    bounds.insert(0, min);
    bounds.push(max.saturating_add(1));
    bounds.dedup();
    let counted = bounds.windows(2).map(|pair| {
        // The longest is in the last bucket, also where no number is larger.
        let below = |bound: Nanos| sorted.partition_point(|&dur| dur < bound);
        let end = if pair[1] > max || pair[1] == Nanos::MAX { sorted.len() } else { below(pair[1]) };
        Bucket { from: pair[0], to: pair[1], count: (end - below(pair[0])) as u64 }
    });
    zeros.into_iter().chain(counted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    #[test]
    fn durations_of_a_name_are_counted_and_ranked() {
        let mut drawing = Drawing::default().slice("main", "cpu_op", "other", 0..7);
        for (index, dur) in [5i64, 1, 3, 10, 8, 2, 7, 4, 9, 6].into_iter().enumerate() {
            let start = 100 * (index as i64 + 1);
            drawing = drawing.slice("main", "cpu_op", "aten::mm", start..start + dur);
        }
        let store = Store::from(drawing.build());
        // The slice of 8 is the sixth: one of another name, then 5, 1, 3, 10, 8.
        let found = same_name_statistics(&store, SliceId(5)).expect("it is a slice");
        assert_eq!((found.name.as_str(), found.count, found.total, found.mean), ("aten::mm", 10, 55, 5.5));
        assert_eq!((found.min, found.max, found.rank_of_this), (1, 10, 7));
        // Of ten values at indexes 5, 7.25, 8.6, 9.05, 9.41 and 9.491, cut to whole ones.
        assert_eq!((found.p50, found.p75, found.p90, found.p95, found.p99, found.p999), (6, 8, 9, 10, 10, 10));
        assert_eq!(found.buckets.iter().map(|bucket| bucket.count).sum::<u64>(), 10);
        assert_eq!((found.buckets[0].from, found.buckets.last().map(|bucket| bucket.to)), (1, Some(11)));
        assert!(found.buckets.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert_eq!(same_name_statistics(&store, SliceId(99)), None);
    }

    #[test]
    fn buckets_grow_by_a_factor_and_begin_at_the_shortest() {
        let sorted: Vec<Nanos> = vec![0, 0, 1_000, 1_001, 9_999_999, 10_000_000];
        let found = buckets(&sorted);
        assert_eq!(found[0], Bucket { from: 0, to: 1, count: 2 });
        // Four decades in 40 buckets: ten a decade, so the 11th bound is ten times the first.
        assert_eq!((found[1].from, found[11].from, found[40].to), (1_000, 10_000, 10_000_001));
        assert_eq!((found.len(), found[1].count, found[40].count), (41, 2, 2));
        assert_eq!(buckets(&[]), []);
        assert_eq!(buckets(&[7, 7]), [Bucket { from: 7, to: 8, count: 2 }]);
        assert_eq!(buckets(&[0]), [Bucket { from: 0, to: 1, count: 1 }]);
        assert_eq!(buckets(&[1, Nanos::MAX]).iter().map(|bucket| bucket.count).sum::<u64>(), 2);
    }

    #[test]
    fn a_slice_that_never_ended_is_not_counted() {
        let json = r#"{"traceEvents": [
            {"ph":"X","pid":1,"tid":1,"ts":0,"dur":5,"name":"a"},
            {"ph":"B","pid":1,"tid":1,"ts":7,"name":"a"}
        ]}"#;
        let trace = kinetoscope_ingest::read_bytes("open.json", json.as_bytes().to_vec()).expect("a trace");
        let found = same_name_statistics(&Store::from(trace), SliceId(1)).expect("it is a slice");
        assert_eq!((found.count, found.total, found.rank_of_this, found.p50), (1, 5_000, 1, 5_000));
    }
}
