//! Images, videos and tags.

use naba_model::NormalUrl;
use naba_proto::v1::{BlockRole, Media};

use crate::layout::Layout;
use crate::limits::MAX_LIST;
use crate::page::Page;

/// Collects the images that the page's metadata names; the first carries the caption and credit printed near the top.
pub fn images(page: &Page, layout: &Layout, base: &NormalUrl) -> Vec<Media> {
    let stated = page
        .ld
        .images
        .iter()
        .map(String::as_str)
        .chain(page.meta.all("og:image"))
        .chain(page.meta.all("twitter:image"));
    let mut images = addresses(stated, base);
    let second_paragraph = layout
        .units
        .iter()
        .enumerate()
        .filter(|(_, u)| u.role == BlockRole::Paragraph)
        .nth(1)
        .map_or(usize::MAX, |(at, _)| at);
    let near_top = |role: BlockRole| {
        let found = layout.units.iter().take(second_paragraph).find(|u| u.role == role);
        found.map(|u| u.line.text.clone()).unwrap_or_default()
    };
    if let Some(first) = images.first_mut() {
        first.caption = near_top(BlockRole::Caption);
        first.credit = near_top(BlockRole::Credit);
        first.alt =
            page.meta.first(&["og:image:alt", "twitter:image:alt"]).map(|(_, v)| v.to_owned()).unwrap_or_default();
    }
    images
}

/// Collects the videos that the page's metadata names.
pub fn videos(page: &Page, base: &NormalUrl) -> Vec<Media> {
    addresses(page.meta.all("og:video").chain(page.meta.all("og:video:url")), base)
}

fn addresses<'a>(raw: impl Iterator<Item = &'a str>, base: &NormalUrl) -> Vec<Media> {
    let mut out: Vec<Media> = Vec::new();
    for raw in raw {
        let Ok(url) = base.join(raw) else { continue };
        let web = matches!(url.as_url().scheme(), "http" | "https");
        if web && out.len() < MAX_LIST && !out.iter().any(|m| m.url == url.as_str()) {
            out.push(Media { url: url.to_string(), ..Media::default() });
        }
    }
    out
}

/// Collects tags: JSON-LD keywords, else meta elements, else the categories of the feed.
pub fn tags(page: Option<&Page>, categories: &[String]) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    if let Some(page) = page {
        tags.extend(page.ld.keywords.iter().cloned());
        if tags.is_empty() {
            tags.extend(page.meta.all("article:tag").map(str::to_owned));
        }
        if tags.is_empty()
            && let Some((_, words)) = page.meta.first(&["news_keywords", "keywords"])
        {
            tags.extend(words.split([',', '،']).map(|w| w.trim().to_owned()));
        }
    }
    if tags.is_empty() {
        tags.extend(categories.iter().map(|c| naba_text::collapse_line(c)));
    }
    let mut out: Vec<String> = Vec::new();
    for tag in tags {
        if !tag.is_empty() && tag.chars().count() <= 100 && !out.contains(&tag) && out.len() < MAX_LIST {
            out.push(tag);
        }
    }
    out
}
