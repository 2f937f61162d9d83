//! Whether a page is an article at all.

use naba_model::is_body;
use naba_proto::v1::BlockRole;
use naba_text::fold_str;
use url::Url;

use crate::cue::Cue;
use crate::error::ExtractError;
use crate::layout::Layout;
use crate::line::{Line, Zone};
use crate::page::Page;
use crate::page::attribute::Attr;
use crate::page::ld;

/// Refuses bot walls, error pages and home pages, before the lines are read.
pub fn check(page: &Page, final_url: Option<&Url>) -> Result<(), ExtractError> {
    let title = fold_str(&page.meta.title);
    let prose: usize = page.lines.iter().filter(|l| l.in_body && l.is_prose()).map(|l| l.weight).sum();
    if Cue::Wall.is_in(title.trim()) && prose < 1_500 {
        return Err(ExtractError::BotWall("title"));
    }
    if prose < 400 && is_challenge(page) {
        return Err(ExtractError::BotWall("challenge"));
    }
    if is_front(final_url) && !claims_article(page) {
        return Err(ExtractError::NoArticle);
    }
    Ok(())
}

/// Refuses listings, when the lines have their roles: many linked headlines, and hardly any body.
pub fn check_listing(page: &Page, lines: &[Line], layout: &Layout) -> Result<(), ExtractError> {
    if !claims_article(page) && is_listing(page, lines, layout) {
        return Err(ExtractError::NoArticle);
    }
    Ok(())
}

fn claims_article(page: &Page) -> bool {
    page.has_ld || page.meta.first(&["og:type"]).is_some_and(|(_, t)| t.eq_ignore_ascii_case("article"))
}

/// Scripts and forms of the usual challenges.
fn is_challenge(page: &Page) -> bool {
    const MARKS: &[&str] = &[
        "cf-challenge",
        "challenge-form",
        "challenge-platform",
        "px-captcha",
        "g-recaptcha",
        "h-captcha",
        "ddos-guard",
        "datadome",
    ];
    page.dom.subtree(0).any(|id| {
        [Attr::Id, Attr::Class, Attr::Src]
            .into_iter()
            .filter_map(|name| page.dom.attr(id, name))
            .any(|value| MARKS.iter().any(|mark| value.contains(mark)))
    })
}

fn is_front(final_url: Option<&Url>) -> bool {
    final_url.is_some_and(|url| {
        matches!(url.path(), "" | "/" | "/index.html" | "/index.php") && url.query().is_none() && url.scheme() != "file"
    })
}

/// Many linked headlines and hardly any prose of its own.
fn is_listing(page: &Page, lines: &[Line], layout: &Layout) -> bool {
    let says = page
        .linked
        .types
        .iter()
        .any(|t| matches!(t.as_str(), "CollectionPage" | "ItemList" | "SearchResultsPage" | "ProfilePage"));
    let linked = |l: &&Line| l.link_ratio > 0.8 && l.words >= 4 && !matches!(l.zone, Zone::Nav | Zone::Footer);
    let links = lines.iter().filter(linked).count();
    let named = says && !ld::is_article(&page.linked.types);
    // A page with a body stays an article however many links stand around it; among its own lines, links are teasers.
    let body = || layout.units.iter().filter(|u| is_body(u.role));
    let prose: usize =
        body().filter(|u| u.role != BlockRole::Subhead && !linked(&&u.line)).map(|u| u.line.weight).sum();
    let span = body().map(|u| u.line.index).min().zip(body().map(|u| u.line.index).max());
    let within = |l: &&Line| span.is_some_and(|(first, last)| (first..=last).contains(&l.index));
    let inside = lines.iter().filter(|l| linked(l) && within(l)).count();
    links >= 12 && (prose < 200 || prose < inside * 40) || named && links >= 8 && prose < 2_000
}
