//! Generates traces of a vLLM worker on a GPU, of any size, and says exactly what is in them.
//!
//! Tests need GPU traces that may be shipped, benches need them at a gigabyte and more, and both need to know what a
//! reader should find. So the generator simulates a worker (engine steps of prefill and decode, operators, launches,
//! graphs, streams, collectives), writes it in the layout of PyTorch's exporter with constant memory, and counts what it
//! drew before it becomes text.

mod catalog;
mod event;
mod options;
mod truth;
mod workload;
mod write;

use std::io::{self, Write};

pub use options::GenerateOptions;
pub use truth::{ClassTruth, CopyTruth, DeviceTruth, DurationTruth, GroundTruth, LaunchTruth, StepTruth, StreamTruth};

use truth::Census;

/// Writes one rank's trace and returns what it holds.
///
/// ```
/// use kinetoscope_testkit::generate::{GenerateOptions, generate};
///
/// let mut json = Vec::new();
/// let truth = generate(&GenerateOptions::new(2_000), &mut json)?;
/// let value: serde_json::Value = serde_json::from_slice(&json)?;
/// assert_eq!(value["traceEvents"].as_array().map(Vec::len), Some(truth.num_events as usize));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn generate<W: Write>(options: &GenerateOptions, out: W) -> io::Result<GroundTruth> {
    let plan = Census::run(options);
    write::write_trace(options, &plan, out)?;
    Ok(plan.truth)
}

/// What [`generate`] would return, without writing anything.
pub fn ground_truth(options: &GenerateOptions) -> GroundTruth {
    Census::run(options).truth
}

/// The name vLLM would give the file: `rank<R>.<ns of the export>.pt.trace.json`, without `.gz`.
pub fn file_name(options: &GenerateOptions, truth: &GroundTruth) -> String {
    // Ranks export one after another, some milliseconds after the session's end.
    let exported = write::BASE_TIME_NANOS + truth.session_end + 480_000_000 + options.rank * 7_340_113;
    format!("rank{}.{exported}.pt.trace.json", options.rank)
}

/// The nanoseconds since 1970 that the times of generated files count from.
pub const BASE_TIME_NANOS: u64 = write::BASE_TIME_NANOS;

/// How many events make about so many bytes, with the other options as they are.
///
/// The size is sampled: traces of a job differ in size for each event by a few hundredths.
pub fn num_events_for_bytes(options: &GenerateOptions, num_bytes: u64) -> u64 {
    // Large enough that a trace's fixed parts and its first steps do not count.
    const SAMPLE_EVENTS: u64 = 200_000;
    let mut num_events = SAMPLE_EVENTS.min(num_bytes / 300).max(1);
    // A small trace is dominated by whole steps, so the second look is taken at the size found by the first.
    for _ in 0..2 {
        let mut sample = Counter::default();
        let sampled = GenerateOptions { num_events: num_events.min(SAMPLE_EVENTS), ..options.clone() };
        let Ok(truth) = generate(&sampled, &mut sample) else { return num_events };
        num_events = (u128::from(truth.num_events) * u128::from(num_bytes) / u128::from(sample.num_bytes)) as u64;
    }
    num_events
}

#[derive(Debug, Default)]
struct Counter {
    num_bytes: u64,
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.num_bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
