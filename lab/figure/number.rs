//! Numbers as a reader of a paper expects them: a real minus sign, superscripts, thin spaces between thousands.

/// U+2212, which is as wide as a plus sign; a hyphen is not.
const MINUS: char = '−';
const THIN_SPACE: char = '\u{2009}';
const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/// An integer in superscript digits: −12 is `⁻¹²`.
pub fn superscript(value: i32) -> String {
    let sign = if value < 0 { "⁻" } else { "" };
    let digits = value.unsigned_abs().to_string();
    sign.chars().chain(digits.bytes().map(|digit| SUPERSCRIPTS[usize::from(digit - b'0')])).collect()
}

/// A power of ten: 3 is `10³`.
pub fn power_of_ten(exponent: i32) -> String {
    format!("10{}", superscript(exponent))
}

/// A number with this many decimals, a real minus sign and thin spaces between thousands from 10 000 on.
pub fn decimal(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(whole, part)| (whole, Some(part)));
    let negative = value < 0.0 && text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    let mut written = if negative { MINUS.to_string() } else { String::new() };
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && left % 3 == 0 && whole.len() > 4 {
            written.push(THIN_SPACE);
        }
        written.push(digit);
    }
    if let Some(fraction) = fraction {
        written.push('.');
        written.push_str(fraction);
    }
    written
}

/// A number as so many times this power of ten: `1.5×10⁷`; 0 is `0`.
pub fn scientific(value: f64, exponent: i32, decimals: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let mantissa = value * libm::pow(10.0, f64::from(-exponent));
    format!("{}×{}", decimal(mantissa, decimals), power_of_ten(exponent))
}

/// A number in at most this many significant digits, without trailing zeros: `0.25`, `12 500`, `3.2×10⁻⁷`.
///
/// Not-a-number and infinities are written as `–`, `∞` and `−∞`.
pub fn significant(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞".to_owned() } else { format!("{MINUS}∞") };
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:.*e}", digits.max(1) - 1, value);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-3..6).contains(&exponent) {
        let decimals = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
        let rounded = scientific.parse().unwrap_or(value);
        return without_trailing_zeros(&decimal(rounded, decimals)).to_owned();
    }
    let mantissa = without_trailing_zeros(mantissa).replace('-', &MINUS.to_string());
    match mantissa.as_str() {
        "1" => power_of_ten(exponent),
        "−1" => format!("{MINUS}{}", power_of_ten(exponent)),
        _ => format!("{mantissa}×{}", power_of_ten(exponent)),
    }
}

fn without_trailing_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_a_paper() {
        assert_eq!(superscript(-120), "⁻¹²⁰");
        assert_eq!(power_of_ten(3), "10³");
        assert_eq!(decimal(-0.5, 1), "−0.5");
        assert_eq!(decimal(-0.001, 1), "0.0");
        assert_eq!(decimal(1234.0, 0), "1234");
        assert_eq!(decimal(1234567.5, 1), "1\u{2009}234\u{2009}567.5");
        assert_eq!(significant(0.25, 3), "0.25");
        assert_eq!(significant(0.0, 3), "0");
        assert_eq!(significant(999_999.0, 3), "10⁶");
        assert_eq!(significant(-3.21e-7, 2), "−3.2×10⁻⁷");
        assert_eq!(significant(123_456.0, 3), "123\u{2009}000");
        assert_eq!(significant(f64::NEG_INFINITY, 3), "−∞");
    }
}
