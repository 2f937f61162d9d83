//! What sort of piece an article is.

use naba_proto::v1::{ArticleKind, BlockRole, Method};
use naba_text::fold_str;

use crate::candidate::Candidate;
use crate::cue::Cue;
use crate::layout::Layout;
use crate::page::Page;

/// Collects candidates for the kind; the last one is the default.
pub fn candidates(page: Option<&Page>, layout: &Layout, section: &str, path: &str) -> Vec<Candidate<ArticleKind>> {
    let mut out = Vec::new();
    let mut add =
        |value, method, rule, confidence| out.push(Candidate { value, method, rule, confidence, raw: String::new() });
    if let Some(page) = page {
        let main = page.ld.types.iter().find_map(|t| of_type(t));
        if let Some(kind) = main {
            add(kind, Method::JsonLd, "ld:type", 0.9);
        } else if !page.has_ld
            && let Some(kind) = page.linked.types.iter().find_map(|t| of_type(t))
        {
            add(kind, Method::JsonLd, "ld:type", 0.6);
        }
        if page.meta.first(&["og:type"]).is_some_and(|(_, t)| t.starts_with("video")) {
            add(ArticleKind::Video, Method::Meta, "meta:og:type", 0.7);
        }
    }
    let labels = layout.units.iter().filter(|u| matches!(u.role, BlockRole::SectionLabel | BlockRole::Kicker));
    if labels.map(|u| u.line.folded.clone()).chain([fold_str(section)]).any(|l| Cue::Opinion.is(&l)) {
        add(ArticleKind::Opinion, Method::Derived, "section", 0.75);
    }
    let clocks = layout.units.iter().filter(|u| u.line.is_clock()).count();
    let headline =
        layout.units.iter().find(|u| u.role == BlockRole::Headline).map(|u| u.line.folded.as_str()).unwrap_or_default();
    let says_live = [
        "live:",
        "live updates",
        "liveblog",
        "live blog",
        "تغطيه مباشره",
        "تغطيه حيه",
        "en direct",
        "en directo",
        "en vivo",
        "ao vivo",
        "im liveticker",
        "liveticker",
        "онлайн-трансляция",
        "canli",
    ]
    .iter()
    .any(|w| headline.contains(w));
    if clocks >= 4 || says_live && clocks >= 2 {
        add(ArticleKind::LiveBlog, Method::Derived, "posts", 0.7);
    }
    let path = path.to_ascii_lowercase();
    let segment = |names: &[&str]| path.split('/').any(|s| names.contains(&s));
    if segment(&[
        "opinion",
        "opinions",
        "opinie",
        "meinung",
        "commentisfree",
        "editorial",
        "editorials",
        "columns",
        "columnists",
        "tribune",
        "idees",
        "opiniao",
    ]) {
        add(ArticleKind::Opinion, Method::Url, "url:path", 0.6);
    }
    if segment(&["live", "liveblog", "live-blog", "liveticker", "en-direct", "en-vivo"]) {
        add(ArticleKind::LiveBlog, Method::Url, "url:path", 0.55);
    }
    if segment(&["video", "videos", "watch"]) {
        add(ArticleKind::Video, Method::Url, "url:path", 0.5);
    }
    if segment(&["press-release", "press-releases", "pressrelease", "presseportal", "comunicados"]) {
        add(ArticleKind::PressRelease, Method::Url, "url:path", 0.6);
    }
    add(ArticleKind::News, Method::Derived, "default", 0.4);
    out
}

fn of_type(name: &str) -> Option<ArticleKind> {
    Some(match name {
        "LiveBlogPosting" => ArticleKind::LiveBlog,
        "OpinionNewsArticle" => ArticleKind::Opinion,
        "VideoObject" => ArticleKind::Video,
        "ImageGallery" | "MediaGallery" => ArticleKind::Gallery,
        _ => return None,
    })
}
