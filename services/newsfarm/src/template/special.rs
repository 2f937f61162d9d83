//! Structures for a purpose: mobile copies, live coverage, subscriptions, endless scrolling.

use super::{Page, escape, script};
use crate::story::BlockRole;

/// An AMP page.
pub(super) fn amp(page: &Page<'_>) -> String {
    let story = page.story;
    format!(
        "<!doctype html>\n<html amp lang=\"{lang}\" dir=\"{dir}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <script async src=\"https://cdn.ampproject.org/v0.js\"></script>\n<title>{headline}</title>\n\
         <link rel=\"canonical\" href=\"{canonical}\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         {ld}<style amp-custom>h1{{font-size:2em}}</style>\n</head>\n<body>\n<amp-sidebar id=\"menu\" layout=\"nodisplay\">{nav}</amp-sidebar>\n\
         <div class=\"amp-article\">\n<div class=\"amp-section\">{section}</div>\n<h1 class=\"amp-title\">{headline}</h1>\n\
         <h2 class=\"amp-subtitle\">{deck}</h2>\n<div class=\"amp-byline\">{byline}</div>\n<div class=\"amp-date\">{date}</div>\n\
         <amp-img src=\"/img/lead.jpg\" width=\"800\" height=\"450\" layout=\"responsive\"></amp-img>\n\
         <div class=\"amp-body\">\n{body}</div>\n<amp-ad width=\"300\" height=\"250\" type=\"x\"></amp-ad>\n{related}</div>\n{footer}</body>\n</html>\n",
        lang = page.words.code,
        dir = page.words.dir(),
        headline = escape(&story.headline),
        canonical = escape(&page.canonical),
        ld = script(&page.news_article("NewsArticle")),
        nav = page.nav(),
        section = escape(&story.section),
        deck = escape(&story.deck),
        byline = escape(&page.byline()),
        date = escape(&page.printed_date()),
        body = page.body("<p>", "</p>", "h3", &page.promo("<div class=\"amp-promo\">", "</div>")),
        related = page.related("<div class=\"amp-related\">", "</div>"),
        footer = page.footer(),
    )
}

/// A live blog, newest post first.
pub(super) fn live_blog(page: &Page<'_>) -> String {
    let story = page.story;
    let mut posts = String::new();
    let mut updates = Vec::new();
    let mut open = false;
    for (index, block) in story.body.iter().enumerate() {
        if block.role == BlockRole::Subhead {
            posts.push_str(if open { "</section>\n" } else { "" });
            posts.push_str(&format!(
                "<section class=\"live-post\" id=\"post-{index}\">\n<h2>{}</h2>\n",
                escape(&block.text)
            ));
            updates.push(serde_json::json!({
                "@type": "BlogPosting", "headline": block.text, "datePublished": page.published(),
            }));
            open = true;
        } else {
            posts.push_str(&format!("<p>{}</p>\n", super::inline(&block.text, index)));
        }
    }
    posts.push_str(if open { "</section>\n" } else { "" });
    let mut ld = page.news_article("LiveBlogPosting");
    if let Some(fields) = ld.as_object_mut() {
        fields.insert("coverageStartTime".into(), page.published().into());
        fields.insert("liveBlogUpdate".into(), updates.into());
    }
    format!(
        "{head}<body>\n{nav}<main class=\"live\">\n<article>\n<p class=\"section-label\">{section}</p>\n<h1>{headline}</h1>\n\
         <p class=\"summary deck\">{deck}</p>\n<p class=\"byline\">{byline}</p>\n<time datetime=\"{published}\">{date}</time>\n\
         <div class=\"live-posts\">\n{posts}</div>\n</article>\n{promo}{related}</main>\n{footer}</body>\n</html>\n",
        head = page.head(&format!("{}{}", page.og(), script(&ld))),
        nav = page.nav(),
        section = escape(&story.section),
        headline = escape(&story.headline),
        deck = escape(&story.deck),
        byline = escape(&page.byline()),
        published = page.published(),
        date = escape(&page.printed_date()),
        promo = page.promo("<div class=\"promo\">", "</div>"),
        related = page.related("<aside class=\"related\">", "</aside>"),
        footer = page.footer(),
    )
}

