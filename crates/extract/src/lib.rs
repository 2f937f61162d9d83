//! RawDocument to Article: blocks with roles, metadata, rights, and the provenance of each.
//!
//! One step a module, in the order of the work: [`decode`](naba_text::decode) the bytes; parse the page once (tree, lines,
//! JSON-LD, meta); ask the gate whether it is an article; decide the role of every line; collect candidates for each field
//! and choose; assemble. Plain text takes the same way from its lines on. Languages live in `data/`, not in code.
//!
//! The crate is a function of the document: it knows no clock, file, network or configuration, and the same bytes give the
//! same message. What a failure means for the record (skip, dead letter) is for the service to say.
//!
//! ```
//! use naba_extract::extract;
//! use naba_proto::v1::{BlockRole, RawDocument};
//! let text = "Bridge closed after ice jam\n\nPARIS (AFP) — The bridge was closed on Monday after an ice jam, officials said.\n\n\
//!             It will be open again in the spring, when the ice has gone and engineers have looked at it.";
//! let raw = RawDocument {
//!     final_url: "https://news.example/1".into(),
//!     content_type: "text/plain".into(),
//!     body: text.into(),
//!     ..RawDocument::default()
//! };
//! let article = extract(&raw).unwrap().article;
//! assert_eq!(article.headline, "Bridge closed after ice jam");
//! assert_eq!(article.blocks[1].role(), BlockRole::Dateline);
//! assert_eq!(article.dateline.unwrap().agency, "AFP");
//! ```

mod article;
mod block;
mod candidate;
mod comment;
mod cue;
mod dateline;
mod decode;
mod error;
mod field;
mod gate;
mod layout;
mod limits;
mod line;
mod page;
mod plain;

use naba_model::is_body;
use naba_proto::v1::{Article, BlockRole, Comment, FieldProvenance, Method, RawDocument};
use naba_text::Decoded;
use url::Url;

use article::Parts;
pub use block::Model;
use candidate::Candidate;
use decode::Form;
pub use error::ExtractError;
use layout::{Known, Layout};
use page::Page;

/// The name under which the parser stands in the lineage.
pub const PARSER_NAME: &str = "naba-extract";
/// Raised when the output for the same bytes may change.
pub const PARSER_VERSION: u32 = 2;

/// Fewest characters of text that make an article.
const MIN_TEXT_CHARS: usize = 60;

/// What a document gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Extracted {
    /// The article; `processing` is left to the service.
    pub article: Article,
    /// Reader comments, in the order of the blocks that name them.
    pub comments: Vec<Comment>,
    /// Candidates that lost, with their values, for `naba explain`.
    pub losers: Vec<FieldProvenance>,
}

/// A line of a page, measured for training.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its text.
    pub text: String,
    /// Scalar values, those of scripts without spaces counted threefold.
    pub weight: usize,
    /// The role that the rules gave; none when they left the line out.
    pub role: Option<BlockRole>,
    /// Its features, in the order that the model counts them.
    pub features: Vec<f32>,
}

/// Extracts the article of a document.
///
/// The result keeps the contract (`naba_model::Checked`) when `final_url` is an address that naba handles.
pub fn extract(raw: &RawDocument) -> Result<Extracted, ExtractError> {
    extract_with(raw, block::compiled())
}

/// Extracts like [`extract`], with another model of blocks than the one compiled in, as the cross-validation does.
pub fn extract_with(raw: &RawDocument, model: &Model) -> Result<Extracted, ExtractError> {
    let (form, decoded) = decode::decode(raw)?;
    match form {
        Form::Html => from_html(raw, &decoded, model),
        Form::Plain => from_text(raw, &decoded),
    }
}

fn from_html(raw: &RawDocument, decoded: &Decoded, model: &Model) -> Result<Extracted, ExtractError> {
    let mut page = Page::parse(&decoded.text)?;
    let feed_title = raw.discovery.as_ref().map_or("", |d| d.title.as_str());
    if raw.feed_only {
        page.lines.iter_mut().for_each(|line| line.in_body = true);
    } else {
        let url = Url::parse(&raw.final_url).ok();
        gate::check(&page, url.as_ref())?;
    }
    let headlines = field::headline::candidates(&page, feed_title);
    let known = known(&page, &headlines, raw);
    let mut lines = std::mem::take(&mut page.lines);
    let layout = if raw.feed_only {
        layout::layout(lines, &known, Some(&page.dom))
    } else {
        let layout = block::layout(model, &page, &mut lines, &known);
        gate::check_listing(&page, &lines, &layout)?;
        layout
    };
    let mut layout = layout::finish(layout, &known);
    let mut method = if raw.feed_only { "feed:content" } else { "dom" };
    let found = body_chars(&layout);
    if page.ld.body.chars().count() > 400 && found * 2 < page.ld.body.chars().count() {
        layout = from_article_body(&page.ld.body, layout, &known);
        method = "ld:articleBody";
    }
    check_length(&layout, &page, raw)?;
    article::assemble(Parts { raw, decoded, page: Some(&page), layout, headlines, method })
}

