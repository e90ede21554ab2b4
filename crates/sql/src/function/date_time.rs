//! SQLite's functions of dates: `date`, `time`, `datetime`, `julianday`, `unixepoch`, `strftime`, `timediff`.
//!
//! A moment is a date and a time of day, or a count of milliseconds since the Julian epoch, or both, as in SQLite: which
//! of them is known decides what a modifier does to values that no calendar has, such as the 31st of February. Nothing
//! here reads a clock or a time zone: the time of the statement comes as the first argument, and local time is UTC.

use std::fmt::Write as _;

use super::per_row::{ANY, Definition, Gives};
use super::value::{Number, Value, whole_number};

/// The functions take the time of the statement first.
pub(crate) const DATE: &str = "__date";
/// `time`.
pub(crate) const TIME: &str = "__time";
/// `datetime`.
pub(crate) const DATETIME: &str = "__datetime";
/// `julianday`.
pub(crate) const JULIANDAY: &str = "__julianday";
/// `unixepoch` in whole seconds.
pub(crate) const UNIXEPOCH: &str = "__unixepoch";
/// `unixepoch` with the modifier `subsec`.
pub(crate) const UNIXEPOCH_SUBSEC: &str = "__unixepoch_subsec";
/// `strftime`.
pub(crate) const STRFTIME: &str = "__strftime";
/// `timediff`.
pub(crate) const TIMEDIFF: &str = "__timediff";

/// The functions.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition { name: DATE, num_args: 1..=ANY, gives: Gives::Text, compute: |args| Ok(date(args)) },
    Definition { name: TIME, num_args: 1..=ANY, gives: Gives::Text, compute: |args| Ok(time(args)) },
    Definition { name: DATETIME, num_args: 1..=ANY, gives: Gives::Text, compute: |args| Ok(datetime(args)) },
    Definition { name: JULIANDAY, num_args: 1..=ANY, gives: Gives::Real, compute: |args| Ok(julianday(args)) },
    Definition { name: UNIXEPOCH, num_args: 1..=ANY, gives: Gives::Int, compute: |args| Ok(unixepoch(args)) },
    Definition { name: UNIXEPOCH_SUBSEC, num_args: 1..=ANY, gives: Gives::Real, compute: |args| Ok(unixepoch(args)) },
    Definition { name: STRFTIME, num_args: 2..=ANY, gives: Gives::Text, compute: |args| Ok(strftime(args)) },
    Definition { name: TIMEDIFF, num_args: 3..=3, gives: Gives::Text, compute: |args| Ok(timediff(args)) },
];

const DAY_MS: i64 = 86_400_000;

/// Milliseconds from the Julian epoch, which is a noon, to 1970.
const UNIX_EPOCH_MS: i64 = 210_866_760_000_000;

/// The last millisecond of the year 9999; the first one is 0.
const LAST_MS: i64 = 464_269_060_799_999;

