//! Structures of today's newsrooms.

use super::{Page, escape, script};

/// JSON-LD and a clean `<article>`.
pub(super) fn json_ld(page: &Page<'_>) -> String {
    let story = page.story;
    let head = page.head(&format!("{}{}", page.og(), script(&page.news_article("NewsArticle"))));
    let standfirst = if story.standfirst.is_empty() {
        String::new()
    } else {
        format!("<p class=\"standfirst\">{}</p>\n", escape(&story.standfirst))
    };
    format!(
        "{head}<body>\n{nav}<main>\n<article class=\"story\">\n<p class=\"section-label\">{section}</p>\n\
         <h1 class=\"headline\">{headline}</h1>\n<h2 class=\"deck\">{deck}</h2>\n{byline}\
         <time datetime=\"{published}\">{date}</time>\n{promo}{standfirst}{figure}\
         <div class=\"article-body\">\n{body}</div>\n</article>\n{related}{comments}</main>\n{footer}</body>\n</html>\n",
        nav = page.nav(),
        section = escape(&story.section),
        headline = escape(&story.headline),
        deck = escape(&story.deck),
        byline = byline(page),
        published = page.published(),
        date = escape(&page.printed_date()),
        promo = page.promo("<div class=\"promo-box\">", "</div>"),
        figure = page.figure(),
        body = page.body("<p>", "</p>", "h2", ""),
        related = page.related("<aside class=\"related\">", "</aside>"),
        comments = page.comments(),
        footer = page.footer(),
    )
}

/// schema.org microdata on a plain page.
pub(super) fn microdata(page: &Page<'_>) -> String {
    let story = page.story;
    let authors: String = story
        .authors
        .iter()
        .map(|name| {
            format!(
                "<span itemprop=\"author\" itemscope itemtype=\"https://schema.org/Person\"><span itemprop=\"name\">{}</span></span> ",
                escape(name)
            )
        })
        .collect();
    format!(
        "{head}<body>\n{nav}<div id=\"content\" itemscope itemtype=\"https://schema.org/NewsArticle\">\n\
         <meta itemprop=\"mainEntityOfPage\" content=\"{canonical}\">\n<meta itemprop=\"inLanguage\" content=\"{lang}\">\n\
         <span itemprop=\"articleSection\">{section}</span>\n<h1 itemprop=\"headline\">{headline}</h1>\n\
         <p itemprop=\"description\" class=\"subtitle\">{deck}</p>\n<div class=\"meta\">{authors}\
         <meta itemprop=\"datePublished\" content=\"{published}\"><meta itemprop=\"dateModified\" content=\"{modified}\">\
         <span class=\"date\">{date}</span></div>\n<div class=\"share-bar\">{share}</div>\n{figure}\
         <div itemprop=\"articleBody\">\n{body}</div>\n</div>\n{related}{footer}</body>\n</html>\n",
        head = page.head(""),
        nav = page.nav(),
        canonical = escape(&page.canonical),
        lang = page.words.code,
        section = escape(&story.section),
        headline = escape(&story.headline),
        deck = escape(&story.deck),
        published = page.published(),
        modified = page.modified(),
        date = escape(&page.printed_date()),
        share = escape(page.words.first("share")),
        figure = page.figure(),
        body = page.body("<p>", "</p>", "h3", &page.promo("<div class=\"newsletter-signup\">", "</div>")),
        related = page.related("<div class=\"more-stories\">", "</div>"),
        footer = page.footer(),
    )
}

