//! Sizes in bytes as people type them: `64GiB`, `1.5 GB`, `500000`.
//!
//! Powers of ten and of two have different units, as everywhere else in the program, so a size means what it says. A
//! number that is not whole is worked out in integers: a limit that is off by rounding would be hard to explain.

/// Units and what they stand for. Letters count in either case.
const UNITS: [(&str, u64); 14] = [
    ("", 1),
    ("b", 1),
    ("k", 1_000),
    ("kb", 1_000),
    ("kib", 1 << 10),
    ("m", 1_000_000),
    ("mb", 1_000_000),
    ("mib", 1 << 20),
    ("g", 1_000_000_000),
    ("gb", 1_000_000_000),
    ("gib", 1 << 30),
    ("t", 1_000_000_000_000),
    ("tb", 1_000_000_000_000),
    ("tib", 1 << 40),
];

/// The most decimals that are taken: a byte is not divisible, and this is beyond a TiB's.
const MAX_DECIMALS: usize = 12;

/// The number of bytes that `text` means, rounded down.
pub(crate) fn parse_byte_size(text: &str) -> Result<u64, String> {
    let explained = || "expected a number of bytes such as `64GiB`, `10GB` or `500000`".to_owned();
    let text = text.trim();
    let number_len = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, unit) = text.split_at(number_len);
    let unit = unit.trim_start().to_ascii_lowercase();
    let &(_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(explained)?;
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || decimals.is_empty() || decimals.len() > MAX_DECIMALS {
        return Err(explained());
    }
    let too_large = || format!("the most that can be said is {} bytes", u64::MAX);
    let whole: u128 = whole.parse().map_err(|_| too_large())?;
    let part: u128 = decimals.parse().map_err(|_| explained())?;
    let bytes = whole
        .checked_mul(u128::from(factor))
        .and_then(|bytes| bytes.checked_add(part * u128::from(factor) / 10_u128.pow(decimals.len() as u32)));
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).ok_or_else(too_large)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_mean_what_they_say() {
        for (text, expected) in [
            ("0", 0),
            ("500000", 500_000),
            ("64GiB", 68_719_476_736),
            ("10GB", 10_000_000_000),
            ("10 gb", 10_000_000_000),
            ("10G", 10_000_000_000),
            ("1.5KiB", 1_536),
            ("0.1GB", 100_000_000),
            ("0.3333333TB", 333_333_300_000),
            ("1.9B", 1),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse_byte_size(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "GB", "-1", "1e9", "1.2.3", ".5GB", "5.", "10 bananas", "0x10", "1.0000000000001TB", "١"] {
            assert!(parse_byte_size(text).is_err(), "{text}");
        }
        let too_large = parse_byte_size("16777216TiB").expect_err("one more than fits");
        assert!(too_large.contains("18446744073709551615"), "{too_large}");
        assert!(parse_byte_size(&"9".repeat(50)).is_err());
    }
}
