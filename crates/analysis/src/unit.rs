//! Units: numbers as people read them, each with its unit.
//!
//! Text is for reading, so units are chosen by size; JSON keeps the exact integers. A percentage never reads 0 % or
//! 100 % unless it is: "100 % busy" hides the one gap somebody is looking for.

use kinetoscope_model::time::Nanos;

/// A length of time: `512 ns`, `12.345 µs`, `84.487 ms`, `1,234.567 s`.
pub fn format_dur(dur_ns: Nanos) -> String {
    let magnitude = dur_ns.unsigned_abs();
    let sign = if dur_ns < 0 { "-" } else { "" };
    // Rounded to three decimals of the unit first, so that 999.9996 µs becomes 1.000 ms.
    let (unit, thousandth_ns) = match magnitude {
        0..1_000 => return format!("{dur_ns} ns"),
        1_000..1_000_000 => ("µs", 1),
        1_000_000..999_999_500 => ("ms", 1_000),
        _ => ("s", 1_000_000),
    };
    let thousandths =
        magnitude / thousandth_ns + u64::from(magnitude % thousandth_ns >= thousandth_ns.div_ceil(2).max(1));
    format!("{sign}{}.{:03} {unit}", format_count(thousandths / 1_000), thousandths % 1_000)
}

/// A mean, which need not be a whole number of nanoseconds.
pub fn format_mean(mean_ns: f64) -> String {
    format_dur(mean_ns.round() as Nanos)
}

