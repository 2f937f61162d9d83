//! Media types of Content-Type headers (WHATWG MIME Sniffing, section 4).

use std::fmt;

/// A media type with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MimeType {
    essence: String,
    parameters: Vec<(String, String)>,
}

/// Most parameters that are kept.
const MAX_PARAMETERS: usize = 64;

impl MimeType {
    /// Reads a header's value, or `None` when it names no type. Parameters that break the rules are left out.
    pub fn parse(header: &str) -> Option<Self> {
        let header = header.trim_matches(is_space);
        let (essence, mut rest) = header.split_once(';').unwrap_or((header, ""));
        let (kind, subtype) = essence.split_once('/')?;
        let subtype = subtype.trim_end_matches(is_space);
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        while !rest.is_empty() && parameters.len() < MAX_PARAMETERS {
            let (parameter, behind) = parameter(rest);
            rest = behind;
            let Some((name, value)) = parameter else { continue };
            let is_good = is_token(&name) && value.chars().all(is_quotable);
            if is_good && !parameters.iter().any(|(known, _)| *known == name) {
                parameters.push((name, value));
            }
        }
        Some(Self { essence: format!("{kind}/{subtype}").to_ascii_lowercase(), parameters })
    }

    /// Returns type and subtype in lower case, `text/html`.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// Returns a parameter by its lower-case name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the name of the encoding that the charset parameter labels, as the Encoding Standard writes it.
    pub fn encoding(&self) -> Option<&'static str> {
        encoding_rs::Encoding::for_label(self.parameter("charset")?.as_bytes()).map(encoding_rs::Encoding::name)
    }
}

impl fmt::Display for MimeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.essence)?;
        for (name, value) in &self.parameters {
            if is_token(value) {
                write!(f, ";{name}={value}")?;
            } else {
                write!(f, ";{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))?;
            }
        }
        Ok(())
    }
}

/// Splits off the first parameter; `None` when it has no value.
fn parameter(text: &str) -> (Option<(String, String)>, &str) {
    let text = text.trim_start_matches(is_space);
    let end = text.find([';', '=']).unwrap_or(text.len());
    let (name, behind) = text.split_at_checked(end).unwrap_or((text, ""));
    let Some(written) = behind.strip_prefix('=') else {
        return (None, behind.strip_prefix(';').unwrap_or_default());
    };
    let name = name.to_ascii_lowercase();
    if let Some(quoted) = written.strip_prefix('"') {
        let (value, behind) = unquoted(quoted);
        return (Some((name, value)), behind.split_once(';').map_or("", |(_, rest)| rest));
    }
    let (value, rest) = written.split_once(';').unwrap_or((written, ""));
    let value = value.trim_end_matches(is_space);
    ((!value.is_empty()).then(|| (name, value.to_owned())), rest)
}

/// Reads a quoted value up to its closing quote, or to the end.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, text.get(at + 1..).unwrap_or_default()),
            '\\' => value.push(chars.next().map_or('\\', |(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    (value, "")
}

fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' ')
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn is_quotable(c: char) -> bool {
    matches!(c, '\t' | ' '..='~' | '\u{80}'..='\u{ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_the_rules_is_left_out_and_the_rest_stays() {
        let mime = MimeType::parse("Text/XML ; =x; charset=\"wi\\ndows-1256\"; a b=c; Charset=utf-8;q").unwrap();
        assert_eq!((mime.essence(), mime.encoding()), ("text/xml", Some("windows-1256")));
        assert_eq!(mime.to_string(), "text/xml;charset=windows-1256");
        assert_eq!(MimeType::parse("text"), None);
    }
}
