//! Counters: the values of a track, put together beforehand at growing widths of buckets.
//!
//! What a plot can show of a bucket is its least, greatest and last value, and these compose: each level is made from the
//! one below, as those of slices are ([`super::rows`]). A view reads the widest level that is no wider than its buckets.

use std::ops::Range;

use kinetoscope_model::TrackId;
use kinetoscope_model::time::Nanos;

use super::Buckets;
use super::block::Sample;
use crate::Store;

/// Values per sample that the first level must have on average. A sample is as large as eight row numbers.
const VALUES_PER_SAMPLE: usize = 16;

/// Levels are four times as wide as the ones before.
const STEP_LOG2: usize = 2;

/// Widest buckets of a level.
const LAST_WIDTH_LOG2: u32 = 40;

/// Values that a level is made for: fewer are read faster than searched.
const CHUNK_LEN: usize = 4096;

#[derive(Debug)]
struct Level {
    width_log2: u32,
    samples: Range<usize>,
}

/// A stretch of the track's values with levels of its own, so that a burst does not hide in a quiet track.
#[derive(Debug)]
struct Chunk {
    positions: Range<usize>,
    first_ts: Nanos,
    levels: Vec<Level>,
}

/// The prepared levels of one track.
#[derive(Debug)]
pub(super) struct CounterLevels {
    chunks: Vec<Chunk>,
    samples: Vec<Sample>,
}

fn merge(samples: impl Iterator<Item = Sample>, width_log2: u32, mut emit: impl FnMut(Sample)) {
    let mut pending: Option<Sample> = None;
    for next in samples {
        match &mut pending {
            Some(sample) if sample.ts >> width_log2 == next.ts >> width_log2 => sample.add(next),
            _ => {
                if let Some(done) = pending.replace(next) {
                    emit(done);
                }
            }
        }
    }
    if let Some(last) = pending {
        emit(last);
    }
}

fn value_at(store: &Store, row: u32) -> Sample {
    let counters = &store.trace().counters;
    let value = counters.value.get(row as usize);
    Sample { ts: counters.ts.get(row as usize), min: value, max: value, last: value }
}

impl CounterLevels {
    pub(super) fn new(store: &Store, track: TrackId) -> Self {
        let values = store.counters_of_track(track);
        let mut levels = Self { chunks: Vec::new(), samples: Vec::new() };
        for (index, chunk) in values.chunks(CHUNK_LEN).enumerate() {
            let mut samples: Vec<Sample> = chunk.iter().map(|&row| value_at(store, row)).collect();
            let start = index * CHUNK_LEN;
            let first_ts = samples[0].ts;
            let mut chunk = Chunk { positions: start..start + chunk.len(), first_ts, levels: Vec::new() };
            let mut most_samples = samples.len() / VALUES_PER_SAMPLE;
            for width_log2 in (0..=LAST_WIDTH_LOG2).step_by(STEP_LOG2) {
                if most_samples == 0 {
                    break;
                }
                let mut merged = Vec::with_capacity(samples.len());
                merge(samples.iter().copied(), width_log2, |sample| merged.push(sample));
                samples = merged;
                if samples.len() <= most_samples {
                    most_samples = samples.len() / 2;
                    let first = levels.samples.len();
                    levels.samples.extend_from_slice(&samples);
                    chunk.levels.push(Level { width_log2, samples: first..levels.samples.len() });
                }
            }
            levels.chunks.push(chunk);
        }
        levels
    }

    /// Bytes that this takes.
    pub(super) fn num_bytes(&self) -> usize {
        size_of_val(&self.chunks[..]) + size_of_val(&self.samples[..])
    }

    pub(super) fn fold(&self, store: &Store, track: TrackId, buckets: &Buckets, mut emit: impl FnMut(Sample)) {
        let values = store.counters_of_track(track);
        let times = store.trace().counters.ts.values();
        let begins_at = values.partition_point(|&row| times[row as usize] < buckets.start);
        if let Some(&row) = begins_at.checked_sub(1).and_then(|before| values.get(before)) {
            emit(value_at(store, row));
        }
        let first = self.chunks.partition_point(|chunk| chunk.positions.end <= begins_at);
        let chunks = self.chunks[first..].iter().take_while(|chunk| chunk.first_ts <= buckets.last);
        let samples = chunks.flat_map(|chunk| {
            let level = chunk.levels.iter().rfind(|level| level.width_log2 <= buckets.width_log2);
            let prepared = level.map_or(&[][..], |level| &self.samples[level.samples.clone()]);
            let prepared = &prepared[prepared.partition_point(|sample| sample.ts < buckets.start)..];
            let positions =
                if level.is_some() { 0..0 } else { chunk.positions.start.max(begins_at)..chunk.positions.end };
            let plain = values[positions].iter().map(|&row| value_at(store, row));
            prepared.iter().copied().chain(plain)
        });
        merge(samples.take_while(|sample| sample.ts <= buckets.last), buckets.width_log2, emit);
    }
}
