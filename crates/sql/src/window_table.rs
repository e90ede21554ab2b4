//! Window tables: `CREATE VIRTUAL TABLE w USING window`, a stretch of time cut into steps of one length.
//!
//! They belong to the script and not to the trace, so `UPDATE w SET window_start = …, window_dur = …, quantum = …` is
//! possible for them and for nothing else. Rows are made when something is set, and not when they are asked for.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

/// The columns that can be set.
pub(crate) const SETTINGS: [&str; 3] = ["window_start", "window_dur", "quantum"];

/// Most steps of one table: a slip of the hand should not fill the memory.
pub(crate) const MAX_STEPS: i64 = 10_000_000;

/// The settings of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// In the order of [`SETTINGS`].
    pub(crate) settings: [i64; 3],
}

impl Default for Window {
    /// All of time in one step.
    fn default() -> Self {
        Self { settings: [0, i64::MAX, 0] }
    }
}

impl Window {
    /// The steps; an error says why there are none.
    pub(crate) fn rows(self) -> Result<RecordBatch, String> {
        let [start, dur, quantum] = self.settings;
        if dur < 0 || quantum < 0 {
            return Err("a window has no negative `window_dur` and no negative `quantum`".to_owned());
        }
        let num_steps = if quantum == 0 { 1 } else { dur / quantum + i64::from(dur % quantum != 0) };
        if num_steps > MAX_STEPS {
            return Err(format!("a window of {num_steps} steps is too long: {MAX_STEPS} are possible"));
        }
        let step = if quantum == 0 { dur } else { quantum };
        let numbers = || 0..num_steps;
        let ts = numbers().map(|number| start.saturating_add(number.saturating_mul(step)));
        let durs = numbers().map(|number| step.min(dur - number.saturating_mul(step)));
        let column = |values: Vec<i64>| Arc::new(Int64Array::from(values)) as ArrayRef;
        let columns = vec![column(ts.collect()), column(durs.collect()), column(numbers().collect())];
        let field = |name: &str| Field::new(name, DataType::Int64, false);
        let schema = Arc::new(Schema::new(vec![field("ts"), field("dur"), field("quantum_ts")]));
        RecordBatch::try_new(schema, columns).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;

    use super::*;

    #[test]
    fn the_last_step_ends_with_the_window() {
        let rows = Window { settings: [100, 25, 10] }.rows().expect("steps");
        let column = |index: usize| rows.column(index).as_primitive::<Int64Type>().values().to_vec();
        assert_eq!([column(0), column(1), column(2)], [vec![100, 110, 120], vec![10, 10, 5], vec![0, 1, 2]]);
        assert_eq!(Window::default().rows().expect("one step").num_rows(), 1);
        assert_eq!(Window { settings: [0, 0, 5] }.rows().expect("no step").num_rows(), 0);
        assert!(Window { settings: [0, i64::MAX, 1] }.rows().is_err());
        assert!(Window { settings: [0, -1, 1] }.rows().is_err());
    }
}
