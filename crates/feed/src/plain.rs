//! HTML fragments to plain text, and back.

use std::borrow::Cow;

use crate::entity::resolve_reference;

/// Longest name of an entity, with room to spare (HTML's longest has 31 letters).
const MAX_REFERENCE_BYTES: usize = 40;

/// Resolves every reference in a text; unknown ones and bare ampersands stay as written.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        match leading_reference(after) {
            Some((resolved, behind)) => {
                out.push_str(&resolved);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn leading_reference(after_ampersand: &str) -> Option<(Cow<'static, str>, &str)> {
    let end = after_ampersand.bytes().take(MAX_REFERENCE_BYTES).position(|b| b == b';')?;
    let name = after_ampersand.get(..end)?;
    let resolved = resolve_reference(name)?;
    Some((resolved, after_ampersand.get(end + 1..)?))
}

/// Escapes a text so that HTML shows it as it is.
pub(crate) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

/// Tells whether a text is meant as HTML: it has a tag or a reference.
pub(crate) fn looks_like_html(text: &str) -> bool {
    let last_bracket = text.rfind('>').unwrap_or(0);
    let tag = text.match_indices('<').take_while(|(at, _)| *at < last_bracket).any(|(at, _)| {
        let rest = text.get(at + 1..).unwrap_or_default();
        rest.strip_prefix('/').unwrap_or(rest).starts_with(|c: char| c.is_ascii_alphabetic()) || rest.starts_with("!--")
    });
    tag || text.match_indices('&').any(|(at, _)| text.get(at + 1..).is_some_and(|it| leading_reference(it).is_some()))
}

/// Returns the plain text of an HTML fragment, white space collapsed: titles and summaries, no layout.
pub(crate) fn plain_text(html: &str) -> String {
    let ends = Ends { tag: html.rfind('>').unwrap_or(0), comment: html.rfind("-->").unwrap_or(0) };
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(&unescape(before));
        rest = match tag_end(after, html.len() - after.len(), &ends) {
            Some(end) => {
                let tag = after.get(..end).unwrap_or_default();
                let behind = after.get(end + 1..).unwrap_or_default();
                if breaks_text(tag) {
                    out.push(' ');
                }
                behind_hidden(tag, behind)
            }
            None => {
                out.push('<');
                after
            }
        };
    }
    out.push_str(&unescape(rest));
    naba_text::collapse_line(&out)
}

/// Where the last tag and the last comment end: without them, text full of `<` would be searched to its end for each.
struct Ends {
    tag: usize,
    comment: usize,
}

/// Returns where the tag ends that starts in front of this text (at `offset`), or `None` when there is no tag.
fn tag_end(after: &str, offset: usize, ends: &Ends) -> Option<usize> {
    if let Some(comment) = after.strip_prefix("!--") {
        let known = offset <= ends.comment;
        return if known { comment.find("-->").map(|at| at + 5) } else { None };
    }
    let first = after.strip_prefix('/').unwrap_or(after).chars().next()?;
    if offset > ends.tag || !(first.is_ascii_alphabetic() || matches!(first, '!' | '?')) {
        return None;
    }
    let mut quote = None;
    for (at, b) in after.bytes().enumerate() {
        match (quote, b) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(q), b) if q == b => quote = None,
            _ => {}
        }
    }
    // An odd quote: the next bracket will do.
    after.find('>')
}

fn tag_name(tag: &str) -> &str {
    let name = tag.strip_prefix('/').unwrap_or(tag);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    name.get(..end).unwrap_or_default()
}

/// Inline tags join words (`wo<b>r</b>d`), all others part them.
fn breaks_text(tag: &str) -> bool {
    const INLINE: &[&str] = &[
        "a", "abbr", "acronym", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "ins", "mark", "q", "s", "small",
        "span", "strong", "sub", "sup", "u", "wbr",
    ];
    let name = tag_name(tag);
    !name.is_empty() && !INLINE.iter().any(|inline| name.eq_ignore_ascii_case(inline))
}

/// Skips the inside of a script or a style.
fn behind_hidden<'a>(tag: &str, behind: &'a str) -> &'a str {
    for hidden in ["script", "style"] {
        if tag.get(..hidden.len()).is_some_and(|name| name.eq_ignore_ascii_case(hidden)) && !tag.ends_with('/') {
            let close = format!("</{hidden}");
            let at = behind.as_bytes().windows(close.len()).position(|w| w.eq_ignore_ascii_case(close.as_bytes()));
            return at.and_then(|at| behind.get(at..)).unwrap_or_default();
        }
    }
    behind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_words_stay_apart() {
        assert_eq!(
            plain_text("<p>One <b>tw</b>o</p><p>three&nbsp;&amp; 4 < 5<br/>six</p>"),
            "One two three & 4 < 5 six"
        );
    }

    #[test]
    fn scripts_styles_and_comments_are_no_text() {
        assert_eq!(plain_text("a<script>var x = '<p>';</SCRIPT>b<!-- c > d -->e<style>p{}</style>"), "a be");
    }

    #[test]
    fn numbers_between_128_and_159_are_windows_1252() {
        assert_eq!(unescape("&#147;x&#148; &#x2026; &#0;&#xD800;"), "“x” … \u{fffd}");
    }

    #[test]
    fn what_is_no_reference_stays() {
        assert_eq!(unescape("AT&T &nosuch; &; & &"), "AT&T &nosuch; &; & &");
    }

    #[test]
    fn a_lone_bracket_is_not_html() {
        assert!(!looks_like_html("1 < 2 & 3 > 2"));
        assert!(looks_like_html("a <br>"));
        assert!(looks_like_html("caf&eacute;"));
    }
}
