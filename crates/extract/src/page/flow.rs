//! From the tree to lines: every block of text of the page in document order, with what its place says.

use std::hash::{DefaultHasher, Hash, Hasher};

use naba_proto::v1::{Mark, MarkKind};

use super::attribute::Attr;
use super::dom::{Dom, NodeId};
use super::hint::{Names, Said};
use super::run::Run;
use crate::limits::{MAX_BLOCK_CHARS, MAX_FIELD_CHARS, cut};
use crate::line::{Hint, Line, Tag, Zone};

/// Most lines read from one page.
const MAX_LINES: usize = 20_000;

/// Reads the lines of a page, and what the names of the elements on the way say, by node.
pub fn read(dom: &Dom) -> (Vec<Line>, Vec<Option<Said>>) {
    let said = vec![None; dom.len()];
    let mut flow = Flow { dom, names: Names::default(), said, lines: Vec::new(), run: Run::default() };
    let root = dom.elements("body").next().unwrap_or(0);
    let place = Place {
        block: root,
        hint: None,
        zone: Zone::Page,
        hint_node: 0,
        zone_node: 0,
        tag: Tag::None,
        level_one: false,
    };
    flow.visit(root, place, 0);
    flow.flush(place);
    (flow.lines, flow.said)
}

/// What holds for a node because of the elements around it.
#[derive(Clone, Copy)]
struct Place {
    block: NodeId,
    hint: Option<Hint>,
    zone: Zone,
    hint_node: NodeId,
    zone_node: NodeId,
    tag: Tag,
    level_one: bool,
}

struct Flow<'a> {
    dom: &'a Dom,
    names: Names<'a>,
    said: Vec<Option<Said>>,
    lines: Vec<Line>,
    run: Run,
}

impl Flow<'_> {
    fn visit(&mut self, id: NodeId, place: Place, depth: usize) {
        if let Some(text) = self.dom.text(id) {
            self.run.push(text);
            return;
        }
        let name = self.dom.name(id);
        if depth > 1100 || self.lines.len() >= MAX_LINES {
            return;
        }
        if name == "br" {
            self.line_break(place);
            return;
        }
        let said = self.names.said(self.dom, id);
        self.said.get_mut(id).into_iter().for_each(|slot| *slot = Some(said));
        if said.hidden {
            return;
        }
        let mut inner = place;
        if let Some(hint) = said.hint {
            (inner.hint, inner.hint_node) = (Some(hint), id);
        }
        if let Some(zone) = said.zone.filter(|_| place.zone != Zone::Comments) {
            (inner.zone, inner.zone_node) = (zone, id);
        }
        if name == "table"
            && let Some(text) = self.table(id)
        {
            self.flush(place);
            self.run.text = text;
            self.run.letters = self.run.text.chars().count();
            let links = self.dom.subtree(id).filter(|n| self.dom.name(*n) == "a");
            self.run.link_letters = links.map(|n| self.dom.inner_text(n).chars().count()).sum();
            self.flush(Place { block: id, tag: Tag::Table, ..inner });
            return;
        }
        let splits =
            said.hint.is_some_and(is_own_line) && !matches!(place.tag, Tag::Paragraph | Tag::Item | Tag::Heading(_));
        let credit = said.hint == Some(Hint::Credit) && place.tag != Tag::Paragraph;
        if is_inline(name) && !splits && !credit {
            self.inline(id, name, inner, depth);
            return;
        }
        self.flush(place);
        inner.block = id;
        inner.tag = tag(self.dom, id, name, place.tag);
        inner.level_one |= inner.tag == Tag::Heading(1);
        self.run.in_link = u32::from(name == "a" && self.dom.attr(id, Attr::Href).is_some());
        for child in self.dom.children(id) {
            self.visit(child, inner, depth + 1);
        }
        if name == "time" {
            self.run.datetime = self.dom.attr(id, Attr::Datetime).map(|v| cut(v, 64).to_owned());
        }
        self.flush(inner);
        self.run.in_link = 0;
    }

    fn inline(&mut self, id: NodeId, name: &str, inner: Place, depth: usize) {
        let start = self.run.here();
        let href = self.dom.attr(id, Attr::Href).filter(|_| name == "a");
        let strong = matches!(name, "b" | "strong");
        self.run.in_link += u32::from(href.is_some());
        self.run.in_strong += u32::from(strong);
        // An inline element does not carry its hint to the block around it.
        for child in self.dom.children(id) {
            self.visit(child, Place { block: inner.block, ..inner }, depth + 1);
        }
        self.run.in_link = self.run.in_link.saturating_sub(u32::from(href.is_some()));
        self.run.in_strong = self.run.in_strong.saturating_sub(u32::from(strong));
        if name == "time" && self.run.datetime.is_none() {
            self.run.datetime = self.dom.attr(id, Attr::Datetime).map(|v| cut(v, 64).to_owned());
        }
        let kind = match name {
            "a" if href.is_some() => MarkKind::Link,
            "b" | "strong" => MarkKind::Strong,
            "em" | "i" => MarkKind::Emphasis,
            _ => return,
        };
        if self.run.chars > start {
            let href = cut(href.unwrap_or_default(), MAX_FIELD_CHARS).to_owned();
            self.run.marks.push(Mark { kind: kind.into(), start, end: self.run.chars, href });
        }
    }

    /// Two breaks in a row part paragraphs, as pages without paragraph elements do.
    fn line_break(&mut self, place: Place) {
        if self.run.pending == Some('\n') {
            self.flush(place);
        } else if !self.run.text.is_empty() {
            self.run.pending = Some('\n');
        }
    }

    fn flush(&mut self, place: Place) {
        let run = self.run.take();
        if !self.run.text.chars().any(naba_text::is_alphanumeric) && self.run.text.trim() != "###" {
            self.run.text.clear();
            return;
        }
        let (text, marks) = if naba_text::is_nfc(&self.run.text) {
            (self.run.text.clone(), run.marks)
        } else {
            recomposed(&self.run.text, run.marks)
        };
        self.run.text.clear();
        let mut line = Line::new(text);
        let letters = run.letters.max(1);
        #[allow(clippy::cast_precision_loss, reason = "counts of one block are far below 2^24")]
        let ratio = |part: usize| part as f32 / letters as f32;
        line.link_ratio = ratio(run.link_letters);
        line.strong = ratio(run.strong_letters) > 0.9;
        line.marks = marks;
        line.hint = place.hint;
        line.hint_node = place.hint_node;
        line.zone = place.zone;
        line.zone_node = place.zone_node;
        line.tag = place.tag;
        line.node = place.block;
        line.top_heading = place.level_one;
        line.datetime = run.datetime;
        line.signature = signature(self.dom, place.block);
        line.index = self.lines.len();
        self.lines.push(line);
    }

    /// Returns the text of a table of data: rows by newline, cells by tab. Tables that lay out a page return nothing.
    fn table(&self, id: NodeId) -> Option<String> {
        let mut rows = Vec::new();
        let mut wide_rows = 0;
        for row in self.dom.subtree(id).filter(|n| self.dom.name(*n) == "tr").take(1000) {
            let cells: Vec<String> = self
                .dom
                .children(row)
                .filter(|cell| matches!(self.dom.name(*cell), "td" | "th"))
                .map(|cell| self.dom.inner_text(cell))
                .collect();
            if cells.iter().any(|cell| cell.chars().count() > 200) {
                return None;
            }
            wide_rows += usize::from(cells.iter().filter(|c| !c.is_empty()).count() >= 2);
            rows.push(cells.join("\t"));
        }
        let nested = self
            .dom
            .subtree(id)
            .skip(1)
            .any(|n| matches!(self.dom.name(n), "table" | "h1" | "h2" | "article" | "form"));
        (wide_rows >= 2 && !nested).then(|| cut(&rows.join("\n"), MAX_BLOCK_CHARS).to_owned())
    }
}

