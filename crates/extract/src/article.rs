//! Assembly: from the parts to the Article and its Comments, with ids that follow.

use naba_model::{ArticleId, CommentId, NormalUrl, content_hash, is_body, registrable_domain, timestamp_of};
use naba_proto::v1::{
    Article, ArticleSource, Block, BlockRole, Clocks, Comment, CommentsSummary, Dateline, Direction, Extraction,
    FieldProvenance, Lineage, Method, RawDocument, Span, StepVersion,
};
use naba_text::{Decoded, parse_instant};

use crate::candidate::{Candidate, Ledger};
use crate::error::ExtractError;
use crate::field::{author, headline, identity, kind, language, media, rights, time};
use crate::layout::{Layout, Unit};
use crate::limits::{MAX_BLOCKS, cut};
use crate::page::Page;
use crate::{Extracted, PARSER_NAME, PARSER_VERSION};

/// What assembly works from.
pub struct Parts<'a> {
    /// The document.
    pub raw: &'a RawDocument,
    /// Its text.
    pub decoded: &'a Decoded,
    /// The page, for HTML.
    pub page: Option<&'a Page>,
    /// Roles.
    pub layout: Layout,
    /// Candidates for the headline, if the page names it outside its text.
    pub headlines: Vec<Candidate<String>>,
    /// How the body was found.
    pub method: &'static str,
}

/// Puts the article together.
pub fn assemble(parts: Parts<'_>) -> Result<Extracted, ExtractError> {
    let Parts { raw, decoded, page, mut layout, headlines, method } = parts;
    let mut ledger = Ledger::default();
    let block_method = if page.is_some() { Method::Dom } else { Method::Text };
    let url = ledger
        .choose("canonical_url", identity::candidates(page, &raw.final_url)?, NormalUrl::to_string)
        .map(|c| c.value)
        .ok_or_else(|| ExtractError::Contract("final_url is missing".to_owned()))?;
    let article_id = ArticleId::of(&url);
    let headline = choose_headline(&mut layout, headlines, page, &mut ledger)?;
    let mut article = Article {
        article_id: article_id.as_str().to_owned(),
        url: raw.final_url.clone(),
        canonical_url: url.to_string(),
        source: Some(source(raw, page)),
        headline,
        origin: raw.origin,
        ..Article::default()
    };
    text_fields(&mut article, &layout, page, block_method, &mut ledger);
    let comments = comments(&layout, &article_id);
    article.blocks = blocks(&layout, &comments, block_method);
    let sample = sample(&layout);
    article.direction = direction(&sample).into();
    languages(&mut article, raw, page, &sample, &mut ledger);
    times(&mut article, raw, page, &layout, &url, &mut ledger);
    people_and_media(&mut article, raw, page, &layout, &url, &mut ledger);
    article.dateline = layout.dateline.as_ref().and_then(|(at, place)| {
        let block = u32::try_from(*at).ok().filter(|at| (*at as usize) < article.blocks.len())?;
        let end = u32::try_from(place.surface.chars().count()).ok()?;
        Some(Dateline {
            place: place.place.clone(),
            span: Some(Span { block, start: 0, end }),
            agency: place.agency.clone(),
        })
    });
    article.comments = Some(CommentsSummary { count: u32::try_from(comments.len()).unwrap_or(u32::MAX) });
    article.rights = Some(rights::read(raw, page, &layout));
    article.clocks = Some(Clocks {
        published_at: article.published_at.as_ref().and_then(|d| d.value),
        modified_at: article.modified_at.as_ref().and_then(|d| d.value),
        first_seen_at: raw.discovered_at,
        fetched_at: raw.fetched_at,
    });
    article.lineage = Some(Lineage {
        raw_sha256: raw.sha256.clone(),
        raw_url_hash: raw.url_hash.clone(),
        parser: Some(StepVersion {
            name: PARSER_NAME.to_owned(),
            version: PARSER_VERSION,
            parameters_hash: String::new(),
        }),
        rule: None,
    });
    article.extraction = Some(extraction(&article, decoded, page, method));
    article.provenance = ledger.winners;
    article.content_hash = content_hash(&article).into_string();
    Ok(Extracted { article, comments, losers: ledger.losers })
}

