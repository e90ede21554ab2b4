//! Numbers as nsys's reports print them.
//!
//! The reports round in SQLite (3.42 and older) before they print, and its rounding is neither IEEE's nor the schoolbook's:
//! half is rounded up, after three parts in 10^16 have been added, so that 13102.65, whose nearest float is a little less,
//! becomes 13102.7. Rust's formatting gives 13102.6, and one such digit makes two reports differ. Sizes are only printed,
//! never rounded before, and so follow IEEE.

use std::fmt::Write as _;

/// Relative amount that is added before the value is cut.
const NUDGE: f64 = 3e-16;

/// Digits up to which the nudge is added: beyond them a float has none to spare.
const MAX_NUDGED_DIGITS: i32 = 15;

/// Appends `value` with one decimal, half rounded away from zero as SQLite does.
pub(super) fn push_tenths(out: &mut String, value: f64) {
    if !value.is_finite() {
        // Neither can come of whole durations; a size in a foreign file may be anything.
        let _ = write!(out, "{value}");
        return;
    }
    match tenths(value.abs()) {
        Some(tenths) => {
            if value < 0.0 && tenths > 0 {
                out.push('-');
            }
            let _ = write!(out, "{}.{}", tenths / 10, tenths % 10);
        }
        // Floats this large have no fraction.
        None => {
            let _ = write!(out, "{value:.1}");
        }
    }
}

/// `value`, which is not negative, in tenths; `None` where it is too large to have a fraction.
fn tenths(value: f64) -> Option<i128> {
    /// Bits after the point of the fixed-point numbers below: with 53 before it, times ten, they fit 128.
    const FRACTION_BITS: i32 = 64;
    if value >= 9_007_199_254_740_992.0 {
        return None;
    }
    let fixed = |value: f64| {
        let bits = value.to_bits();
        let exponent = ((bits >> 52) & 0x7ff) as i32;
        let mantissa = (bits & ((1 << 52) - 1)) | (u64::from(exponent != 0) << 52);
        let shift = exponent.max(1) - 1075 + FRACTION_BITS;
        match shift {
            0.. => i128::from(mantissa) << shift,
            -63..0 => i128::from(mantissa >> -shift),
            _ => 0,
        }
    };
    let exponent = ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    let nudge = if 1 + exponent / 3 < MAX_NUDGED_DIGITS { fixed(value * NUDGE) } else { 0 };
    let half = 1_i128 << (FRACTION_BITS - 1);
    Some(((fixed(value) + nudge) * 10 + half) >> FRACTION_BITS)
}

/// Appends `value` over `divisor` with three decimals, as nsys prints what it converts to a larger unit.
pub(super) fn push_thousandths(out: &mut String, value: f64, divisor: f64) {
    let _ = write!(out, "{:.3}", value / divisor);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(value: f64) -> String {
        let mut text = String::new();
        push_tenths(&mut text, value);
        text
    }

    #[test]
    fn half_goes_up() {
        assert_eq!(printed(28943.25), "28943.3");
        assert_eq!(printed(2865972.75), "2865972.8");
        assert_eq!(printed(0.25), "0.3");
        assert_eq!(printed(0.0), "0.0");
        assert_eq!(printed(5.0), "5.0");
    }

    /// SQLite 3.40's `round(x, 1)`: floats below the half that they stand for.
    #[test]
    fn a_half_that_no_float_holds_goes_up_too() {
        for (value, expected) in [
            (13102.65, "13102.7"),
            (13421.15, "13421.2"),
            (694122.85, "694122.9"),
            (684932.55, "684932.6"),
            (4639.95, "4640.0"),
            (0.15, "0.2"),
            (2.35, "2.4"),
        ] {
            assert_eq!(printed(value), expected, "{value}");
        }
    }

    #[test]
    fn less_than_half_stays() {
        assert_eq!(printed(0.0499), "0.0");
        assert_eq!(printed(28943.2499), "28943.2");
        assert_eq!(printed(1e-300), "0.0");
        assert_eq!(printed(99.94999), "99.9");
    }

    #[test]
    fn signs_and_large_values() {
        assert_eq!(printed(-0.25), "-0.3");
        assert_eq!(printed(-0.01), "0.0");
        assert_eq!(printed(4_503_599_627_370_496.0), "4503599627370496.0");
        assert_eq!(printed(1e17), "100000000000000000.0");
        assert_eq!(printed(f64::NAN), "NaN");
    }

    #[test]
    fn larger_units_have_three_decimals() {
        let mut text = String::new();
        push_thousandths(&mut text, 4_740_739_072.0, 1e6);
        assert_eq!(text, "4740.739");
    }
}
