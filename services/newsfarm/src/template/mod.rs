//! Article pages: ten structures, each a file or a function of its own, in any language and direction.

mod modern;
mod old;
mod special;

use serde::{Deserialize, Serialize};

use crate::moment;
use crate::site::Site;
use crate::story::{BlockRole, Story};
use crate::words::Words;

/// The structure of a site's article pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// `<article>` with JSON-LD NewsArticle, related box, promo box and comments.
    JsonLd,
    /// Nested `<div>`s with meaningless classes; meta tags, no JSON-LD.
    DivSoup,
    /// schema.org microdata.
    Microdata,
    /// An AMP page whose canonical address is another page.
    Amp,
    /// Tables for layout, `<font>`, paragraphs by `<br><br>`, no metadata.
    Table,
    /// LiveBlogPosting: newest post first, a heading over each.
    LiveBlog,
    /// JSON-LD with isAccessibleForFree false; only the beginning is there.
    Paywall,
    /// JSON-LD as `@graph`, with OpenGraph meta tags.
    Graph,
    /// `<main>`, `<header>`, `<time>`, boxes in the middle of the text, no JSON-LD.
    Semantic,
    /// An article with a second one under it, as endless scrolling does.
    Endless,
}

/// How exactly a page states its publication time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatedTime {
    /// To the second, with zone.
    Second,
    /// To the minute, without zone; it is UTC.
    MinuteNoZone,
}

/// Which fields a structure shows at all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shows {
    pub(crate) deck: bool,
    pub(crate) standfirst: bool,
    pub(crate) section: bool,
    pub(crate) comments: bool,
    pub(crate) time: StatedTime,
}

impl Template {
    /// All structures, in the order in which sites take them.
    pub const ALL: [Template; 10] = [
        Template::JsonLd,
        Template::DivSoup,
        Template::Microdata,
        Template::Amp,
        Template::Table,
        Template::LiveBlog,
        Template::Paywall,
        Template::Graph,
        Template::Semantic,
        Template::Endless,
    ];

    /// Returns the name, as in the ground truth.
    pub fn name(self) -> &'static str {
        match self {
            Self::JsonLd => "json_ld",
            Self::DivSoup => "div_soup",
            Self::Microdata => "microdata",
            Self::Amp => "amp",
            Self::Table => "table",
            Self::LiveBlog => "live_blog",
            Self::Paywall => "paywall",
            Self::Graph => "graph",
            Self::Semantic => "semantic",
            Self::Endless => "endless",
        }
    }

    pub(crate) fn shows(self) -> Shows {
        let all = Shows { deck: true, standfirst: true, section: true, comments: true, time: StatedTime::Second };
        match self {
            Self::JsonLd | Self::Semantic => all,
            Self::Graph => Shows { standfirst: false, ..all },
            Self::Endless => Shows { standfirst: false, comments: false, ..all },
            Self::DivSoup => Shows { standfirst: false, section: false, ..all },
            Self::Microdata => Shows { standfirst: false, comments: false, ..all },
            Self::Amp | Self::Paywall | Self::LiveBlog => Shows { standfirst: false, comments: false, ..all },
            Self::Table => {
                Shows { deck: false, standfirst: false, section: false, comments: true, time: StatedTime::MinuteNoZone }
            }
        }
    }
}

/// All that a template needs to build a page.
pub(crate) struct Page<'a> {
    pub(crate) words: &'static Words,
    pub(crate) site: &'a Site,
    pub(crate) story: &'a Story,
    pub(crate) canonical: String,
    pub(crate) published_ms: i64,
    pub(crate) modified_ms: Option<i64>,
    /// Title and address of articles nearby.
    pub(crate) related: Vec<(String, String)>,
    /// Text of another article, for the endless page.
    pub(crate) next: Option<Box<Story>>,
    /// The charset as declared in the page.
    pub(crate) charset: &'static str,
}

