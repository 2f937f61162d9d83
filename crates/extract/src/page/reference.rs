//! Character references: `&amp;`, `&#8217;`, `&eacute` as the HTML standard reads them.

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// Decodes the character references of a text; in attribute values, names without semicolon stay before letters and `=`.
pub fn decode(text: &str, in_attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once('&') {
        out.push_str(before);
        let length = match reference.strip_prefix('#') {
            Some(number) => numeric(number, &mut out).map(|length| length + 1),
            None => named(reference, in_attribute, &mut out),
        };
        if length.is_none() {
            out.push('&');
        }
        rest = reference.get(length.unwrap_or(0)..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Decodes what follows `&#`; returns its length, nothing when it has no digits.
fn numeric(text: &str, out: &mut String) -> Option<usize> {
    let (prefix, base) = if text.starts_with(['x', 'X']) { (1, 16) } else { (0, 10) };
    let digits = text.get(prefix..)?.bytes().take_while(|b| char::from(*b).is_digit(base));
    let (mut number, mut count) = (0_u32, 0);
    for digit in digits {
        let digit = char::from(digit).to_digit(base).unwrap_or(0);
        number = number.saturating_mul(base).saturating_add(digit).min(0x11_0000);
        count += 1;
    }
    if count == 0 {
        return None;
    }
    out.push(scalar(number));
    let length = prefix + count;
    Some(length + usize::from(text.as_bytes().get(length) == Some(&b';')))
}

/// Returns the character of a number, that of windows-1252 where authors mean it.
fn scalar(number: u32) -> char {
    let replaced =
        number.checked_sub(0x80).and_then(|at| C1_REPLACEMENTS.get(usize::try_from(at).ok()?).copied()).flatten();
    replaced.or_else(|| char::from_u32(number).filter(|c| *c != '\0')).unwrap_or('\u{FFFD}')
}

/// Decodes the longest name that a text starts with; returns its length, nothing when there is none.
fn named(text: &str, in_attribute: bool, out: &mut String) -> Option<usize> {
    let mut found = None;
    // The table holds the beginnings of names too, so that the first miss ends the search.
    for end in 1..=text.len().min(40) {
        match text.get(..end).and_then(|name| NAMED_ENTITIES.get(name)) {
            Some((0, _)) => {}
            Some(characters) => found = Some((end, *characters)),
            None => break,
        }
    }
    let (end, (first, second)) = found?;
    let next = text.as_bytes().get(end);
    let closed = text.as_bytes().get(end - 1) == Some(&b';');
    if in_attribute && !closed && next.is_some_and(|b| *b == b'=' || b.is_ascii_alphanumeric()) {
        return None;
    }
    out.extend(char::from_u32(first));
    out.extend(char::from_u32(second).filter(|c| *c != '\0'));
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded_as_browsers_do() {
        let cases = [
            ("a &amp; b &lt", "a & b <"),
            ("&#8217;&#x2019;&#146;", "’’’"),
            ("&#0;&#xD800;&#99999999999;", "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ("&notit; &notin; &nope; &#; &#x; &", "¬it; ∉ &nope; &#; &#x; &"),
            ("&eacute;t&eacute", "été"),
        ];
        for (text, decoded) in cases {
            assert_eq!(decode(text, false), decoded);
        }
    }

    #[test]
    fn queries_in_addresses_keep_their_names() {
        assert_eq!(decode("?a=1&copy=2&amp;b&lt", true), "?a=1&copy=2&b<");
    }
}