/// Numbers below this are Julian days, and others can only be seconds.
const END_OF_DAYS: f64 = 5_373_484.5;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Day {
    year: i64,
    month: i64,
    day: i64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Clock {
    hour: i64,
    minute: i64,
    second: f64,
}

const MIDNIGHT: Clock = Clock { hour: 0, minute: 0, second: 0.0 };

/// What is known of a point in time.
#[derive(Debug, Clone, Copy, Default)]
struct Moment {
    /// Milliseconds since the Julian epoch.
    ms: Option<i64>,
    day: Option<Day>,
    clock: Option<Clock>,
    /// Minutes that the clock is ahead of UTC.
    zone: i64,
    /// A number that may be days or seconds: a modifier says which.
    raw: Option<f64>,
    /// Days that the day of the month is past the end of it.
    num_past_month: i64,
    is_subsec: bool,
}

/// Days from 1970 to the first of a month.
fn days_to(year: i64, month: i64) -> i64 {
    // Years that begin in March have the leap day at their end.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The day of a number of days since 1970.
fn day_of(days: i64) -> Day {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    Day { year: year_of_era + era * 400 + next_year, month, day }
}

impl Moment {
    fn at(ms: i64) -> Self {
        Self { ms: Some(ms), ..Self::default() }
    }

    /// A number that was given as a time.
    fn of_number(number: f64) -> Self {
        let ms = (0.0..END_OF_DAYS).contains(&number).then_some((number * DAY_MS as f64 + 0.5) as i64);
        Self { ms, raw: Some(number), ..Self::default() }
    }

    fn parse(text: &str, now: i64) -> Option<Self> {
        let mut moment = Self::default();
        if moment.read_date(text).is_some() {
            if moment.clock.is_some_and(|clock| clock.hour == 24) {
                moment.settle_ms()?;
            }
            return Some(moment);
        }
        moment = Self::default();
        if moment.read_clock(text).is_some() {
            return Some(moment);
        }
        match text.to_ascii_lowercase().as_str() {
            "now" => return Some(Self::at(now)),
            "subsec" | "subsecond" => return Some(Self { is_subsec: true, ..Self::at(now) }),
            _ => {}
        }
        whole_number(text).map(|number| Self::of_number(number.to_real()))
    }

    /// `[-]YYYY-MM-DD`, and a time of day after a blank or a `T`.
    fn read_date(&mut self, text: &str) -> Option<()> {
        let (text, sign) = match text.strip_prefix('-') {
            Some(rest) => (rest, -1),
            None => (text, 1),
        };
        let mut reader = Reader { rest: text };
        let year = reader.number(4, 0, 9999)?;
        reader.char('-')?;
        let month = reader.number(2, 1, 12)?;
        reader.char('-')?;
        let day = reader.number(2, 1, 31)?;
        let rest = reader.rest.trim_start_matches(|c: char| is_space(c) || c == 'T');
        if self.read_clock(rest).is_none() {
            if !rest.is_empty() {
                return None;
            }
            self.clock = None;
        }
        self.day = Some(Day { year: sign * year, month, day });
        self.note_past_month();
        if self.zone != 0 {
            self.settle_ms()?;
        }
        Some(())
    }

    /// `HH:MM[:SS[.SSS]]` and a time zone.
    fn read_clock(&mut self, text: &str) -> Option<()> {
        let mut reader = Reader { rest: text };
        let hour = reader.number(2, 0, 24)?;
        reader.char(':')?;
        let minute = reader.number(2, 0, 59)?;
        let mut second = 0.0;
        if reader.rest.starts_with(':') {
            reader.char(':')?;
            second = reader.number(2, 0, 59)? as f64;
            let fraction = reader.rest.strip_prefix('.').unwrap_or_default();
            let num_digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if num_digits > 0 {
                let share: f64 = format!("0.{}", &fraction[..num_digits]).parse().ok()?;
                // Not to be rounded into the next second.
                second += share.min(0.999);
                reader.rest = &fraction[num_digits..];
            }
        }
        let zone = reader.rest.trim_start_matches(is_space);
        let (minutes, rest) = match zone.chars().next() {
            Some('Z' | 'z') => (0, &zone[1..]),
            Some(sign @ ('+' | '-')) => {
                let mut reader = Reader { rest: &zone[1..] };
                let hours = reader.number(2, 0, 14)?;
                reader.char(':')?;
                let minutes = reader.number(2, 0, 59)?;
                ((hours * 60 + minutes) * if sign == '-' { -1 } else { 1 }, reader.rest)
            }
            _ => (0, zone),
        };
        if !rest.trim_start_matches(is_space).is_empty() {
            return None;
        }
        self.ms = None;
        self.raw = None;
        self.clock = Some(Clock { hour, minute, second });
        self.zone = minutes;
        Some(())
    }

    /// The milliseconds, computed from the rest where they are not known; `None` beyond the years that count.
    fn settle_ms(&mut self) -> Option<i64> {
        if let Some(ms) = self.ms {
            return Some(ms);
        }
        let Day { year, month, day } = self.day.unwrap_or(Day { year: 2000, month: 1, day: 1 });
        if !(-4713..=9999).contains(&year) || self.raw.is_some() {
            return None;
        }
        let mut ms = UNIX_EPOCH_MS + (days_to(year, month) + day - 1) * DAY_MS;
        if let Some(Clock { hour, minute, second }) = self.clock {
            ms += hour * 3_600_000 + minute * 60_000 + (second * 1000.0 + 0.5) as i64;
            ms -= self.zone * 60_000;
            // The hour after the last one is the first of the next day.
            if self.zone != 0 || hour == 24 {
                (self.day, self.clock, self.zone) = (None, None, 0);
            }
        }
        self.ms = Some(ms);
        Some(ms)
    }

    fn settle_day(&mut self) -> Option<Day> {
        let day = match (self.day, self.ms) {
            (Some(day), _) => day,
            (None, None) => Day { year: 2000, month: 1, day: 1 },
            (None, Some(ms)) if (0..=LAST_MS).contains(&ms) => day_of((ms - UNIX_EPOCH_MS).div_euclid(DAY_MS)),
            _ => return None,
        };
        self.day = Some(day);
        Some(day)
    }

    fn settle_clock(&mut self) -> Option<Clock> {
        if let Some(clock) = self.clock {
            return Some(clock);
        }
        let of_day = (self.settle_ms()? + DAY_MS / 2).rem_euclid(DAY_MS);
        let minutes = of_day / 60_000;
        let clock = Clock { hour: minutes / 60, minute: minutes % 60, second: (of_day % 60_000) as f64 / 1000.0 };
        self.clock = Some(clock);
        self.raw = None;
        Some(clock)
    }

    fn settle_both(&mut self) -> Option<(Day, Clock)> {
        Some((self.settle_day()?, self.settle_clock()?))
    }

    /// Forgets everything but the milliseconds.
    fn keep_ms(&mut self) {
        (self.day, self.clock, self.zone, self.raw) = (None, None, 0, None);
    }

    fn note_past_month(&mut self) {
        let Some(Day { year, month, day }) = self.day else { return };
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let num_days = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        self.num_past_month = (day - num_days).max(0);
    }

    /// Moves the date on by months, whatever days those have.
    fn add_months(&mut self, years: i64, months: i64) -> Option<()> {
        let (day, _) = self.settle_both()?;
        let months = day.month + months;
        let carried = if months > 0 { (months - 1) / 12 } else { (months - 12) / 12 };
        self.day = Some(Day { year: day.year + years + carried, month: months - carried * 12, day: day.day });
        self.note_past_month();
        self.ms = None;
        Some(())
    }

    /// Applies one modifier; `None` when it is none, or cannot stand here.
    fn modify(&mut self, modifier: &str, is_first: bool) -> Option<()> {
        let word = modifier.to_ascii_lowercase();
        match word.as_str() {
            "auto" if is_first => match (self.raw, self.ms) {
                (Some(_), Some(_)) | (None, _) => self.raw = None,
                (Some(seconds), None) => {
                    if (-210_866_760_000.0..=253_402_300_799.0).contains(&seconds) {
                        self.set_seconds(seconds);
                    }
                }
            },
            "ceiling" => {
                self.settle_ms()?;
                self.keep_ms();
                self.num_past_month = 0;
            }
            "floor" => {
                let ms = self.settle_ms()? - self.num_past_month * DAY_MS;
                self.ms = Some(ms);
                self.keep_ms();
            }
            "julianday" if is_first && self.ms.is_some() && self.raw.is_some() => self.raw = None,
            "unixepoch" if is_first => {
                let seconds = self.raw?;
                let ms = seconds * 1000.0 + UNIX_EPOCH_MS as f64;
                if !(0.0..464_269_060_800_000.0).contains(&ms) {
                    return None;
                }
                self.set_seconds(seconds);
            }
            "localtime" | "utc" => {
                self.settle_ms()?;
                self.keep_ms();
            }
            "subsec" | "subsecond" => self.is_subsec = true,
            _ if word.starts_with("start of ") => {
                if self.ms.is_none() && self.day.is_none() && self.clock.is_none() {
                    return None;
                }
                let day = self.settle_day()?;
                let start = match &word["start of ".len()..] {
                    "month" => Day { day: 1, ..day },
                    "year" => Day { day: 1, month: 1, ..day },
                    "day" => day,
                    _ => return None,
                };
                *self = Self {
                    day: Some(start),
                    clock: Some(MIDNIGHT),
                    is_subsec: self.is_subsec,
                    num_past_month: self.num_past_month,
                    ..Self::default()
                };
            }
            _ if word.starts_with("weekday ") => {
                let wanted = whole_number(&word["weekday ".len()..])?.to_real();
                if !(0.0..7.0).contains(&wanted) || wanted.fract() != 0.0 {
                    return None;
                }
                self.settle_both()?;
                self.zone = 0;
                self.ms = None;
                let ms = self.settle_ms()?;
                // The epoch was a Monday.
                let weekday = ((ms + DAY_MS * 3 / 2) / DAY_MS) % 7;
                let days = (wanted as i64 - weekday).rem_euclid(7);
                self.ms = Some(ms + days * DAY_MS);
                self.keep_ms();
            }
            _ if word.starts_with(['+', '-']) || word.starts_with(|c: char| c.is_ascii_digit()) => {
                self.shift(&word)?;
            }
            _ => return None,
        }
        Some(())
    }

    fn set_seconds(&mut self, seconds: f64) {
        self.keep_ms();
        self.ms = Some((seconds * 1000.0 + UNIX_EPOCH_MS as f64 + 0.5) as i64);
    }

    /// `[+-]N units`, `[+-]HH:MM[:SS.SSS]` or `(+|-)YYYY-MM-DD[ HH:MM[:SS.SSS]]`.
    fn shift(&mut self, word: &str) -> Option<()> {
        let bytes = word.as_bytes();
        let is_signed = matches!(bytes[0], b'+' | b'-');
        let is_back = bytes[0] == b'-';
        let is_digits = |range: std::ops::Range<usize>| bytes[range].iter().all(u8::is_ascii_digit);
        let end = (1..bytes.len()).find(|&at| {
            bytes[at] == b':'
                || is_space(char::from(bytes[at]))
                || (bytes[at] == b'-' && (at == 5 || at == 6) && is_digits(1..at))
        });
        let end = end.unwrap_or(bytes.len());
        let amount = whole_number(word.get(..end)?)?;
        match bytes.get(end) {
            Some(b'-') => {
                if !is_signed {
                    return None;
                }
                let mut reader = Reader { rest: word.get(1..)? };
                let years = reader.number(end - 1, 0, 14_712)?;
                reader.char('-')?;
                let months = reader.number(2, 0, 11)?;
                reader.char('-')?;
                let days = reader.number(2, 0, 30)?;
                let sign = if is_back { -1 } else { 1 };
                self.add_months(sign * years, sign * months)?;
                let ms = self.settle_ms()? + sign * days * DAY_MS;
                (self.ms, self.day, self.clock) = (Some(ms), None, None);
                match reader.rest.chars().next() {
                    None => Some(()),
                    Some(c) if is_space(c) => self.shift_clock(reader.rest.get(1..)?, is_back),
                    Some(_) => None,
                }
            }
            Some(b':') => self.shift_clock(if is_signed { word.get(1..)? } else { word }, is_back),
            _ => {
                let unit = word.get(end..)?.trim_start_matches(is_space);
                if !(3..=10).contains(&unit.len()) {
                    return None;
                }
                self.shift_units(amount, unit.strip_suffix('s').unwrap_or(unit))
            }
        }
    }

    fn shift_clock(&mut self, text: &str, is_back: bool) -> Option<()> {
        let mut shift = Self::default();
        shift.read_clock(text)?;
        let shift = (shift.settle_ms()? - DAY_MS / 2).rem_euclid(DAY_MS);
        let ms = self.settle_ms()?;
        self.keep_ms();
        self.ms = Some(ms + if is_back { -shift } else { shift });
        Some(())
    }

    fn shift_units(&mut self, amount: Number, unit: &str) -> Option<()> {
        let mut amount = amount.to_real();
        let (limit, unit_secs) = match unit {
            "second" => (4.6427e14, 1.0),
            "minute" => (7.7379e12, 60.0),
            "hour" => (1.2897e11, 3600.0),
            "day" => (5_373_485.0, 86_400.0),
            "month" => (176_546.0, 2_592_000.0),
            "year" => (14_713.0, 31_536_000.0),
            _ => return None,
        };
        self.settle_ms()?;
        self.num_past_month = 0;
        if !(amount > -limit && amount < limit) {
            return None;
        }
        let rounder = if amount < 0.0 { -0.5 } else { 0.5 };
        match unit {
            "month" => self.add_months(0, amount as i64)?,
            "year" => self.add_months(amount as i64, 0)?,
            _ => {}
        }
        if matches!(unit, "month" | "year") {
            amount = amount.fract();
        }
        let ms = self.settle_ms()? + (amount * 1000.0 * unit_secs + rounder) as i64;
        self.keep_ms();
        self.ms = Some(ms);
        Some(())
    }

    /// The moment that a function's arguments name, behind the time of the statement.
    fn of_args(now: &Value<'_>, args: &[Value<'_>]) -> Option<Self> {
        let now = now.to_int()? + UNIX_EPOCH_MS;
        let Some((first, modifiers)) = args.split_first() else { return Some(Self::at(now)) };
        let mut moment = match first {
            Value::Int(number) => Self::of_number(*number as f64),
            Value::Real(number) => Self::of_number(*number),
            other => Self::parse(&other.to_text()?, now)?,
        };
        for (index, modifier) in modifiers.iter().enumerate() {
            moment.modify(&modifier.to_text()?, index == 0)?;
        }
        let ms = moment.settle_ms()?;
        if !(0..=LAST_MS).contains(&ms) {
            return None;
        }
        if modifiers.is_empty() && moment.day.is_some_and(|day| day.day > 28) {
            moment.day = None;
        }
        Some(moment)
    }
}

/// Reads numbers of a fixed width.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn number(&mut self, num_digits: usize, least: i64, most: i64) -> Option<i64> {
        let digits = self.rest.get(..num_digits)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.rest = &self.rest[num_digits..];
        digits.parse().ok().filter(|number| (least..=most).contains(number))
    }

    fn char(&mut self, expected: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

fn text_or_null(text: Option<String>) -> Value<'static> {
    text.map_or(Value::Null, Value::text)
}