/// Builds a page.
pub(crate) fn render(template: Template, page: &Page<'_>) -> String {
    match template {
        Template::JsonLd => modern::json_ld(page),
        Template::DivSoup => old::div_soup(page),
        Template::Microdata => modern::microdata(page),
        Template::Amp => special::amp(page),
        Template::Table => old::table(page),
        Template::LiveBlog => special::live_blog(page),
        Template::Paywall => special::paywall(page),
        Template::Graph => modern::graph(page),
        Template::Semantic => modern::semantic(page),
        Template::Endless => special::endless(page),
    }
}

/// Writes text for element content and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

impl Page<'_> {
    fn head(&self, more: &str) -> String {
        format!(
            "<!DOCTYPE html>\n<html lang=\"{lang}\" dir=\"{dir}\">\n<head>\n<meta charset=\"{charset}\">\n\
             <title>{title} | {site}</title>\n<link rel=\"canonical\" href=\"{canonical}\">\n{more}</head>\n",
            lang = self.words.code,
            dir = self.words.dir(),
            charset = self.charset,
            title = escape(&self.story.headline),
            site = escape(&self.site.name),
            canonical = escape(&self.canonical),
        )
    }

    fn published(&self) -> String {
        moment::rfc3339(self.published_ms, moment::offset_hours(self.words.code))
    }

    fn modified(&self) -> String {
        let ms = self.modified_ms.unwrap_or(self.published_ms);
        moment::rfc3339(ms, moment::offset_hours(self.words.code))
    }

    fn og(&self) -> String {
        let mut tags = String::new();
        for (name, value) in [
            ("og:type", "article"),
            ("og:title", self.story.headline.as_str()),
            ("og:description", self.story.deck.as_str()),
            ("og:url", self.canonical.as_str()),
            ("og:site_name", self.site.name.as_str()),
            ("article:published_time", &self.published()),
            ("article:modified_time", &self.modified()),
            ("article:section", self.story.section.as_str()),
        ] {
            tags.push_str(&format!("<meta property=\"{name}\" content=\"{}\">\n", escape(value)));
        }
        tags
    }

    fn byline(&self) -> String {
        if self.story.authors.is_empty() {
            return String::new();
        }
        let joined = self.story.authors.join(self.words.first("and"));
        self.words.first("by").replace("{author}", &joined)
    }

    fn printed_date(&self) -> String {
        self.words.first("updated").replace("{date}", &moment::plain(self.published_ms))
    }

    fn news_article(&self, kind: &str) -> serde_json::Value {
        let authors: Vec<serde_json::Value> =
            self.story.authors.iter().map(|name| serde_json::json!({"@type": "Person", "name": name})).collect();
        serde_json::json!({
            "@context": "https://schema.org",
            "@type": kind,
            "mainEntityOfPage": {"@type": "WebPage", "@id": self.canonical},
            "url": self.canonical,
            "headline": self.story.headline,
            "description": self.story.deck,
            "inLanguage": self.words.code,
            "articleSection": self.story.section,
            "datePublished": self.published(),
            "dateModified": self.modified(),
            "author": authors,
            "publisher": {"@type": "NewsMediaOrganization", "name": self.site.name},
            "image": [self.site.address("/img/lead.jpg")],
        })
    }

    fn figure(&self) -> String {
        if self.story.caption.is_empty() {
            return String::new();
        }
        format!(
            "<figure><img src=\"/img/lead.jpg\" alt=\"\"><figcaption>{} <span class=\"credit\">{}</span></figcaption></figure>\n",
            escape(&self.story.caption),
            escape(&self.story.credit)
        )
    }

    fn promo(&self, open: &str, close: &str) -> String {
        let lines: Vec<String> = self.story.promo.iter().map(|line| escape(line)).collect();
        let (last, first) = lines.split_last().map_or((String::new(), String::new()), |(last, first)| {
            (format!("<a href=\"/join\">{last}</a>"), first.join("<br>"))
        });
        format!("{open}{first}<br>{last}{close}\n")
    }

    fn related(&self, open: &str, close: &str) -> String {
        if self.related.is_empty() {
            return String::new();
        }
        let items: String = self
            .related
            .iter()
            .map(|(title, href)| format!("<li><a href=\"{}\">{}</a></li>\n", escape(href), escape(title)))
            .collect();
        format!("{open}<h3>{}</h3>\n<ul>\n{items}</ul>{close}\n", escape(self.words.first("related_heading")))
    }

    fn comments(&self) -> String {
        if self.story.comments.is_empty() {
            return String::new();
        }
        let mut out = format!(
            "<section id=\"comments\" class=\"comments\">\n<h3>{}</h3>\n<p class=\"disclaimer\">{}</p>\n<ol class=\"comment-list\">\n",
            escape(self.words.first("comments_heading")),
            escape(self.words.first("disclaimer"))
        );
        for comment in &self.story.comments {
            let title = if comment.title.is_empty() {
                String::new()
            } else {
                format!("<h4 class=\"comment-title\">{}</h4>", escape(&comment.title))
            };
            out.push_str(&format!(
                "<li class=\"comment\">{title}<span class=\"comment-author\">{}</span><div class=\"comment-body\"><p>{}</p></div></li>\n",
                escape(&comment.author),
                escape(&comment.text)
            ));
        }
        out.push_str("</ol>\n</section>\n");
        out
    }

    /// Writes the body: paragraphs between `open` and `close`, headings, lists, and `insert` after the third block.
    fn body(&self, open: &str, close: &str, heading: &str, insert: &str) -> String {
        let mut out = String::new();
        let mut in_list = false;
        for (index, block) in self.story.body.iter().enumerate() {
            let item = block.role == BlockRole::ListItem;
            if item != in_list {
                out.push_str(if item { "<ul>\n" } else { "</ul>\n" });
                in_list = item;
            }
            if index == 3 && !in_list {
                out.push_str(insert);
            }
            match block.role {
                BlockRole::Paragraph => {
                    out.push_str(&format!("{open}{}{close}\n", inline(&self.story.printed(index), index)));
                }
                BlockRole::Subhead => {
                    out.push_str(&format!("<{heading}>{}</{heading}>\n", escape(&block.text)));
                }
                BlockRole::ListItem => out.push_str(&format!("<li>{}</li>\n", escape(&block.text))),
            }
        }
        if in_list {
            out.push_str("</ul>\n");
        }
        out
    }

    fn nav(&self) -> String {
        let items: String = self
            .words
            .list("sections")
            .iter()
            .enumerate()
            .map(|(n, name)| format!("<li><a href=\"/section/{n}/\">{}</a></li>", escape(name)))
            .collect();
        format!("<nav class=\"menu\"><ul><li><a href=\"/\">{}</a></li>{items}</ul></nav>\n", escape(&self.site.name))
    }

    fn footer(&self) -> String {
        format!(
            "<footer class=\"site-footer\"><p>© 2026 {}</p><div class=\"cookie-banner\">{}</div></footer>\n",
            escape(&self.site.name),
            escape(self.words.first("cookie"))
        )
    }
}

/// Writes a paragraph with a link or emphasis inside, as writers do, without changing its text.
fn inline(text: &str, index: usize) -> String {
    let mut words: Vec<String> = text.split(' ').map(escape).collect();
    let at = 2 + index % 3;
    if words.len() > 6
        && let Some(word) = words.get_mut(at)
    {
        match index % 4 {
            1 => *word = format!("<a href=\"/topic/{index}/\">{word}</a>"),
            3 => *word = format!("<em>{word}</em>"),
            _ => {}
        }
    }
    words.join(" ")
}

/// Writes a JSON-LD script; `</` cannot end it early.
fn script(value: &serde_json::Value) -> String {
    format!("<script type=\"application/ld+json\">{}</script>\n", value.to_string().replace("</", "<\\/"))
}
