//! One clock: where the times of each input lie when several become one trace.
//!
//! An input that says when its time zero was is placed by that. One that does not is placed where the others begin, since
//! nothing better is known, and a warning says so.

use kinetoscope_model::time::Nanos;
use kinetoscope_model::{SourceId, TraceBuilder, WarningKind};

/// What is known of the times of one input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InputClock<'a> {
    /// Path, for the warning.
    pub(crate) path: &'a str,
    /// Unix time in nanoseconds of its time zero.
    pub(crate) base_unix_ns: Option<i64>,
    /// Its earliest time; none without events.
    pub(crate) first: Option<Nanos>,
}

/// Sets the clock of `trace` by its inputs, and gives for each of them what leads from its times to the trace's.
pub(crate) fn align(trace: &mut TraceBuilder, inputs: &[InputClock<'_>]) -> Vec<Nanos> {
    let starts = inputs.iter().filter_map(|input| input.base_unix_ns?.checked_add(input.first?));
    let start_unix_ns = starts.min();
    let num_timed = inputs.iter().filter(|input| input.first.is_some()).count();
    let mut shifts = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.iter().enumerate() {
        let on_clock = input.base_unix_ns.zip(start_unix_ns).and_then(|(base, start)| base.checked_sub(start));
        shifts.push(match (on_clock, input.first) {
            (Some(shift), _) => shift,
            (None, Some(first)) => {
                if num_timed > 1 {
                    let detail = || format!("`{}`", input.path);
                    trace.warnings.add(WarningKind::UnrelatedClocks, SourceId::from_index(index), None, detail);
                }
                first.checked_neg().unwrap_or(i64::MAX)
            }
            (None, None) => 0,
        });
    }
    trace.clock.start_unix_ns = start_unix_ns;
    if let Some(shift) = shifts.first() {
        trace.clock.file_offset_ns = shift.checked_neg().unwrap_or(i64::MAX);
    }
    shifts
}
