//! Text constructs: elements that hold plain text or HTML, escaped or not, said or unsaid.

use std::borrow::Cow;

use crate::base64;
use crate::fragment;
use crate::limits::{MAX_LABEL_BYTES, cut};
use crate::plain::{escape, looks_like_html, plain_text};
use crate::xml::{Element, Ns, Scope};

/// The text of an element and what it is meant as.
pub(crate) enum Construct<'a> {
    /// Text as it is.
    Plain(Cow<'a, str>),
    /// A fragment of HTML.
    Html(Cow<'a, str>),
}

impl<'a> Construct<'a> {
    /// Reads an element. Atom says what its text is (RFC 4287, section 3.1); RSS leaves it to the reader.
    pub(crate) fn of(element: &'a Element, is_atom: bool, scope: &Scope) -> Self {
        if element.has_elements() && !is_escaped_in_div(element) {
            return Self::Html(Cow::Owned(markup(element, scope)));
        }
        let is_packed = is_packed(element, is_atom);
        let text = is_packed.then(|| unpacked(element)).flatten().map_or_else(|| element.text(), Cow::Owned);
        let stated = element.filled("type").map(str::to_ascii_lowercase);
        let is_html = match stated.as_deref() {
            Some(kind) if kind.contains("html") => true,
            // Atom 0.3: anything escaped whose type is not plain text.
            Some("text" | "text/plain") => false,
            // What was packed without a word on its type.
            _ if is_packed => looks_like_html(&text),
            _ if is_atom || element.ns == Ns::Atom => element.attribute("mode") == Some("escaped") && stated.is_some(),
            _ => looks_like_html(&text),
        };
        if is_html { Self::Html(text) } else { Self::Plain(text) }
    }

    /// Returns plain text on one line, or nothing.
    pub(crate) fn plain(&self) -> Option<String> {
        let plain = match self {
            Self::Plain(text) => naba_text::collapse_line(text),
            Self::Html(html) => plain_text(html),
        };
        (!plain.is_empty()).then_some(plain)
    }

    /// Returns HTML whose addresses are absolute, or nothing.
    pub(crate) fn html(&self, scope: &Scope) -> Option<String> {
        let html = match self {
            Self::Html(html) => fragment::absolute(html.trim(), scope.base.as_url()).into_owned(),
            Self::Plain(text) => paragraphs(text),
        };
        (!html.is_empty()).then_some(html)
    }
}

/// Tells whether escaped HTML stands inside a needless `div`.
fn is_escaped_in_div(element: &Element) -> bool {
    let mut elements = element.elements();
    let only = elements.next().filter(|only| only.name == "div" && !only.has_elements());
    element.attribute("type") == Some("html") && only.is_some() && elements.next().is_none()
}

/// Atom packs what is neither text nor markup (RFC 4287, section 4.1.3.3), and Atom 0.3 whatever it says it packs.
fn is_packed(element: &Element, is_atom: bool) -> bool {
    if !is_atom && element.ns != Ns::Atom {
        return false;
    }
    let stated = element.filled("type").map(str::to_ascii_lowercase).unwrap_or_default();
    let is_text = stated.is_empty() || ["text", "html", "xml"].iter().any(|part| stated.contains(part));
    element.attribute("mode").is_some_and(|mode| mode.eq_ignore_ascii_case("base64")) || !is_text
}

/// Returns packed text, which for a picture is empty, or `None` when nothing is packed after all.
fn unpacked(element: &Element) -> Option<String> {
    let stated = element.filled("type").unwrap_or_default().to_ascii_lowercase();
    let is_media = ["image/", "audio/", "video/"].iter().any(|kind| stated.starts_with(kind));
    match String::from_utf8(base64::decode(&element.text())?) {
        Ok(text) => Some(text),
        // Four letters are valid base64 by chance.
        Err(_) => is_media.then(String::new),
    }
}

/// Returns the markup inside; the `div` around XHTML is no part of it (RFC 4287, section 3.1.1.3).
fn markup(element: &Element, scope: &Scope) -> String {
    let mut elements = element.elements();
    match (elements.next(), elements.next()) {
        (Some(only), None) if only.name == "div" && element.text().trim() == only.text().trim() => {
            only.inner_html(&scope.enter(only))
        }
        _ => element.inner_html(scope),
    }
}

/// Returns plain text as HTML, a paragraph for each part between empty lines.
fn paragraphs(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let text = text.replace("\r\n", "\n");
    for part in text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()) {
        out.push_str("<p>");
        escape(part, &mut out);
        out.push_str("</p>");
    }
    out
}

