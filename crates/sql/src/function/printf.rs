//! `printf` and `format`: SQLite's, with its extensions `%q`, `%Q`, `%w` and the `,` and `!` flags.

use super::sqlite::quote;
use super::value::{Value, real_text};

/// Widths and precisions beyond this are cut, as a width of a billion blanks is a mistake.
const MAX_WIDTH: usize = 100_000;

/// One `%…` of a format.
#[derive(Debug, Default)]
struct Spec {
    is_left: bool,
    has_plus: bool,
    has_space: bool,
    has_zero: bool,
    has_alternate: bool,
    has_bang: bool,
    has_comma: bool,
    width: usize,
    precision: Option<usize>,
}

/// `format` with its `%…` replaced by `args`; missing ones are null.
pub(super) fn print(format: &str, args: &[Value<'_>]) -> String {
    let mut out = String::with_capacity(format.len());
    let mut args = args.iter();
    let mut next = || args.next().unwrap_or(&Value::Null);
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| "-+ 0#!,".contains(*c)) {
            match flag {
                '-' => spec.is_left = true,
                '+' => spec.has_plus = true,
                ' ' => spec.has_space = true,
                '0' => spec.has_zero = true,
                '#' => spec.has_alternate = true,
                '!' => spec.has_bang = true,
                _ => spec.has_comma = true,
            }
        }
        if chars.next_if_eq(&'*').is_some() {
            let width = next().to_int().unwrap_or(0);
            spec.is_left |= width < 0;
            spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(MAX_WIDTH);
        }
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            spec.width = (spec.width * 10 + digit.to_digit(10).unwrap_or(0) as usize).min(MAX_WIDTH);
        }
        spec.width = spec.width.min(MAX_WIDTH);
        if chars.next_if_eq(&'.').is_some() {
            let mut precision = 0;
            if chars.next_if_eq(&'*').is_some() {
                precision = usize::try_from(next().to_int().unwrap_or(0)).unwrap_or(0);
            }
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                precision = (precision * 10 + digit.to_digit(10).unwrap_or(0) as usize).min(MAX_WIDTH);
            }
            spec.precision = Some(precision.min(MAX_WIDTH));
        }
        while chars.next_if_eq(&'l').is_some() {}
        match chars.next() {
            Some('%') => out.push('%'),
            Some(kind) => match spec.convert(kind, &mut next) {
                Some(text) => out.push_str(&text),
                // SQLite stops at what it does not know.
                None => return out,
            },
            None => out.push('%'),
        }
    }
    out
}

