//! Measurements as a table of costs and a table of ratios.
//!
//! Only ratios of what ran side by side are held against the targets. The costs are there to see what a ratio is made
//! of, and mean little on another machine.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::measure::Cost;

/// Everything measured of one subject, in order of the runs.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) costs: Vec<Cost>,
}

/// A cost's part that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    WallSecs,
    CpuSecs,
    PeakBytes,
}

impl Measure {
    fn of(self, cost: &Cost) -> f64 {
        match self {
            Self::WallSecs => cost.wall_secs,
            Self::CpuSecs => cost.cpu_secs,
            Self::PeakBytes => cost.peak_bytes,
        }
    }
}

/// The least and the middle of a series: what the machine can do, and what it did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) min: f64,
    pub(super) median: f64,
}

impl Spread {
    /// The same value twice, for what does not vary.
    pub(super) fn constant(value: f64) -> Self {
        Self { min: value, median: value }
    }

    fn over(self, other: Self) -> Self {
        Self { min: self.min / other.min, median: self.median / other.median }
    }
}

impl Series {
    /// Least and middle of one measure; NaN for a series without runs.
    pub(super) fn spread(&self, measure: Measure) -> Spread {
        let mut values: Vec<f64> = self.costs.iter().map(|cost| measure.of(cost)).collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = match values.len() {
            0 => f64::NAN,
            len if len % 2 == 0 => (values[middle - 1] + values[middle]) / 2.0,
            _ => values[middle],
        };
        Spread { min: values.first().copied().unwrap_or(f64::NAN), median }
    }
}

/// What the design asks of a ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    AtMost(f64),
    AtLeast(f64),
    /// Nothing: the ratio is there for comparison.
    None,
}

impl Target {
    fn is_met(self, value: f64) -> Option<bool> {
        match self {
            Self::AtMost(limit) => Some(value <= limit),
            Self::AtLeast(limit) => Some(value >= limit),
            Self::None => None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(limit) => format!("≤ {limit}"),
            Self::AtLeast(limit) => format!("≥ {limit}"),
            Self::None => String::new(),
        }
    }
}

/// A ratio with what is asked of it.
#[derive(Debug, Clone)]
pub(super) struct Ratio {
    name: String,
    value: Spread,
    target: Target,
}

impl Ratio {
    /// `numerator` over `denominator`.
    pub(super) fn new(name: impl Into<String>, numerator: Spread, denominator: Spread, target: Target) -> Self {
        Self { name: name.into(), value: numerator.over(denominator), target }
    }

    fn verdict(&self) -> &'static str {
        match self.target.is_met(self.value.median) {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        }
    }
}

/// Both tables as text.
pub(super) fn text(series: &[Series], ratios: &[Ratio]) -> String {
    let mut costs = vec![["", "wall s", "", "cpu s", "", "peak MB", ""].map(str::to_owned).to_vec()];
    costs.push(["", "min", "median", "min", "median", "min", "median"].map(str::to_owned).to_vec());
    for series in series {
        let mut row = vec![series.name.clone()];
        for (measure, unit) in [(Measure::WallSecs, 1.0), (Measure::CpuSecs, 1.0), (Measure::PeakBytes, 1e6)] {
            let spread = series.spread(measure);
            row.extend([spread.min, spread.median].map(|value| significant(value / unit)));
        }
        costs.push(row);
    }
    let mut table = vec![["", "min", "median", "target", ""].map(str::to_owned).to_vec()];
    for ratio in ratios {
        table.push(vec![
            ratio.name.clone(),
            significant(ratio.value.min),
            significant(ratio.value.median),
            ratio.target.text(),
            ratio.verdict().to_owned(),
        ]);
    }
    format!("{}\n{}", aligned(&costs), aligned(&table))
}