/// Returns a short plain text: title, name, keyword.
pub(crate) fn label(text: &str) -> Option<String> {
    let label = if looks_like_html(text) { plain_text(text) } else { naba_text::collapse_line(text) };
    (!label.is_empty()).then(|| cut(label, MAX_LABEL_BYTES))
}

/// Returns a language tag. `en_US` is a common slip for `en-US`.
pub(crate) fn language(text: &str) -> Option<String> {
    label(text).map(|tag| tag.replace('_', "-"))
}

/// Returns the name of a person as RSS writes it: `mail (Name)`, `Name (mail)`, `Name <mail>` or `Name`. A bare mail is no
/// name.
pub(crate) fn person(text: &str) -> Option<String> {
    let text = naba_text::collapse_line(text);
    let parts = |open, close| Some((text.get(..open)?, text.get(open + 1..close)?));
    let parts = text.find('(').zip(text.rfind(')')).and_then(|(open, close)| parts(open, close));
    let name = match parts {
        Some((mail, name)) if mail.contains('@') => name,
        Some((name, mail)) if mail.contains('@') => name,
        _ => match text.split_once('<') {
            Some((name, mail)) if mail.contains('@') => name,
            _ => &text,
        },
    };
    let name = name.trim().trim_matches('"').trim();
    let is_bare_mail = name.contains('@') && !name.contains(' ');
    if is_bare_mail { None } else { label(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope { base: naba_model::NormalUrl::parse("https://a.example/").unwrap(), language: None }
    }

    /// Returns the plain text and the HTML of an Atom construct.
    fn atom(attributes: &[(&str, &str)], text: &str) -> (Option<String>, Option<String>) {
        let attributes = attributes.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let mut element = Element::new(Ns::Atom, "content".into(), attributes);
        element.push_text(text.into());
        let construct = Construct::of(&element, true, &scope());
        (construct.plain(), construct.html(&scope()))
    }

    #[test]
    fn atom_unpacks_text_and_drops_pictures() {
        assert_eq!(atom(&[("mode", "base64")], "PHA+SGk8L3A+").1.as_deref(), Some("<p>Hi</p>"));
        assert_eq!(atom(&[("type", "image/png")], "iVBORw0KGgo=").1, None);
        assert_eq!(atom(&[("type", "x/y")], "no base64!").0.as_deref(), Some("no base64!"));
    }

    #[test]
    fn atom_text_is_no_html_unless_it_says_so() {
        assert_eq!(atom(&[], "a <b> c").0.as_deref(), Some("a <b> c"));
        assert_eq!(atom(&[("type", "html")], "a <b> c").0.as_deref(), Some("a c"));
    }

    #[test]
    fn people_are_named_without_their_mail() {
        assert_eq!(person("jane@a.example (Jane Doe)").as_deref(), Some("Jane Doe"));
        assert_eq!(person("Jane Doe (jane@a.example)").as_deref(), Some("Jane Doe"));
        assert_eq!(person("\"Jane Doe\" <jane@a.example>").as_deref(), Some("Jane Doe"));
        assert_eq!(person("سارة (مراسلة)").as_deref(), Some("سارة (مراسلة)"));
        assert_eq!(person("jane@a.example"), None);
    }
}