/// Composes a text; marks stand on characters, so that they go when these change.
fn recomposed(text: &str, marks: Vec<Mark>) -> (String, Vec<Mark>) {
    let composed = naba_text::nfc(text);
    let marks = if composed == text { marks } else { Vec::new() };
    (composed, marks)
}

fn is_own_line(hint: Hint) -> bool {
    matches!(
        hint,
        Hint::Date
            | Hint::Byline
            | Hint::Section
            | Hint::Kicker
            | Hint::Credit
            | Hint::Caption
            | Hint::Boilerplate
            | Hint::Promo
            | Hint::Related
            | Hint::Ad
    )
}

fn tag(dom: &Dom, id: NodeId, name: &str, outer: Tag) -> Tag {
    if dom.attr(id, Attr::Role) == Some("heading") {
        let level = dom.attr(id, Attr::AriaLevel).and_then(|l| l.trim().parse().ok()).unwrap_or(2);
        return Tag::Heading(level);
    }
    match name {
        "h1" => Tag::Heading(1),
        "h2" => Tag::Heading(2),
        "h3" => Tag::Heading(3),
        "h4" => Tag::Heading(4),
        "h5" => Tag::Heading(5),
        "h6" => Tag::Heading(6),
        "p" if outer == Tag::Quote || outer == Tag::Item || outer == Tag::Caption => outer,
        "p" => Tag::Paragraph,
        "li" | "dt" | "dd" => Tag::Item,
        "blockquote" | "q" => Tag::Quote,
        "figcaption" => Tag::Caption,
        "button" | "select" | "option" | "label" | "textarea" => Tag::Control,
        "article" | "section" | "main" | "ul" | "ol" | "table" | "figure" | "header" | "aside" => Tag::None,
        _ => outer,
    }
}

fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "acronym"
            | "b"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "data"
            | "del"
            | "dfn"
            | "em"
            | "font"
            | "i"
            | "img"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "picture"
            | "q"
            | "rb"
            | "rp"
            | "rt"
            | "ruby"
            | "s"
            | "samp"
            | "small"
            | "source"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "tt"
            | "u"
            | "var"
            | "wbr"
            | "meta"
            | "link"
    )
}

fn signature(dom: &Dom, id: NodeId) -> u64 {
    let mut hasher = DefaultHasher::new();
    dom.name(id).hash(&mut hasher);
    dom.attr(id, Attr::Class).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> Vec<Line> {
        super::read(&Dom::parse(html).unwrap()).0
    }

    #[test]
    fn blocks_become_lines_and_breaks_stay_inside() {
        let lines = read("<div>a <b>b</b><br>c<p>d<span>e</span></p>f<br><br>g</div><script>x</script>");
        let texts: Vec<&str> = lines.iter().map(|l| l.text.as_str()).collect();
        assert_eq!(texts, ["a b\nc", "de", "f", "g"]);
    }

    #[test]
    fn marks_name_the_text_they_stand_on() {
        let lines = read("<p> Die  <a href='/x'>Stadt  Wien</a> wächst</p>");
        let mark = &lines[0].marks[0];
        assert_eq!((mark.start, mark.end, mark.href.as_str()), (4, 14, "/x"));
        assert_eq!(lines[0].text, "Die Stadt Wien wächst");
    }

    #[test]
    fn a_table_of_data_is_one_line() {
        let lines = read("<table><tr><th>a<th>b<tr><td>1<td>2</table>");
        assert_eq!(lines[0].text, "a\tb\n1\t2");
        assert_eq!(lines[0].tag, Tag::Table);
    }
}
