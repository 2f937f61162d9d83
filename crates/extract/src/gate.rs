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

/// Most text of a challenge; forms for comments ask for the same proofs of being human.
const MAX_CHALLENGE_WEIGHT: usize = 2_000;
/// Least prose of a front page that is a text of its own, as small sites have.
const MIN_FRONT_PROSE: usize = 600;
/// Most linked headlines of such a front page.
const MAX_FRONT_TEASERS: usize = 4;
/// As many linked headlines make a listing.
const MANY: usize = 12;

/// Refuses bot walls, error pages and home pages, before the lines are read.
pub fn check(page: &Page, final_url: Option<&Url>) -> Result<(), ExtractError> {
    let title = fold_str(&page.meta.title);
    let prose: usize = page.lines.iter().filter(|l| l.in_body && l.is_prose()).map(|l| l.weight).sum();
    if Cue::Wall.is_in(title.trim()) && prose < 1_500 {
        return Err(ExtractError::BotWall("title"));
    }
    let whole: usize = page.lines.iter().map(|l| l.weight).sum();
    if prose < 400 && whole < MAX_CHALLENGE_WEIGHT && is_challenge(page) {
        return Err(ExtractError::BotWall("challenge"));
    }
    if is_front(final_url)
        && !claims_article(page)
        && (prose < MIN_FRONT_PROSE || teasers(&page.lines) > MAX_FRONT_TEASERS)
    {
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

fn is_teaser(line: &Line) -> bool {
    line.link_ratio > 0.8 && line.words >= 4 && !matches!(line.zone, Zone::Nav | Zone::Footer)
}

fn teasers(lines: &[Line]) -> usize {
    lines.iter().filter(|l| is_teaser(l)).count()
}

/// Many linked headlines and hardly any prose of its own.
fn is_listing(page: &Page, lines: &[Line], layout: &Layout) -> bool {
    let says = page
        .linked
        .types
        .iter()
        .any(|t| matches!(t.as_str(), "CollectionPage" | "ItemList" | "SearchResultsPage" | "ProfilePage"));
    let links = teasers(lines);
    let named = says && !ld::is_article(&page.linked.types);
    // A page with a body stays an article however many links stand around it; among its own lines, links are teasers.
    let body = || layout.units.iter().filter(|u| is_body(u.role));
    let prose: usize =
        body().filter(|u| u.role != BlockRole::Subhead && !is_teaser(&u.line)).map(|u| u.line.weight).sum();
    let span = body().map(|u| u.line.index).min().zip(body().map(|u| u.line.index).max());
    let within = |l: &&Line| span.is_some_and(|(first, last)| (first..=last).contains(&l.index));
    let inside = lines.iter().filter(|l| is_teaser(l) && within(l)).count();
    links >= MANY && (prose < 200 || prose < inside * 40) || named && links >= 8 && prose < 2_000
}
