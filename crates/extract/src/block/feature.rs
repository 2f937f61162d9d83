//! What is measured of each line: its text, its element, its place, its neighbours, and the role the rules gave it.

use foldhash::HashMap;

use memchr::memmem;
use naba_proto::v1::BlockRole;
use naba_text::is_alphanumeric;

use super::tree::{Places, f};
use crate::cue::Cue;
use crate::layout::Known;
use crate::line::{Hint, Line, Tag, Zone};
use crate::page::Page;

/// The role that the rules gave a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Given {
    pub role: BlockRole,
    pub confidence: f32,
}

/// A row of features.
pub type Row = Vec<f32>;

/// Features of a line; a test holds the count.
pub const WIDTH: usize = 116;

/// Tells whether a line is a mere link of a menu, which is not worth measuring.
fn is_hopeless(line: &Line, in_body: bool) -> bool {
    !in_body && line.link_ratio > 0.8 && (matches!(line.zone, Zone::Nav | Zone::Footer) || line.words <= 3)
}

/// Measures the lines of a page; the rows of links in menus are empty.
pub fn rows(page: &Page, lines: &[Line], known: &Known, given: &[Option<Given>]) -> Vec<Row> {
    let mut places = Places::read(&page.dom, lines, page.container);
    let whole = Whole::of(page, lines, known, given);
    let log_weights: Vec<f32> = lines.iter().map(|l| f(l.weight).max(1.0).ln()).collect();
    let context = Context { lines, log_weights: &log_weights, given, whole: &whole };
    (0..lines.len())
        .map(|at| {
            let mut row = Row::new();
            if let Some(line) = lines.get(at).filter(|line| !is_hopeless(line, in_body(given, at))) {
                row.reserve_exact(WIDTH);
                text(line, context.log_weight(at), &mut row);
                markup(line, &mut row);
                whole.compare(line, &mut row);
                place(line, &mut places, &mut row);
                context.neighbours(at, &mut row);
                context.position(at, &mut row);
                whole.page(&places, &mut row);
            }
            row
        })
        .collect()
}

fn flag(row: &mut Row, value: bool) {
    row.push(f32::from(u8::from(value)));
}

fn text(line: &Line, log_weight: f32, row: &mut Row) {
    let (mut letters, mut upper, mut digits, mut commas, mut stops, mut odd) = (0, 0, 0, 0, 0, 0);
    for c in line.text.chars() {
        match c {
            'a'..='z' => letters += 1,
            'A'..='Z' => (letters, upper) = (letters + 1, upper + 1),
            '0'..='9' => digits += 1,
            ' ' | '\n' => {}
            ',' | '،' | '，' | '、' | ';' | '؛' => commas += 1,
            '.' | '!' | '?' | '。' | '؟' | '۔' | '！' | '？' | '।' => stops += 1,
            '|' | '/' | '»' | '›' | '>' | '•' | '·' | '#' | '@' | '©' | '+' | '=' | '_' => odd += 1,
            '一'..='鿿' | '가'..='힣' | 'ぁ'..='ゖ' => letters += 1,
            c if c.is_alphabetic() => (letters, upper) = (letters + 1, upper + usize::from(c.is_uppercase())),
            _ => {}
        }
    }
    let weight = f(line.weight).max(1.0);
    row.push(log_weight);
    row.push(f(line.words));
    row.push(line.link_ratio);
    row.push(f(digits) / weight);
    row.push(f(upper) / f(letters).max(1.0));
    row.push(f(commas) * 100.0 / weight);
    row.push(f(stops));
    row.push(f(odd) * 10.0 / weight);
    row.push(f(letters) / f(line.words).max(1.0));
    flag(row, line.ends_sentence());
    flag(row, line.is_question());
    flag(row, line.is_prose());
    flag(row, line.is_date());
    flag(row, line.is_quoted());
    flag(row, line.text.ends_with([':', '：']));
    flag(row, line.text.ends_with(['…', '»', '›', '>']) || line.text.ends_with("..."));
    flag(row, line.text.contains('\n'));
    const CUES: &[Cue] = &[
        Cue::Promo,
        Cue::Related,
        Cue::Boilerplate,
        Cue::Ad,
        Cue::Credit,
        Cue::CommentsHeading,
        Cue::Disclaimer,
        Cue::Correction,
        Cue::Paywall,
        Cue::Report,
        Cue::RelativeTime,
        Cue::Desk,
    ];
    for cue in CUES {
        flag(row, line.cued(*cue));
    }
}