/// One JSON-LD graph of everything, and OpenGraph.
pub(super) fn graph(page: &Page<'_>) -> String {
    let story = page.story;
    let mut article = page.news_article("NewsArticle");
    if let Some(fields) = article.as_object_mut() {
        fields.shift_remove("@context");
        fields.insert("@id".into(), format!("{}#article", page.canonical).into());
        fields.insert("isPartOf".into(), serde_json::json!({"@id": page.canonical}));
    }
    let home = page.site.address("/");
    let graph = serde_json::json!({"@context": "https://schema.org", "@graph": [
        {"@type": "Organization", "@id": format!("{home}#org"), "name": page.site.name, "url": home},
        {"@type": "WebSite", "@id": format!("{home}#site"), "url": home, "name": page.site.name},
        {"@type": "WebPage", "@id": page.canonical, "name": format!("{} | {}", story.headline, page.site.name)},
        {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "position": 1, "name": story.section}]},
        article,
    ]});
    format!(
        "{head}<body class=\"single\">\n{nav}<div class=\"breadcrumb\"><a href=\"/\">{site}</a> › <a href=\"/section/0/\">{section}</a></div>\n\
         <div class=\"entry\"><header class=\"entry-header\"><h1 class=\"entry-title\">{headline}</h1>\
         <div class=\"entry-subtitle\">{deck}</div>{byline}<span class=\"entry-date\">{date}</span></header>\n{figure}\
         <div class=\"entry-content\">\n{body}<div class=\"sharedaddy\">{share}</div></div>\n</div>\n{promo}{related}{comments}{footer}</body>\n</html>\n",
        head = page.head(&format!("{}{}", page.og(), script(&graph))),
        nav = page.nav(),
        site = escape(&page.site.name),
        section = escape(&story.section),
        headline = escape(&story.headline),
        deck = escape(&story.deck),
        byline = byline(page),
        date = escape(&page.printed_date()),
        figure = page.figure(),
        body = page.body("<p>", "</p>", "h3", ""),
        share = escape(page.words.first("share")),
        promo = page.promo("<div class=\"widget subscribe\">", "</div>"),
        related = page.related("<section class=\"related-posts\">", "</section>"),
        comments = page.comments(),
        footer = page.footer(),
    )
}

/// Semantic elements, boxes inside the text, no structured data but `<time>` and the author's address.
pub(super) fn semantic(page: &Page<'_>) -> String {
    let story = page.story;
    let boxes = format!(
        "{}{}",
        page.related("<aside class=\"inline-related\">", "</aside>"),
        page.promo("<aside class=\"follow-us\">", "</aside>")
    );
    let authors: Vec<String> = story
        .authors
        .iter()
        .enumerate()
        .map(|(n, name)| format!("<a rel=\"author\" href=\"/people/{n}/\">{}</a>", escape(name)))
        .collect();
    let byline = match escape(page.words.first("by")).split_once("{author}") {
        Some((before, after)) if !authors.is_empty() => {
            format!("<address class=\"byline\">{before}{}{after}</address>\n", authors.join(page.words.first("and")))
        }
        _ => String::new(),
    };
    format!(
        "{head}<body>\n<header>{nav}</header>\n<main>\n<article>\n<header>\n<p class=\"section-name\">{section}</p>\n\
         <h1>{headline}</h1>\n<p class=\"dek\">{deck}</p>\n{byline}<time datetime=\"{published}\" pubdate>{date}</time>\n</header>\n\
         <section class=\"lede\"><p class=\"lead\">{standfirst}</p></section>\n{figure}<section class=\"text\">\n{body}</section>\n\
         <footer><p class=\"share\">{share}</p></footer>\n</article>\n{comments}</main>\n{footer}</body>\n</html>\n",
        head = page.head(&format!("<meta name=\"description\" content=\"{}\">\n", escape(&story.deck))),
        nav = page.nav(),
        section = escape(&story.section),
        headline = escape(&story.headline),
        deck = escape(&story.deck),
        published = page.published(),
        date = escape(&page.printed_date()),
        standfirst = escape(&story.standfirst),
        figure = page.figure(),
        body = page.body("<p>", "</p>", "h2", &boxes),
        share = escape(page.words.first("share")),
        comments = page.comments(),
        footer = page.footer(),
    )
}

fn byline(page: &Page<'_>) -> String {
    if page.story.authors.is_empty() {
        return String::new();
    }
    format!("<p class=\"byline\">{}</p>\n", escape(&page.byline()))
}
