//! Windows of time as people type them: `1.5ms..2ms`, `20us..`, `..3s`, `0..500`.
//!
//! Times count from the start of the trace, as the page shows them; a number without a unit is nanoseconds, as in the
//! API. Decimals are worked out in integers, so that a window cuts where it says.

/// Units and their nanoseconds.
const UNITS: [(&str, i128); 6] =
    [("", 1), ("ns", 1), ("us", 1_000), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)];

const EXPECTED: &str = "expected START..END such as `1.5ms..2ms`; one of them may be left out";

/// From a time up to another, in nanoseconds; `None` for the start or the end of the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: Option<i64>,
    pub(crate) end: Option<i64>,
}

/// What `text` means.
pub(crate) fn parse_window(text: &str) -> Result<Window, String> {
    let (start, end) = text.split_once("..").ok_or(EXPECTED)?;
    let time = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(parse_time).transpose();
    let window = Window { start: time(start)?, end: time(end)? };
    match window {
        Window { start: None, end: None } => Err(EXPECTED.to_owned()),
        Window { start: Some(start), end: Some(end) } if start >= end => {
            Err("the end has to be after the start".to_owned())
        }
        window => Ok(window),
    }
}

/// A time in whole nanoseconds.
fn parse_time(text: &str) -> Result<i64, String> {
    let explained = || format!("`{text}` is no time: {EXPECTED}");
    let number_len = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, unit) = text.split_at(number_len);
    let &(_, nanos) = UNITS.iter().find(|(name, _)| *name == unit.trim_start()).ok_or_else(explained)?;
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || decimals.is_empty() || whole.len() > 19 || decimals.len() > 9 {
        return Err(explained());
    }
    let whole: i128 = whole.parse().map_err(|_| explained())?;
    let part: i128 = decimals.parse().map_err(|_| explained())?;
    let scale = 10_i128.pow(u32::try_from(decimals.len()).map_err(|_| explained())?);
    if part * nanos % scale != 0 {
        return Err(format!("`{text}` is no whole number of nanoseconds"));
    }
    i64::try_from(whole * nanos + part * nanos / scale).map_err(|_| explained())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: impl Into<Option<i64>>, end: impl Into<Option<i64>>) -> Result<Window, String> {
        Ok(Window { start: start.into(), end: end.into() })
    }

    #[test]
    fn windows_mean_what_they_say() {
        assert_eq!(parse_window("1.5ms..2ms"), window(1_500_000, 2_000_000));
        assert_eq!(parse_window("0..500"), window(0, 500));
        assert_eq!(parse_window("20us.."), window(20_000, None));
        assert_eq!(parse_window("..3 s"), window(None, 3_000_000_000));
        assert_eq!(parse_window("0.000000001s..1.001µs"), window(1, 1_001));
    }

    #[test]
    fn what_is_no_window_says_why() {
        for text in
            ["", "..", "5ms", "x..y", "1h..2h", "-1..5", "1..2..3", ".5ms..1ms", "1.ms..2ms", "99999999999999999999.."]
        {
            let refused = parse_window(text).expect_err(text);
            assert!(refused.contains("START..END"), "{text}: {refused}");
        }
        assert!(parse_window("2ms..1ms").is_err_and(|text| text.contains("after the start")));
        assert!(parse_window("0.5ns..9").is_err_and(|text| text.contains("whole number")));
    }
}