fn markup(line: &Line, row: &mut Row) {
    row.push(match line.tag {
        Tag::None => 0.0,
        Tag::Paragraph => 1.0,
        Tag::Quote => 2.0,
        Tag::Item => 3.0,
        Tag::Table => 4.0,
        Tag::Heading(level) => 5.0 + f32::from(level.min(6)),
        Tag::Caption => 12.0,
        Tag::Control => 13.0,
    });
    // Ordered from what belongs to the body to what does not, so that few questions part them.
    row.push(match line.hint {
        None => 0.0,
        Some(Hint::Standfirst) => 1.0,
        Some(Hint::Deck) => 2.0,
        Some(Hint::PullQuote) => 3.0,
        Some(Hint::Section) => 4.0,
        Some(Hint::Kicker) => 5.0,
        Some(Hint::Headline) => 6.0,
        Some(Hint::Embed) => 7.0,
        Some(Hint::Correction) => 8.0,
        Some(Hint::Date) => 9.0,
        Some(Hint::Byline) => 10.0,
        Some(Hint::Boilerplate) => 11.0,
        Some(Hint::Caption) => 12.0,
        Some(Hint::Credit) => 13.0,
        Some(Hint::Related) => 14.0,
        Some(Hint::Promo) => 15.0,
        Some(Hint::Ad) => 16.0,
    });
    row.push(match line.zone {
        Zone::Page => 0.0,
        Zone::Aside => 1.0,
        Zone::Comments => 2.0,
        Zone::Footer => 3.0,
        Zone::Nav => 4.0,
    });
    flag(row, line.in_body);
    flag(row, line.strong);
    flag(row, line.top_heading);
    row.push(f(line.marks.len()));
}

fn place(line: &Line, places: &mut Places, row: &mut Row) {
    let home = places.home(line.node);
    let above = places.parent(home);
    let all = places.all;
    for id in [home, above, places.parent(above)] {
        let sum = places.sum(id);
        row.push(sum.prose / all.prose.max(1.0));
        row.push(sum.link_density());
        row.push((sum.lines + 1.0).ln());
        row.push(sum.weight / sum.lines.max(1.0));
        row.push(sum.prose / sum.weight.max(1.0));
    }
    let around = places.around(line.node);
    row.extend([around.depth, around.up, around.down]);
    let flags = [
        around.article,
        around.main,
        around.named,
        around.list,
        around.figure,
        around.head_or_form,
        around.table,
        around.dense,
        around.beside_dense,
    ];
    flags.into_iter().for_each(|is| flag(row, is));
}

/// What is known of the whole page.
struct Whole<'a> {
    /// By signature: lines, weight of prose, weight, weight in links, lines that the rules put into the body.
    kinds: HashMap<u64, [f32; 5]>,
    /// Times that a text stands on the page.
    texts: HashMap<&'a str, f32>,
    title_words: Vec<String>,
    described: Vec<String>,
    headlines: Vec<String>,
    ld_body: String,
    headline: Option<usize>,
    body: Option<(usize, usize)>,
    lines: f32,
    prose: f32,
    body_weight: f32,
    /// Logarithms of lines, prose and weight of the body.
    logs: [f32; 3],
    has_ld: bool,
}

impl<'a> Whole<'a> {
    fn of(page: &Page, lines: &'a [Line], known: &Known, given: &[Option<Given>]) -> Self {
        let mut kinds: HashMap<u64, [f32; 5]> = HashMap::default();
        let mut texts: HashMap<&str, f32> = HashMap::default();
        let mut body_weight = 0.0;
        for (at, line) in lines.iter().enumerate() {
            let is_body = in_body(given, at);
            let weight = f(line.weight);
            body_weight += if is_body { weight } else { 0.0 };
            let kind = kinds.entry(line.signature).or_default();
            let prose = if line.is_prose() { weight } else { 0.0 };
            for (sum, part) in
                kind.iter_mut().zip([1.0, prose, weight, weight * line.link_ratio, f32::from(u8::from(is_body))])
            {
                *sum += part;
            }
            *texts.entry(&line.folded).or_default() += 1.0;
        }
        let role = |role| given.iter().position(|g| g.is_some_and(|g| g.role == role));
        let first = (0..lines.len()).position(|at| in_body(given, at));
        let last = (0..lines.len()).rposition(|at| in_body(given, at));
        let prose: f32 = lines.iter().filter(|l| l.is_prose()).map(|l| f(l.weight)).sum();
        let title = naba_text::fold_str(known.headlines.first().map_or("", String::as_str));
        Self {
            kinds,
            texts,
            title_words: words(&title).map(str::to_owned).collect(),
            described: known.descriptions.iter().map(|d| crate::layout::key(d)).collect(),
            headlines: known.headlines.iter().map(|h| crate::layout::key(h)).collect(),
            ld_body: crate::layout::key(&page.ld.body),
            headline: role(BlockRole::Headline),
            body: first.zip(last),
            lines: f(lines.len()),
            prose,
            logs: [f(lines.len()).ln(), prose.max(1.0).ln(), body_weight.max(1.0).ln()],
            body_weight,
            has_ld: page.has_ld,
        }
    }