/// Measures the lines of a page for the training of a model: text, weight, role by the rules, features.
///
/// Fails as [`extract`] does, except that no gate is asked.
pub fn measure(raw: &RawDocument) -> Result<Vec<Measured>, ExtractError> {
    let (_, decoded) = decode::decode(raw)?;
    let mut page = Page::parse(&decoded.text)?;
    let headlines = field::headline::candidates(&page, "");
    let known = known(&page, &headlines, raw);
    let lines = std::mem::take(&mut page.lines);
    let layout = layout::layout(lines.clone(), &known, Some(&page.dom));
    let rows = block::rows(&page, &lines, &known, &layout);
    let given = block::given(lines.len(), &layout);
    let measured = lines.into_iter().zip(rows).zip(given).map(|((line, features), given)| Measured {
        text: line.text,
        weight: line.weight,
        role: given.map(|g| g.role),
        features,
    });
    Ok(measured.collect())
}

fn from_text(raw: &RawDocument, decoded: &Decoded) -> Result<Extracted, ExtractError> {
    let title = raw.discovery.as_ref().map_or("", |d| d.title.as_str());
    let known = Known { headlines: vec![title.to_owned()], ..Known::default() };
    let layout = layout::finish(layout::layout(plain::lines(&decoded.text), &known, None), &known);
    let chars = body_chars(&layout);
    if chars < MIN_TEXT_CHARS {
        return Err(ExtractError::TooShort(chars));
    }
    let headlines = Candidate::text(title, Method::Feed, "feed:title", 0.4).into_iter().collect();
    article::assemble(Parts { raw, decoded, page: None, layout, headlines, method: "text" })
}

fn known(page: &Page, headlines: &[Candidate<String>], raw: &RawDocument) -> Known {
    let mut sorted: Vec<&Candidate<String>> = headlines.iter().collect();
    sorted.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let description =
        page.meta.first(&["og:description", "description", "twitter:description"]).map(|(_, d)| d.to_owned());
    let summary = raw.discovery.as_ref().map(|d| d.summary.clone());
    let descriptions = [Some(page.ld.description.clone()), description, summary];
    let authors = page.ld.authors.iter().map(|a| a.name.clone()).chain(page.meta.all("author").map(str::to_owned));
    let section = page.meta.first(&["article:section"]).map_or("", |(_, s)| s);
    Known {
        headlines: sorted.into_iter().map(|c| c.value.clone()).collect(),
        descriptions: descriptions.into_iter().flatten().filter(|d| d.chars().count() >= 12).collect(),
        authors: authors.collect(),
        section: if page.ld.section.is_empty() { section.to_owned() } else { page.ld.section.clone() },
        markup: true,
        ..Known::default()
    }
}

/// Takes the body from structured data when the page shows less than half of it; the rest of the layout stays.
fn from_article_body(body: &str, layout: Layout, known: &Known) -> Layout {
    let text = format!("{}\n\n{body}", known.headlines.first().map_or("", String::as_str));
    let plain = Known { headlines: known.headlines.clone(), ..Known::default() };
    let mut fresh = layout::finish(layout::layout(plain::lines(&text), &plain, None), &plain);
    let kept = |u: &layout::Unit| !is_body(u.role) && !matches!(u.role, BlockRole::Dateline | BlockRole::Headline);
    let (mut before, mut after): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
    for unit in layout.units.into_iter().filter(kept) {
        let is_top = matches!(
            unit.role,
            BlockRole::SectionLabel | BlockRole::Kicker | BlockRole::Deck | BlockRole::Standfirst | BlockRole::Byline
        );
        if is_top { before.push(unit) } else { after.push(unit) }
    }
    let at = fresh.units.iter().position(|u| u.role == BlockRole::Headline).map_or(0, |at| at + 1);
    let shift = before.len();
    fresh.units.splice(at..at, before);
    fresh.units.extend(after);
    if let Some((place, _)) = fresh.dateline.as_mut() {
        *place += if *place >= at { shift } else { 0 };
    }
    fresh.comments = layout.comments;
    fresh
}

fn body_chars(layout: &Layout) -> usize {
    layout.units.iter().filter(|u| is_body(u.role)).map(|u| u.line.text.chars().count()).sum()
}

/// A page without body is still an article when it shows a headline and an introduction, as paywalled and video pages do.
fn check_length(layout: &Layout, page: &Page, raw: &RawDocument) -> Result<(), ExtractError> {
    let chars = body_chars(layout);
    let introduced = layout.units.iter().any(|u| matches!(u.role, BlockRole::Standfirst | BlockRole::Deck));
    let needed = if raw.feed_only { 1 } else { MIN_TEXT_CHARS };
    let weight: usize = layout.units.iter().filter(|u| is_body(u.role)).map(|u| u.line.weight).sum();
    if weight >= needed || introduced && page.has_ld {
        return Ok(());
    }
    Err(ExtractError::TooShort(chars))
}
