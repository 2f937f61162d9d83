//! Decimal digits of the scripts that news is written in.

/// First digits (zero) of the decimal blocks that occur in news text.
const ZEROS: &[char] = &[
    '0', '\u{660}', '\u{6F0}', '\u{7C0}', '\u{966}', '\u{9E6}', '\u{A66}', '\u{AE6}', '\u{B66}', '\u{BE6}', '\u{C66}',
    '\u{CE6}', '\u{D66}', '\u{DE6}', '\u{E50}', '\u{ED0}', '\u{F20}', '\u{1040}', '\u{17E0}', '\u{1810}', '\u{FF10}',
];

/// Returns the value, 0 to 9, of a decimal digit in any of the handled scripts.
pub fn digit_value(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    // Most letters of most pages stand where no digits are.
    if matches!(c, '\u{80}'..='\u{65F}' | '\u{1E00}'..='\u{FF0F}') {
        return None;
    }
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero))?;
        (value < 10).then_some(value)
    })
}

/// Replaces the digits of every handled script by ASCII digits; the number of scalar values stays the same.
pub fn fold_digits(text: &str) -> String {
    text.chars().map(|c| digit_value(c).and_then(|v| char::from_digit(v, 10)).unwrap_or(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_several_scripts_are_one() {
        assert_eq!(fold_digits("٢٠٢٢ ۱۴۰۱ २०२२ ２０２２ x"), "2022 1401 2022 2022 x");
        assert_eq!(digit_value('x'), None);
    }
}