/// The block of the headline says it as printed; where the page does not print it, a block is put in front.
fn choose_headline(
    layout: &mut Layout,
    mut headlines: Vec<Candidate<String>>,
    page: Option<&Page>,
    ledger: &mut Ledger,
) -> Result<String, ExtractError> {
    let printed = layout.units.iter().find(|u| u.role == BlockRole::Headline).map(|u| u.line.text.replace('\n', " "));
    if let Some(printed) = printed {
        let known = headlines.iter().map(|c| crate::layout::key(&c.value)).any(|k| k == crate::layout::key(&printed));
        let confidence = match () {
            () if page.is_some_and(|p| headline::names_site(p, &printed)) => 0.3,
            () if known || headlines.is_empty() => 0.99,
            () => 0.6,
        };
        let method = if page.is_some() { Method::Dom } else { Method::Text };
        headlines.extend(Candidate::text(&printed, method, "headline", confidence));
    }
    let chosen = ledger.choose("headline", headlines, String::clone).ok_or(ExtractError::NoHeadline)?;
    if !layout.units.iter().any(|u| u.role == BlockRole::Headline) {
        let unit = Unit {
            role: BlockRole::Headline,
            line: crate::line::Line::new(chosen.value.clone()),
            rule: chosen.rule,
            confidence: chosen.confidence,
            comment: None,
        };
        layout.units.insert(0, unit);
        if let Some((at, _)) = layout.dateline.as_mut() {
            *at += 1;
        }
    }
    Ok(chosen.value)
}

fn source(raw: &RawDocument, page: Option<&Page>) -> ArticleSource {
    let stated = page.map(|p| {
        if p.ld.publisher.is_empty() {
            p.meta.first(&["og:site_name"]).map_or("", |(_, v)| v)
        } else {
            p.ld.publisher.as_str()
        }
    });
    let name = if raw.source_name.is_empty() { stated.unwrap_or_default().to_owned() } else { raw.source_name.clone() };
    let host = NormalUrl::parse(&raw.final_url).map(|u| u.host().to_owned()).unwrap_or_default();
    ArticleSource {
        id: raw.source_id.clone(),
        name,
        domain: registrable_domain(&host),
        country: raw.source_country.clone(),
    }
}

/// Section, kicker, deck and standfirst, from the blocks of these roles.
fn text_fields(article: &mut Article, layout: &Layout, page: Option<&Page>, method: Method, ledger: &mut Ledger) {
    let texts = |role: BlockRole| layout.units.iter().filter(move |u| u.role == role);
    let joined = |role: BlockRole| texts(role).map(|u| u.line.text.as_str()).collect::<Vec<_>>().join("\n");
    let mut sections = Vec::new();
    if let Some(page) = page {
        sections.extend(Candidate::text(&page.ld.section, Method::JsonLd, "ld:articleSection", 0.85));
        if let Some((_, section)) = page.meta.first(&["article:section"]) {
            sections.extend(Candidate::text(section, Method::Meta, "meta:article:section", 0.75));
        }
    }
    sections.extend(
        texts(BlockRole::SectionLabel)
            .next_back()
            .and_then(|u| Candidate::text(&u.line.text, method, u.rule, u.confidence)),
    );
    article.section = ledger.choose("section", sections, String::clone).map(|c| c.value).unwrap_or_default();
    article.kicker = joined(BlockRole::Kicker);
    article.deck = joined(BlockRole::Deck);
    article.standfirst = joined(BlockRole::Standfirst);
    let fields = [("kicker", BlockRole::Kicker), ("deck", BlockRole::Deck), ("standfirst", BlockRole::Standfirst)];
    for (field, role) in fields {
        if let Some(unit) = texts(role).next() {
            ledger.winners.push(provenance(field, method, unit));
        }
    }
}

fn provenance(field: &str, method: Method, unit: &Unit) -> FieldProvenance {
    FieldProvenance {
        field_path: field.to_owned(),
        method: method.into(),
        rule_id: unit.rule.to_owned(),
        confidence: unit.confidence,
        raw_value: String::new(),
    }
}

fn comments(layout: &Layout, article_id: &ArticleId) -> Vec<Comment> {
    let numbered = layout.comments.iter().zip(0_u32..);
    numbered
        .map(|(parsed, position)| Comment {
            comment_id: CommentId::of(article_id, position, &parsed.author, &parsed.text).into_string(),
            article_id: article_id.as_str().to_owned(),
            title: parsed.title.clone(),
            author: parsed.author.clone(),
            direction: direction(&parsed.text).into(),
            text: parsed.text.clone(),
            posted_at: parse_instant(&parsed.date).map(|i| timestamp_of(i.millis)),
            position,
            ..Comment::default()
        })
        .collect()
}

fn blocks(layout: &Layout, comments: &[Comment], method: Method) -> Vec<Block> {
    let mut blocks = Vec::with_capacity(layout.units.len());
    for (at, unit) in layout.units.iter().take(MAX_BLOCKS).enumerate() {
        let comment = unit.comment.and_then(|c| comments.get(c));
        let text = if unit.role == BlockRole::Comment { String::new() } else { unit.line.text.clone() };
        let level = match unit.line.tag {
            crate::line::Tag::Heading(level) => u32::from(level.clamp(1, 6)),
            _ if unit.role == BlockRole::Headline => 1,
            _ if unit.role == BlockRole::Subhead => 2,
            _ => 0,
        };
        blocks.push(Block {
            role: unit.role.into(),
            direction: direction(&text).into(),
            marks: if text.is_empty() { Vec::new() } else { unit.line.marks.clone() },
            text,
            language: String::new(),
            level,
            confidence: unit.confidence,
            provenance: Some(provenance(&format!("blocks[{at}]"), method, unit)),
            comment_id: comment.map(|c| c.comment_id.clone()).unwrap_or_default(),
        });
    }
    blocks
}