/// The beginning of an article behind a paywall.
pub(super) fn paywall(page: &Page<'_>) -> String {
    let story = page.story;
    let mut ld = page.news_article("NewsArticle");
    if let Some(fields) = ld.as_object_mut() {
        fields.insert("isAccessibleForFree".into(), false.into());
        fields.insert(
            "hasPart".into(),
            serde_json::json!({"@type": "WebPageElement", "isAccessibleForFree": false, "cssSelector": ".premium"}),
        );
    }
    format!(
        "{head}<body>\n{nav}<article class=\"premium-article\">\n<span class=\"rubric\">{section}</span>\n<h1>{headline}</h1>\n\
         <h2 class=\"subtitle\">{deck}</h2>\n<p class=\"byline\">{byline}</p>\n<time datetime=\"{published}\">{date}</time>\n{figure}\
         <div class=\"teaser\">\n{body}</div>\n<div class=\"premium paywall\"><p>{notice}</p><a href=\"/subscribe\">{site}</a></div>\n</article>\n\
         {promo}{related}{footer}</body>\n</html>\n",
        head = page.head(&format!("{}{}", page.og(), script(&ld))),
        nav = page.nav(),
        section = escape(&story.section),
        headline = escape(&story.headline),
        deck = escape(&story.deck),
        byline = escape(&page.byline()),
        published = page.published(),
        date = escape(&page.printed_date()),
        figure = page.figure(),
        body = page.body("<p>", "</p>", "h3", ""),
        notice = escape(page.words.first("paywall")),
        site = escape(&page.site.name),
        promo = page.promo("<div class=\"promo\">", "</div>"),
        related = page.related("<aside class=\"related\">", "</aside>"),
        footer = page.footer(),
    )
}

/// An article with the beginning of another under it.
pub(super) fn endless(page: &Page<'_>) -> String {
    let story = page.story;
    let next = page.next.as_deref().map_or(String::new(), |next| {
        let href = page.related.first().map_or("/", |(_, href)| href.as_str());
        let text: String = next.body.iter().take(2).map(|block| format!("<p>{}</p>\n", escape(&block.text))).collect();
        format!(
            "<article class=\"next-story\" data-url=\"{}\">\n<h2><a href=\"{}\">{}</a></h2>\n<div class=\"article-text\">\n{text}</div>\n</article>\n",
            escape(href),
            escape(href),
            escape(&next.headline)
        )
    });
    format!(
        "{head}<body>\n{nav}<div class=\"stream\">\n<article class=\"current-story\" data-url=\"{canonical}\">\n\
         <a class=\"section\" href=\"/section/0/\">{section}</a>\n<h1>{headline}</h1>\n<p class=\"sub-headline\">{deck}</p>\n\
         <div class=\"author-line\"><span class=\"author\">{byline}</span> <time datetime=\"{published}\">{date}</time></div>\n{figure}\
         <div class=\"article-text\">\n{body}</div>\n</article>\n{related}{next}</div>\n{footer}</body>\n</html>\n",
        head = page.head(&format!("{}{}", page.og(), script(&page.news_article("NewsArticle")))),
        nav = page.nav(),
        canonical = escape(&page.canonical),
        section = escape(&story.section),
        headline = escape(&story.headline),
        deck = escape(&story.deck),
        byline = escape(&page.byline()),
        published = page.published(),
        date = escape(&page.printed_date()),
        figure = page.figure(),
        body = page.body("<p>", "</p>", "h3", &page.promo("<div class=\"inline-promo\">", "</div>")),
        related = page.related("<aside class=\"read-more\">", "</aside>"),
        footer = page.footer(),
    )
}