fn date_text(day: Day) -> String {
    let sign = if day.year < 0 { "-" } else { "" };
    format!("{sign}{:04}-{:02}-{:02}", day.year.abs(), day.month, day.day)
}

fn clock_text(clock: Clock, is_subsec: bool) -> String {
    let Clock { hour, minute, second } = clock;
    match is_subsec {
        true => {
            let ms = (second * 1000.0 + 0.5) as i64;
            format!("{hour:02}:{minute:02}:{:02}.{:03}", ms / 1000, ms % 1000)
        }
        false => format!("{hour:02}:{minute:02}:{:02}", second as i64),
    }
}

fn date(args: &[Value<'_>]) -> Value<'static> {
    text_or_null(Moment::of_args(&args[0], &args[1..]).and_then(|mut moment| moment.settle_day()).map(date_text))
}

fn time(args: &[Value<'_>]) -> Value<'static> {
    let text = |mut moment: Moment| Some(clock_text(moment.settle_clock()?, moment.is_subsec));
    text_or_null(Moment::of_args(&args[0], &args[1..]).and_then(text))
}

fn datetime(args: &[Value<'_>]) -> Value<'static> {
    let text = |mut moment: Moment| {
        let (day, clock) = moment.settle_both()?;
        Some(format!("{} {}", date_text(day), clock_text(clock, moment.is_subsec)))
    };
    text_or_null(Moment::of_args(&args[0], &args[1..]).and_then(text))
}

fn julianday(args: &[Value<'_>]) -> Value<'static> {
    match Moment::of_args(&args[0], &args[1..]).and_then(|mut moment| moment.settle_ms()) {
        Some(ms) => Value::Real(ms as f64 / DAY_MS as f64),
        None => Value::Null,
    }
}

fn unixepoch(args: &[Value<'_>]) -> Value<'static> {
    let Some(mut moment) = Moment::of_args(&args[0], &args[1..]) else { return Value::Null };
    match moment.settle_ms() {
        Some(ms) if moment.is_subsec => Value::Real((ms - UNIX_EPOCH_MS) as f64 / 1000.0),
        Some(ms) => Value::Int(ms / 1000 - UNIX_EPOCH_MS / 1000),
        None => Value::Null,
    }
}

fn strftime(args: &[Value<'_>]) -> Value<'static> {
    let Some(format) = args[1].to_text() else { return Value::Null };
    text_or_null(Moment::of_args(&args[0], &args[2..]).and_then(|moment| format_moment(&format, moment)))
}

/// What the letters of a format stand for; `None` when one stands for nothing.
fn format_moment(format: &str, mut moment: Moment) -> Option<String> {
    let ms = moment.settle_ms()?;
    let (day, clock) = moment.settle_both()?;
    let days = days_to(day.year, day.month) + day.day - 1;
    let day_of_year = days - days_to(day.year, 1);
    // 1970 began on a Thursday.
    let (since_monday, since_sunday) = ((days + 3).rem_euclid(7), (days + 4).rem_euclid(7));
    // The week belongs to the year of its Thursday.
    let thursday = days - since_monday + 3;
    let week_year = day_of(thursday).year;
    let half_day_hour = match clock.hour % 12 {
        0 => 12,
        hour => hour,
    };
    let year_text = |year: i64| format!("{year:04}");
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let written = match chars.next()? {
            'd' => write!(out, "{:02}", day.day),
            'e' => write!(out, "{:2}", day.day),
            'f' => write!(out, "{:06.3}", clock.second.min(59.999)),
            'F' => write!(out, "{}-{:02}-{:02}", year_text(day.year), day.month, day.day),
            'G' => write!(out, "{}", year_text(week_year)),
            'g' => write!(out, "{:02}", week_year % 100),
            'H' => write!(out, "{:02}", clock.hour),
            'k' => write!(out, "{:2}", clock.hour),
            'I' => write!(out, "{half_day_hour:02}"),
            'l' => write!(out, "{half_day_hour:2}"),
            'j' => write!(out, "{:03}", day_of_year + 1),
            'J' => write!(out, "{}", general(ms as f64 / DAY_MS as f64)),
            'm' => write!(out, "{:02}", day.month),
            'M' => write!(out, "{:02}", clock.minute),
            'p' => write!(out, "{}", if clock.hour >= 12 { "PM" } else { "AM" }),
            'P' => write!(out, "{}", if clock.hour >= 12 { "pm" } else { "am" }),
            'R' => write!(out, "{:02}:{:02}", clock.hour, clock.minute),
            's' if moment.is_subsec => write!(out, "{:.3}", (ms - UNIX_EPOCH_MS) as f64 / 1000.0),
            's' => write!(out, "{}", ms / 1000 - UNIX_EPOCH_MS / 1000),
            'S' => write!(out, "{:02}", clock.second as i64),
            'T' => write!(out, "{:02}:{:02}:{:02}", clock.hour, clock.minute, clock.second as i64),
            'u' => write!(out, "{}", since_monday + 1),
            'w' => write!(out, "{since_sunday}"),
            'U' => write!(out, "{:02}", (day_of_year + 7 - since_sunday) / 7),
            'V' => write!(out, "{:02}", (thursday - days_to(week_year, 1)) / 7 + 1),
            'W' => write!(out, "{:02}", (day_of_year + 7 - since_monday) / 7),
            'Y' => write!(out, "{}", year_text(day.year)),
            '%' => write!(out, "%"),
            _ => return None,
        };
        written.ok()?;
    }
    Some(out)
}

/// 16 digits at most, without zeros at the end, as `%.16g` writes them.
fn general(value: f64) -> String {
    let scientific = format!("{value:.15e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    match usize::try_from(15 - exponent) {
        Ok(num_places) if exponent >= -4 => trimmed(&format!("{value:.num_places$}")),
        _ => format!("{}e-{:02}", trimmed(mantissa), exponent.unsigned_abs()),
    }
}

/// How much is to be added to the second moment for the first one, in years, months, days and time.
fn timediff(args: &[Value<'_>]) -> Value<'static> {
    text_or_null(difference(&args[0], &args[1], &args[2]))
}

fn difference(now: &Value<'_>, first: &Value<'_>, second: &Value<'_>) -> Option<String> {
    let mut target = Moment::of_args(now, std::slice::from_ref(first))?;
    let mut moving = Moment::of_args(now, std::slice::from_ref(second))?;
    let (target_ms, mut moving_ms) = (target.settle_ms()?, moving.settle_ms()?);
    let (to, _) = target.settle_both()?;
    let (from, clock) = moving.settle_both()?;
    let is_ahead = target_ms >= moving_ms;
    let direction = if is_ahead { 1 } else { -1 };
    // The second one goes to the year and the month of the first, and back by months until it is not past it.
    let mut months = direction * ((to.year - from.year) * 12 + to.month - from.month);
    let mut day = from;
    let ms_of = |day: Day| Moment { day: Some(day), clock: Some(clock), ..Moment::default() }.settle_ms();
    if (day.year, day.month) != (to.year, to.month) {
        day = Day { year: to.year, month: to.month, day: from.day };
        moving_ms = ms_of(day)?;
    }
    while direction * (target_ms - moving_ms) < 0 {
        months -= 1;
        day.month -= direction;
        if !(1..=12).contains(&day.month) {
            day = Day { year: day.year - direction, month: if is_ahead { 12 } else { 1 }, ..day };
        }
        moving_ms = ms_of(day)?;
    }
    let ms = (target_ms - moving_ms).abs();
    let (days, of_day) = (ms / DAY_MS, ms % DAY_MS);
    let (hours, minutes, seconds) = (of_day / 3_600_000, of_day / 60_000 % 60, (of_day % 60_000) as f64 / 1000.0);
    let sign = if is_ahead { '+' } else { '-' };
    Some(format!(
        "{sign}{:04}-{:02}-{days:02} {hours:02}:{minutes:02}:{seconds:06.3}",
        months.div_euclid(12),
        months.rem_euclid(12)
    ))
}