/// A whole number with separators: `24,656`.
pub fn format_count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 gap`, `2 gaps`, `3 copies`, `4 launches`.
pub fn format_number_of(count: u64, thing: &str) -> String {
    let count_text = format_count(count);
    match (count, thing.strip_suffix('y')) {
        (1, _) => format!("{count_text} {thing}"),
        (_, Some(stem)) => format!("{count_text} {stem}ies"),
        _ if thing.ends_with("ch") => format!("{count_text} {thing}es"),
        _ => format!("{count_text} {thing}s"),
    }
}

/// `part` of `whole`: `86.3 %`, `0.24 %`, `<0.01 %`.
pub fn format_percent(part: i64, whole: i64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let percent = part as f64 / whole as f64 * 100.0;
    if part == 0 || part == whole {
        return format!("{percent:.0} %");
    }
    match percent {
        0.0..0.005 => "<0.01 %".to_owned(),
        0.005..0.995 | 99.95..99.995 => format!("{percent:.2} %"),
        99.995..100.0 => ">99.99 %".to_owned(),
        _ => format!("{percent:.1} %"),
    }
}

/// A share from 0 to 1 in percent, as [`format_percent`] writes it.
pub fn format_share(share: f64) -> String {
    const PARTS: f64 = 1e9;
    format_percent((share * PARTS).round() as i64, PARTS as i64)
}

/// A rate in 10^9 bytes per second: `1250 GB/s`, `24.1 GB/s`, `0.021 GB/s`.
pub fn format_rate(gb_per_s: f64) -> String {
    match gb_per_s {
        rate if rate >= 100.0 => format!("{rate:.0} GB/s"),
        rate if rate >= 1.0 => format!("{rate:.1} GB/s"),
        rate => format!("{rate:.3} GB/s"),
    }
}

/// A size in powers of ten, which file sizes and rates use: `354.1 kB`.
pub fn format_bytes(bytes: i64) -> String {
    scaled(bytes, 1_000.0, &["B", "kB", "MB", "GB", "TB", "PB"])
}

/// A size in powers of two, which memories use: `79.1 GiB`.
pub fn format_memory(bytes: i64) -> String {
    scaled(bytes, 1_024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
}

fn scaled(value: i64, step: f64, units: &[&str]) -> String {
    let mut scaled = value as f64;
    let mut unit = 0;
    while scaled.abs() >= step - 0.05 && unit + 1 < units.len() {
        scaled /= step;
        unit += 1;
    }
    if unit == 0 { format!("{value} B") } else { format!("{scaled:.1} {}", units[unit]) }
}

/// A moment in Coordinated Universal Time: `2025-10-03T08:11:09.123456789Z`.
pub fn format_utc(unix_ns: i64) -> String {
    const NS_PER_S: i64 = 1_000_000_000;
    const S_PER_DAY: i64 = 86_400;
    let (seconds, nanos) = (unix_ns.div_euclid(NS_PER_S), unix_ns.rem_euclid(NS_PER_S));
    let (days, second) = (seconds.div_euclid(S_PER_DAY), seconds.rem_euclid(S_PER_DAY));
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
}

/// Year, month and day of the Gregorian calendar, from days since 1970-01-01.
///
/// Years are taken to begin in March, so that the leap day is the last one and months have a fixed pattern of lengths.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    const DAYS_FROM_MARCH_OF_YEAR_0_TO_1970: i64 = 719_468;
    const DAYS_PER_400_YEARS: i64 = 146_097;
    let days = days + DAYS_FROM_MARCH_OF_YEAR_0_TO_1970;
    let era = days.div_euclid(DAYS_PER_400_YEARS);
    let day_of_era = days.rem_euclid(DAYS_PER_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Five months from March on have 153 days, whichever five they are.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// CUDA's version number: thousands are the major version, tens the minor one (12090 is 12.9).
pub fn format_cuda_version(version: i64) -> String {
    format!("{}.{}", version / 1_000, version % 1_000 / 10)
}

/// HIP's version number: ten millions are the major version, hundred thousands the minor one (70051831 is 7.0.51831).
pub fn format_hip_version(version: i64) -> String {
    format!("{}.{}.{}", version / 10_000_000, version / 100_000 % 100, version % 100_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_take_the_unit_of_their_size() {
        let texts = [
            (0, "0 ns"),
            (999, "999 ns"),
            (-5, "-5 ns"),
            (1_000, "1.000 µs"),
            (12_345, "12.345 µs"),
            (999_999, "999.999 µs"),
            (1_000_000, "1.000 ms"),
            (1_234_499, "1.234 ms"),
            (1_234_500, "1.235 ms"),
            (999_999_499, "999.999 ms"),
            (999_999_500, "1.000 s"),
            (12_854_103_000_000, "12,854.103 s"),
            (-1_500, "-1.500 µs"),
            (i64::MIN, "-9,223,372,036.855 s"),
        ];
        for (dur_ns, text) in texts {
            assert_eq!(format_dur(dur_ns), text);
        }
    }

    #[test]
    fn percentages_are_exact_at_the_ends_only() {
        let texts = [
            ((0, 10), "0 %"),
            ((10, 10), "100 %"),
            ((1, 1_000_000), "<0.01 %"),
            ((999_999, 1_000_000), ">99.99 %"),
            ((24, 10_000), "0.24 %"),
            ((863, 1_000), "86.3 %"),
            ((9_996, 10_000), "99.96 %"),
            ((15, 10), "150.0 %"),
            ((1, 0), "-"),
        ];
        for ((part, whole), text) in texts {
            assert_eq!(format_percent(part, whole), text);
        }
    }

    #[test]
    fn sizes_counts_and_versions() {
        assert_eq!(format_count(0), "0");
        assert_eq!(format_count(1_234_567), "1,234,567");
        assert_eq!(format_number_of(1, "copy"), "1 copy");
        assert_eq!(format_number_of(0, "copy"), "0 copies");
        assert_eq!(format_number_of(2_000, "graph launch"), "2,000 graph launches");
        assert_eq!(format_number_of(2, "gap"), "2 gaps");
        assert_eq!(format_bytes(999), "999 B");
        assert_eq!(format_bytes(354_139), "354.1 kB");
        assert_eq!(format_bytes(999_999), "1.0 MB");
        assert_eq!(format_memory(85_899_345_920), "80.0 GiB");
        assert_eq!(format_cuda_version(12_090), "12.9");
        assert_eq!(format_cuda_version(13_000), "13.0");
        assert_eq!(format_hip_version(70_051_831), "7.0.51831");
        assert_eq!(format_hip_version(60_342_131), "6.3.42131");
    }

    #[test]
    fn moments_are_utc() {
        // Known moments: the epoch, a leap day, the day after, and a moment before the epoch.
        assert_eq!(format_utc(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(format_utc(951_782_400_000_000_001), "2000-02-29T00:00:00.000000001Z");
        assert_eq!(format_utc(951_868_800_000_000_000), "2000-03-01T00:00:00.000000000Z");
        assert_eq!(format_utc(1_735_632_360_000_000_000), "2024-12-31T08:06:00.000000000Z");
        assert_eq!(format_utc(-1), "1969-12-31T23:59:59.999999999Z");
    }
}