impl Spec {
    fn convert<'v>(&self, kind: char, next: &mut impl FnMut() -> &'v Value<'v>) -> Option<String> {
        let text = match kind {
            'd' | 'i' => {
                let value = next().to_int().unwrap_or(0);
                return Some(self.number(value < 0, &self.digits(&value.unsigned_abs().to_string())));
            }
            'u' => return Some(self.number(false, &self.digits(&(next().to_int().unwrap_or(0) as u64).to_string()))),
            'x' | 'X' | 'o' => {
                let value = next().to_int().unwrap_or(0) as u64;
                let (digits, prefix) = match kind {
                    'x' => (format!("{value:x}"), "0x"),
                    'X' => (format!("{value:X}"), "0X"),
                    _ => (format!("{value:o}"), "0"),
                };
                let prefix = if self.has_alternate && value != 0 { prefix } else { "" };
                return Some(self.number(false, &format!("{prefix}{}", self.digits(&digits))));
            }
            'f' | 'e' | 'E' | 'g' | 'G' => {
                let value = next().to_real().unwrap_or(0.0);
                if !value.is_finite() {
                    return Some(self.number(value < 0.0, "Inf"));
                }
                return Some(self.number(value.is_sign_negative() && value != 0.0, &self.real(kind, value.abs())));
            }
            'c' => {
                let value = next().to_text().unwrap_or_default();
                let first: String = value.chars().take(1).collect();
                first.repeat(self.precision.unwrap_or(1).max(1))
            }
            's' | 'z' => self.cut(&next().to_text().unwrap_or_default()),
            'q' => match next().to_text() {
                Some(text) => self.cut(&text).replace('\'', "''"),
                None => "(NULL)".to_owned(),
            },
            'Q' => match next().to_text() {
                Some(text) => quote(&Value::text(self.cut(&text))),
                None => "NULL".to_owned(),
            },
            'w' => match next().to_text() {
                Some(text) => self.cut(&text).replace('"', "\"\""),
                None => "(NULL)".to_owned(),
            },
            _ => return None,
        };
        Some(self.pad(text))
    }

    fn cut(&self, text: &str) -> String {
        match self.precision {
            Some(len) => text.chars().take(len).collect(),
            None => text.to_owned(),
        }
    }

    /// Digits of a whole number, at least as many as the precision asks for, in groups of three if wanted.
    fn digits(&self, digits: &str) -> String {
        let digits = format!("{digits:0>0$}", self.precision.unwrap_or(0));
        match self.has_comma {
            true => grouped(&digits),
            false => digits,
        }
    }

    fn real(&self, kind: char, value: f64) -> String {
        let precision = self.precision.unwrap_or(6);
        let text = match kind.to_ascii_lowercase() {
            'f' => fixed(value, precision),
            'e' => scientific(value, precision),
            _ => self.shortest(value, precision.max(1)),
        };
        let text = match (self.has_comma && kind == 'f', text.split_once('.')) {
            (true, Some((whole, fraction))) => format!("{}.{fraction}", grouped(whole)),
            (true, None) => grouped(&text),
            (false, _) => text,
        };
        if kind.is_ascii_uppercase() { text.to_uppercase() } else { text }
    }

    /// `%g`: the shorter of both ways, without zeros at the end.
    fn shortest(&self, value: f64, precision: usize) -> String {
        let scientific = scientific(value, precision - 1);
        let Some((mantissa, exponent_text)) = scientific.split_once('e') else { return scientific };
        let exponent: i64 = exponent_text.parse().unwrap_or(0);
        let without_zeros = |text: &str| match text.contains('.') && !self.has_alternate {
            true => {
                let text = text.trim_end_matches('0').trim_end_matches('.');
                if self.has_bang && !text.contains('.') { format!("{text}.0") } else { text.to_owned() }
            }
            false if self.has_bang && !text.contains('.') => format!("{text}.0"),
            false => text.to_owned(),
        };
        match exponent < -4 || exponent >= precision as i64 {
            true => format!("{}e{exponent_text}", without_zeros(mantissa)),
            false => without_zeros(&fixed(value, (precision as i64 - 1 - exponent).max(0) as usize)),
        }
    }

    /// A number with its sign, filled up to the width.
    fn number(&self, is_negative: bool, digits: &str) -> String {
        let sign = match (is_negative, self.has_plus, self.has_space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        };
        if self.has_zero && !self.is_left {
            let missing = self.width.saturating_sub(sign.len() + digits.len());
            return format!("{sign}{}{digits}", "0".repeat(missing));
        }
        self.pad(format!("{sign}{digits}"))
    }

    fn pad(&self, text: String) -> String {
        let width = self.width;
        if self.is_left { format!("{text:<width$}") } else { format!("{text:>width$}") }
    }
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `value` with `places` digits behind the point. SQLite rounds the decimal digits that it shows, not the binary ones
/// that are stored, so that 0.125 and 2.675 round up.
pub(super) fn fixed(value: f64, places: usize) -> String {
    let shown = real_text(value);
    let exact = format!("{value:.places$}");
    if shown.contains('e') {
        return exact;
    }
    let Some((whole, fraction)) = shown.split_once('.') else { return exact };
    if fraction.len() <= places {
        return match places {
            0 => whole.to_owned(),
            _ => format!("{whole}.{fraction:0<places$}"),
        };
    }
    let (sign, whole) = match whole.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", whole),
    };
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes().take(places)).collect();
    if fraction.as_bytes()[places] >= b'5' {
        let mut index = digits.len();
        loop {
            if index == 0 {
                digits.insert(0, b'1');
                break;
            }
            index -= 1;
            if digits[index] == b'9' {
                digits[index] = b'0';
            } else {
                digits[index] += 1;
                break;
            }
        }
    }
    let text: String = digits.iter().map(|&digit| char::from(digit)).collect();
    let (whole, fraction) = text.split_at(text.len() - places);
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn scientific(value: f64, places: usize) -> String {
    let text = format!("{value:.places$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_mean_what_they_mean_in_sqlite() {
        let text = || Value::text("it's");
        for (format, arg, expected) in [
            ("%d", Value::Int(-5), "-5"),
            ("%5d|", Value::Int(42), "   42|"),
            ("%-5d|", Value::Int(42), "42   |"),
            ("%05d", Value::Int(-42), "-0042"),
            ("%+d", Value::Int(7), "+7"),
            ("%,d", Value::Int(1_234_567), "1,234,567"),
            ("%.3f", Value::Real(2.0 / 3.0), "0.667"),
            ("%.2f", Value::Real(2.675), "2.68"),
            ("%f", Value::Int(1), "1.000000"),
            ("%.0f", Value::Real(9.5), "10"),
            ("%e", Value::Real(12345.678), "1.234568e+04"),
            ("%g", Value::Real(0.0001), "0.0001"),
            ("%g", Value::Real(1e10), "1e+10"),
            ("%x", Value::Int(255), "ff"),
            ("%#X", Value::Int(255), "0XFF"),
            ("%o", Value::Int(8), "10"),
            ("%s", text(), "it's"),
            ("%q", text(), "it''s"),
            ("%Q", text(), "'it''s'"),
            ("%.2s|", text(), "it|"),
            ("%6s|", text(), "  it's|"),
            ("%c", text(), "i"),
            ("100%%", Value::Null, "100%"),
            ("%s", Value::Null, ""),
            ("%d", Value::text("12abc"), "12"),
            ("%lld", Value::Int(3), "3"),
        ] {
            assert_eq!(print(format, &[arg]), expected, "{format}");
        }
        assert_eq!(print("%*d|%s%%", &[Value::Int(4), Value::Int(1), Value::text("x")]), "   1|x%");
    }
}