fn direction(text: &str) -> Direction {
    match naba_text::direction_of(text) {
        naba_text::Direction::Rtl => Direction::Rtl,
        naba_text::Direction::Ltr => Direction::Ltr,
        naba_text::Direction::Neutral => Direction::Unspecified,
    }
}

/// The text that language and direction are judged by: headline and body.
fn sample(layout: &Layout) -> String {
    let parts = layout
        .units
        .iter()
        .filter(|u| is_body(u.role) || u.role == BlockRole::Headline || u.role == BlockRole::Standfirst);
    let joined = parts.map(|u| u.line.text.as_str()).collect::<Vec<_>>().join("\n");
    cut(&joined, 6_000).to_owned()
}

fn languages(article: &mut Article, raw: &RawDocument, page: Option<&Page>, sample: &str, ledger: &mut Ledger) {
    let headers: Vec<(String, String)> = raw.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect();
    let feed = raw.discovery.as_ref().map_or("", |d| d.language.as_str());
    if let Some(chosen) = ledger.choose("language", language::candidates(page, &headers, feed, sample), String::clone) {
        article.language_confidence = chosen.confidence;
        article.language = chosen.value;
    }
}

fn times(
    article: &mut Article,
    raw: &RawDocument,
    page: Option<&Page>,
    layout: &Layout,
    url: &NormalUrl,
    ledger: &mut Ledger,
) {
    let fetched = raw.fetched_at.as_ref().map(naba_model::millis_of);
    let path = if url.as_url().scheme() == "file" { "" } else { url.as_url().path() };
    let times = time::candidates(page, layout, raw.discovery.as_ref(), path, fetched);
    let show = |i: &naba_text::ParsedInstant| i.millis.to_string();
    article.published_at =
        ledger.choose("published_at", times.published, show).map(|c| time::dated(&c, "published_at"));
    article.modified_at = ledger.choose("modified_at", times.modified, show).map(|c| time::dated(&c, "modified_at"));
}

fn people_and_media(
    article: &mut Article,
    raw: &RawDocument,
    page: Option<&Page>,
    layout: &Layout,
    url: &NormalUrl,
    ledger: &mut Ledger,
) {
    let feed_authors = raw.discovery.as_ref().map(|d| d.authors.clone()).unwrap_or_default();
    let mut publishers = vec![raw.source_name.clone()];
    if let Some(page) = page {
        publishers.push(page.ld.publisher.clone());
        publishers.extend(page.meta.first(&["og:site_name"]).map(|(_, v)| v.to_owned()));
    }
    let authors = author::candidates(page, layout, &feed_authors, &publishers);
    let show = |list: &Vec<naba_proto::v1::Author>| list.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join("; ");
    article.authors = ledger.choose("authors", authors, show).map(|c| c.value).unwrap_or_default();
    let kinds = kind::candidates(page, layout, &article.section, url.as_url().path());
    if let Some(chosen) = ledger.choose("kind", kinds, |k| k.as_str_name().to_owned()) {
        article.kind = chosen.value.into();
    }
    if let Some(page) = page {
        article.images = media::images(page, layout, url);
        article.videos = media::videos(page, url);
    }
    let categories = raw.discovery.as_ref().map(|d| d.categories.clone()).unwrap_or_default();
    article.tags = media::tags(page, &categories);
}

fn extraction(article: &Article, decoded: &Decoded, page: Option<&Page>, method: &'static str) -> Extraction {
    let body: usize = article.blocks.iter().filter(|b| is_body(b.role())).map(|b| b.text.chars().count()).sum();
    let paragraphs = article.blocks.iter().filter(|b| b.role() == BlockRole::Paragraph).count();
    let mut notes = vec![decoded.by.code().to_owned()];
    if decoded.replaced {
        notes.push("characters_replaced".to_owned());
    }
    if article.published_at.is_none() {
        notes.push("no_date".to_owned());
    }
    if article.authors.is_empty() {
        notes.push("no_author".to_owned());
    }
    if body == 0 {
        notes.push("no_body".to_owned());
    }
    if page.is_some_and(|p| p.linked.repaired) {
        notes.push("json_ld_repaired".to_owned());
    }
    let certain = page.is_some_and(|p| p.has_ld) || article.published_at.is_some();
    let mut confidence: f32 = match (body, paragraphs) {
        (0..=199, _) => 0.5,
        (_, 0..=1) => 0.65,
        _ => 0.85,
    };
    confidence += if certain { 0.1 } else { 0.0 };
    Extraction { confidence, method: method.to_owned(), notes }
}
