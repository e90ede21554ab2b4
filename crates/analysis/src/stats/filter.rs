//! Filters: a window of time, given by times or by a range of the program.
//!
//! What overlaps the window stays, whole: a call that began before it is not cut. A window that a range gives also keeps
//! only the range's thread, or its process where any thread may end the range, as nsys does; GPU work is of a process.

use std::fmt;
use std::str::FromStr;

use super::activity::{Activities, Dense, NvtxRange, RangeStyle};

/// What to keep, as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Earliest time, as reports print times.
    pub start: Option<i64>,
    /// Latest time.
    pub end: Option<i64>,
    /// Only what is inside of this range.
    pub nvtx: Option<NvtxFilter>,
}

/// A range: `name[@domain][/index]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NvtxFilter {
    /// Name.
    pub name: String,
    /// Name of the domain; any when `None`.
    pub domain: Option<String>,
    /// Which of the ranges of that name, by their starts, from 0.
    pub index: usize,
}

/// Why a filter cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterError {
    /// Not `start/end`.
    BadTimes(String),
    /// There is no such range, or not so many.
    NoRange {
        /// The range asked for.
        name: String,
        /// Its domain.
        domain: Option<String>,
        /// Its index.
        index: usize,
        /// How many there are.
        num_found: usize,
    },
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadTimes(text) => {
                write!(f, "`{text}` is no span of time; write `start/end`, each in ns or with a unit, as `1.5s/2s`")
            }
            Self::NoRange { name, domain, index, num_found } => {
                write!(f, "there is no range `{name}`")?;
                if let Some(domain) = domain {
                    write!(f, " in the domain `{domain}`")?;
                }
                if *num_found > 0 {
                    write!(f, " with the index {index}: the last one is {}", num_found - 1)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for FilterError {}

impl FromStr for NvtxFilter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        // Names hold slashes and at signs too: only a number behind the last slash is an index.
        let (rest, index) = match text.rsplit_once('/').map(|(rest, index)| (rest, index.parse::<usize>())) {
            Some((rest, Ok(index))) => (rest, index),
            _ => (text, 0),
        };
        let (name, domain) = match rest.rsplit_once('@') {
            Some((name, domain)) if !name.is_empty() => (name, Some(domain.to_owned())),
            _ => (rest, None),
        };
        Ok(Self { name: name.to_owned(), domain, index })
    }
}

impl Filter {
    /// Takes `start/end`; each may be missing.
    pub fn set_times(&mut self, text: &str) -> Result<(), FilterError> {
        let bad = || FilterError::BadTimes(text.to_owned());
        let (start, end) = text.split_once('/').ok_or_else(bad)?;
        let time = |text: &str| match text.trim() {
            "" => Ok(None),
            text => parse_time(text).map(Some).ok_or_else(bad),
        };
        (self.start, self.end) = (time(start)?, time(end)?);
        match (self.start, self.end) {
            (None, None) => Err(bad()),
            (Some(start), Some(end)) if start > end => Err(bad()),
            _ => Ok(()),
        }
    }

    pub(super) fn resolve(&self, activities: &Activities<'_>) -> Result<Kept, FilterError> {
        let mut kept = Kept { start: self.start, end: self.end, thread: None, process: None };
        let Some(nvtx) = &self.nvtx else { return Ok(kept) };
        let trace = activities.trace;
        let is_wanted = |range: &&NvtxRange| {
            trace.text_or_empty(range.name) == nvtx.name
                && nvtx.domain.as_deref().is_none_or(|domain| domain == trace.text_or_empty(range.domain))
        };
        let found: Vec<&NvtxRange> = activities.nvtx_ranges().unwrap_or_default().iter().filter(is_wanted).collect();
        let range = found.get(nvtx.index).ok_or_else(|| FilterError::NoRange {
            name: nvtx.name.clone(),
            domain: nvtx.domain.clone(),
            index: nvtx.index,
            num_found: found.len(),
        })?;
        kept.start = Some(kept.start.map_or(range.start, |start| start.max(range.start)));
        kept.end = Some(kept.end.map_or(range.end, |end| end.min(range.end)));
        if let Some(thread) = range.thread {
            kept.process = Some(activities.threads[thread as usize].process);
            kept.thread = (range.style == RangeStyle::PushPop).then_some(thread);
        }
        Ok(kept)
    }
}

