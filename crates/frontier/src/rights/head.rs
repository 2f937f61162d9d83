//! Meta and link elements of an HTML head, read on bytes: a page may be in any charset, and these are ASCII in all of them.

/// How far into a document meta elements are looked for, in bytes.
const MAX_HEAD_BYTES: usize = 256 * 1024;
/// Most elements that are kept.
const MAX_ELEMENTS: usize = 256;

/// What a head states.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Lower-case names and contents of meta elements.
    pub(super) metas: Vec<(String, String)>,
    /// Addresses of machine-readable licences.
    pub(super) licences: Vec<String>,
}

/// Reads the head of a document; the body is not looked at.
pub(super) fn read(html: &[u8]) -> Head {
    let bytes = html.get(..MAX_HEAD_BYTES).unwrap_or(html);
    let text = String::from_utf8_lossy(bytes);
    let mut head = Head::default();
    for tag in text.split('<').skip(1) {
        if starts_with(tag, "body") || head.metas.len() + head.licences.len() >= MAX_ELEMENTS {
            break;
        }
        if starts_with(tag, "meta") {
            let attributes = attributes(tag);
            let name = value(&attributes, "name").or_else(|| value(&attributes, "http-equiv"));
            if let (Some(name), Some(content)) = (name, value(&attributes, "content")) {
                head.metas.push((name.trim().to_ascii_lowercase(), content.to_owned()));
            }
        } else if starts_with(tag, "link") {
            let attributes = attributes(tag);
            if is_licence(value(&attributes, "rel"), value(&attributes, "type")) {
                head.licences.extend(value(&attributes, "href").map(str::to_owned));
            }
        }
    }
    head
}

/// Returns the addresses that a Link header names as machine-readable licences.
pub(super) fn licences_of_link_header(header: &str) -> impl Iterator<Item = &str> {
    header.split('<').skip(1).filter_map(|link| {
        let (address, parameters) = link.split_once('>')?;
        let parameter = |name: &str| {
            let mut pairs = parameters.split([';', ',']).filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(known, _)| known.trim().eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().trim_matches('"'))
        };
        is_licence(parameter("rel"), parameter("type")).then_some(address)
    })
}

fn is_licence(relation: Option<&str>, kind: Option<&str>) -> bool {
    let names_licence =
        |relation: &str| relation.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("license"));
    relation.is_some_and(names_licence)
        && kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/rsl+xml"))
}

fn starts_with(tag: &str, name: &str) -> bool {
    tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        && tag
            .get(name.len()..)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')))
}

/// Reads the attributes of a tag: names and values as written.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = tag.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
    while found.len() < 32 {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if name.is_empty() {
            break;
        }
        let Some(written) = behind.trim_ascii_start().strip_prefix('=').map(str::trim_ascii_start) else {
            rest = behind;
            continue;
        };
        let (value, behind) = match written.strip_prefix(['"', '\'']).zip(written.chars().next()) {
            Some((quoted, quote)) => quoted.split_once(quote).unwrap_or((quoted, "")),
            None => {
                let end = written.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(written.len());
                written.split_at_checked(end).unwrap_or((written, ""))
            }
        };
        found.push((name, value));
        rest = behind;
    }
    found
}

fn value<'a>(attributes: &[(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}
