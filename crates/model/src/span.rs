//! Ranges of Unicode scalar values in a text.

/// A half-open range of Unicode scalar values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// First scalar value.
    pub start: u32,
    /// One past the last scalar value.
    pub end: u32,
}

impl Range {
    /// Turns a range of byte offsets of `text`, on character boundaries, into one of scalar values.
    pub fn of_bytes(text: &str, start: usize, end: usize) -> Option<Self> {
        let before = text.get(..start)?.chars().count();
        let inside = text.get(start..end)?.chars().count();
        Some(Self { start: u32::try_from(before).ok()?, end: u32::try_from(before + inside).ok()? })
    }
}

/// Returns the part of `text` that a range of scalar values names, or `None` when it reaches outside.
pub fn slice(text: &str, range: Range) -> Option<&str> {
    if range.end < range.start {
        return None;
    }
    let mut offsets = text.char_indices().map(|(at, _)| at).chain(std::iter::once(text.len()));
    let start = offsets.nth(range.start as usize)?;
    if range.start == range.end {
        return text.get(start..start);
    }
    let end = offsets.nth((range.end - range.start - 1) as usize)?;
    text.get(start..end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_byte_range_and_its_scalar_range_name_the_same_text(text in "\\PC{0,40}", a in 0usize..40, b in 0usize..40) {
            let bounds: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
            let (a, b) = (bounds[a % bounds.len()], bounds[b % bounds.len()]);
            let (start, end) = (a.min(b), a.max(b));
            let range = Range::of_bytes(&text, start, end).unwrap();
            prop_assert_eq!(slice(&text, range), Some(&text[start..end]));
        }
    }

    #[test]
    fn a_range_outside_the_text_names_nothing() {
        assert_eq!(slice("خبر", Range { start: 2, end: 4 }), None);
        assert_eq!(slice("خبر", Range { start: 3, end: 3 }), Some(""));
    }
}