/// A time in nanoseconds, or in the unit that follows the number.
fn parse_time(text: &str) -> Option<i64> {
    const UNITS: [(&str, u32); 8] =
        [("nsec", 0), ("ns", 0), ("usec", 3), ("us", 3), ("msec", 6), ("ms", 6), ("sec", 9), ("s", 9)];
    let (digits, power) =
        UNITS.iter().find_map(|(unit, power)| Some((text.strip_suffix(unit)?.trim_end(), *power))).unwrap_or((text, 0));
    let (is_negative, digits) = digits.strip_prefix('-').map_or((false, digits), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    // Digits below a nanosecond say nothing.
    let kept: String = fraction.chars().chain(std::iter::repeat('0')).take(power as usize).collect();
    let nanos: i64 = format!("{whole}{kept}").parse().ok()?;
    Some(if is_negative { -nanos } else { nanos })
}

/// What a filter keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kept {
    start: Option<i64>,
    end: Option<i64>,
    thread: Option<Dense>,
    process: Option<Dense>,
}

impl Kept {
    /// True for what overlaps the window.
    pub(super) fn has_time(&self, start: i64, end: i64) -> bool {
        self.start.is_none_or(|window| end >= window) && self.end.is_none_or(|window| start <= window)
    }

    pub(super) fn has_thread(&self, thread: Option<Dense>) -> bool {
        self.thread.is_none() || self.thread == thread
    }

    pub(super) fn has_process(&self, process: Option<Dense>) -> bool {
        self.process.is_none() || self.process == process
    }

    /// Length of what the window leaves of a span.
    pub(super) fn clip(&self, start: i64, end: i64) -> i64 {
        let (start, end) = (self.start.unwrap_or(start).max(start), self.end.unwrap_or(end).min(end));
        (end - start).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, nanos) in [
            ("100", Some(100)),
            ("1.5s", Some(1_500_000_000)),
            ("-2ms", Some(-2_000_000)),
            (".25us", Some(250)),
            ("3.0001 us", Some(3_000)),
            ("10sec", Some(10_000_000_000)),
            ("s", None),
            ("1e3", None),
            ("99999999999s", None),
        ] {
            assert_eq!(parse_time(text), nanos, "{text}");
        }
    }

    #[test]
    fn either_end_may_be_open() {
        let mut filter = Filter::default();
        filter.set_times("1ms/").unwrap();
        assert_eq!((filter.start, filter.end), (Some(1_000_000), None));
        filter.set_times("/5").unwrap();
        assert_eq!((filter.start, filter.end), (None, Some(5)));
        for text in ["/", "5", "5/3", "a/b"] {
            assert_eq!(filter.set_times(text), Err(FilterError::BadTimes(text.to_owned())));
        }
    }

    #[test]
    fn ranges_have_domains_and_indexes() {
        let parse = |text: &str| {
            let NvtxFilter { name, domain, index } = text.parse().unwrap();
            (name, domain, index)
        };
        assert_eq!(parse("step"), ("step".to_owned(), None, 0));
        assert_eq!(parse("step@engine/3"), ("step".to_owned(), Some("engine".to_owned()), 3));
        assert_eq!(parse("a/b"), ("a/b".to_owned(), None, 0));
        assert_eq!(parse("a/2"), ("a".to_owned(), None, 2));
    }

    #[test]
    fn what_touches_the_window_stays() {
        let kept = Kept { start: Some(10), end: Some(20), ..Kept::default() };
        assert!(kept.has_time(0, 10) && kept.has_time(20, 30) && kept.has_time(0, 100));
        assert!(!kept.has_time(0, 9) && !kept.has_time(21, 22));
        assert_eq!(kept.clip(0, 15), 5);
        assert_eq!(kept.clip(30, 40), 0);
    }
}