/// The same for programs, with every single run.
pub(super) fn json(facts: &Value, series: &[Series], ratios: &[Ratio]) -> Value {
    let run =
        |cost: &Cost| json!({ "wall_secs": cost.wall_secs, "cpu_secs": cost.cpu_secs, "peak_bytes": cost.peak_bytes });
    json!({
        "facts": facts,
        "series": series.iter().map(|series| json!({
            "name": series.name,
            "runs": series.costs.iter().map(run).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "ratios": ratios.iter().map(|ratio| json!({
            "name": ratio.name,
            "min": ratio.value.min,
            "median": ratio.value.median,
            "target": ratio.target.text(),
            "is_met": ratio.target.is_met(ratio.value.median),
        })).collect::<Vec<_>>(),
    })
}

/// Three digits or more: 0.0123, 1.23, 12.3, 123, 1234.
fn significant(value: f64) -> String {
    let num_decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 4,
    };
    format!("{value:.num_decimals$}")
}

/// Columns as wide as their widest cell: the first to the left, the others to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let mut widths = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 => write!(line, "{cell:<width$}"),
                _ => write!(line, "  {cell:>width$}"),
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, wall_secs: &[f64]) -> Series {
        let cost = |&wall_secs: &f64| Cost { wall_secs, cpu_secs: 2.0 * wall_secs, peak_bytes: 5e6 };
        Series { name: name.to_owned(), costs: wall_secs.iter().map(cost).collect() }
    }

    #[test]
    fn a_spread_is_least_and_middle() {
        assert_eq!(series("", &[3.0, 1.0, 7.0]).spread(Measure::WallSecs), Spread { min: 1.0, median: 3.0 });
        assert_eq!(series("", &[4.0, 1.0, 7.0, 3.0]).spread(Measure::CpuSecs), Spread { min: 2.0, median: 7.0 });
        assert!(series("", &[]).spread(Measure::WallSecs).median.is_nan());
    }

    #[test]
    fn tables_are_aligned_and_judge_by_the_median() {
        let (unpack, read) = (series("only unpacking", &[1.0, 2.0]), series("reading", &[1.2, 2.7]));
        let ratio = |target| {
            let wall = Measure::WallSecs;
            Ratio::new("reading ÷ only unpacking", read.spread(wall), unpack.spread(wall), target)
        };
        let ratios =
            [ratio(Target::AtMost(1.5)), ratio(Target::AtMost(1.25)), ratio(Target::AtLeast(1.2)), ratio(Target::None)];
        let expected = "
                wall s          cpu s          peak MB
                   min  median    min  median      min  median
only unpacking    1.00    1.50   2.00    3.00     5.00    5.00
reading           1.20    1.95   2.40    3.90     5.00    5.00

                           min  median  target
reading ÷ only unpacking  1.20    1.30   ≤ 1.5     met
reading ÷ only unpacking  1.20    1.30  ≤ 1.25  MISSED
reading ÷ only unpacking  1.20    1.30   ≥ 1.2     met
reading ÷ only unpacking  1.20    1.30
";
        assert_eq!(text(&[unpack.clone(), read.clone()], &ratios), expected.trim_start_matches('\n'));
    }

    #[test]
    fn json_has_every_run() {
        let read = series("reading", &[1.0, 2.0]);
        let wall = read.spread(Measure::WallSecs);
        let ratio = Ratio::new("r", wall, Spread::constant(0.5), Target::AtMost(2.5));
        let json = json(&json!({ "seed": 1 }), &[read], &[ratio]);
        assert_eq!(json["facts"]["seed"], 1);
        assert_eq!(json["series"][0]["runs"][1]["cpu_secs"], 4.0);
        assert_eq!((&json["ratios"][0]["min"], &json["ratios"][0]["is_met"]), (&json!(2.0), &json!(false)));
    }

    #[test]
    fn numbers_keep_three_digits() {
        assert_eq!([0.0123, 1.234, 12.34, 123.4, 1234.5].map(significant), ["0.0123", "1.23", "12.3", "123", "1234"]);
    }
}