    fn compare(&self, line: &Line, row: &mut Row) {
        let [count, prose, weight, linked, body] = self.kinds.get(&line.signature).copied().unwrap_or_default();
        row.push(count.ln());
        row.push(prose / self.prose.max(1.0));
        row.push(weight / count.max(1.0));
        row.push(linked / weight.max(1.0));
        row.push(body / count.max(1.0));
        row.push(self.texts.get(line.folded.as_str()).copied().unwrap_or(1.0));
        let key = line.key();
        row.push(match (self.ld_body.len(), key.len()) {
            (0..=200, _) => -1.0,
            (_, 0..=8) => 0.5,
            _ => f32::from(u8::from(memmem::find(self.ld_body.as_bytes(), key.as_bytes()).is_some())),
        });
        let described = |d: &String| {
            !d.is_empty() && (d.starts_with(key) || key.starts_with(d.as_str()) || key.len() > 40 && d.contains(key))
        };
        flag(row, key.len() > 12 && self.described.iter().any(described));
        flag(row, self.headlines.iter().any(|h| h == key));
        let words: Vec<&str> = words(&line.folded).take(40).collect();
        let shared = words.iter().filter(|w| self.title_words.iter().any(|t| t == *w)).count();
        row.push(f(shared) / f(words.len()).max(1.0));
    }

    fn page(&self, places: &Places, row: &mut Row) {
        row.extend(self.logs);
        row.push(self.body_weight / places.all.weight.max(1.0));
        flag(row, self.has_ld);
    }
}

fn in_body(given: &[Option<Given>], at: usize) -> bool {
    given.get(at).copied().flatten().is_some_and(|g| naba_model::is_body(g.role))
}

struct Context<'a> {
    lines: &'a [Line],
    log_weights: &'a [f32],
    given: &'a [Option<Given>],
    whole: &'a Whole<'a>,
}

impl Context<'_> {
    fn log_weight(&self, at: usize) -> f32 {
        self.log_weights.get(at).copied().unwrap_or(0.0)
    }

    fn neighbours(&self, at: usize, row: &mut Row) {
        let Some(line) = self.lines.get(at) else { return };
        for offset in [-2_isize, -1, 1, 2] {
            let other = at.checked_add_signed(offset).and_then(|i| self.lines.get(i));
            row.push(at.checked_add_signed(offset).map_or(0.0, |at| self.log_weight(at)));
            row.push(other.map_or(-1.0, |l| l.link_ratio));
            flag(row, other.is_some_and(|l| l.signature == line.signature));
            flag(row, other.is_some_and(|l| matches!(l.tag, Tag::Heading(_))));
            let role = other.and_then(|_| at.checked_add_signed(offset)).and_then(|i| self.given.get(i));
            row.push(role.copied().flatten().map_or(-1.0, |g| order(g.role)));
        }
        for reach in [3, 8] {
            for (from, to) in [(at.saturating_sub(reach), at), (at + 1, (at + 1 + reach).min(self.lines.len()))] {
                let window = self.lines.get(from..to).unwrap_or_default();
                row.push(window.iter().filter(|l| l.is_prose()).map(|l| f(l.weight)).sum::<f32>().max(1.0).ln());
                row.push(window.iter().map(|l| l.link_ratio).sum::<f32>() / f(window.len()).max(1.0));
                row.push(f((from..to).filter(|i| in_body(self.given, *i)).count()));
            }
        }
    }

    fn position(&self, at: usize, row: &mut Row) {
        let given = self.given.get(at).copied().flatten();
        row.push(given.map_or(-1.0, |g| order(g.role)));
        row.push(given.map_or(0.0, |g| if naba_model::is_body(g.role) { g.confidence } else { -g.confidence }));
        row.push(f(at) / self.whole.lines.max(1.0));
        let signed = |from: usize| if at >= from { f(at - from).min(300.0) } else { -f(from - at).min(300.0) };
        row.push(self.whole.headline.map_or(-999.0, signed));
        let (before, after) = match self.whole.body {
            Some((first, last)) => (signed(first), signed(last)),
            None => (-999.0, -999.0),
        };
        row.extend([before, after]);
    }
}

fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c| !is_alphanumeric(c)).filter(|w| !w.is_empty())
}

/// Roles from what belongs to the body to what does not.
fn order(role: BlockRole) -> f32 {
    match role {
        BlockRole::Paragraph => 0.0,
        BlockRole::Quote => 1.0,
        BlockRole::ListItem => 2.0,
        BlockRole::Subhead => 3.0,
        BlockRole::Table => 4.0,
        BlockRole::Standfirst => 5.0,
        BlockRole::Deck => 6.0,
        BlockRole::Embed => 7.0,
        BlockRole::Correction => 8.0,
        BlockRole::Headline => 9.0,
        BlockRole::Caption => 10.0,
        BlockRole::Credit => 11.0,
        BlockRole::Byline => 12.0,
        BlockRole::Boilerplate => 13.0,
        BlockRole::Related => 14.0,
        BlockRole::Promo => 15.0,
        BlockRole::Ad => 16.0,
        _ => 17.0,
    }
}
