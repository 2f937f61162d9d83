//! What tag, class, id and role say about an element.

use foldhash::HashMap;
use naba_text::is_alphanumeric;

use super::attribute::Attr;
use super::dom::{Dom, NodeId};
use crate::line::{Hint, Zone};

/// What the names of an element say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Said {
    /// A part of an article.
    pub hint: Option<Hint>,
    /// A part of a page.
    pub zone: Option<Zone>,
    /// Not to be read at all.
    pub hidden: bool,
}

/// Reads the names of an element.
pub fn said(dom: &Dom, id: NodeId) -> Said {
    Names::default().said(dom, id)
}

/// What the names on a page say; each is read once, since pages repeat theirs.
#[derive(Default)]
pub struct Names<'a> {
    known: HashMap<&'a str, Said>,
}

impl<'a> Names<'a> {
    /// Reads the names of an element.
    pub fn said(&mut self, dom: &'a Dom, id: NodeId) -> Said {
        let name = dom.name(id);
        let mut said = by_tag(name);
        let (mut role, mut prop, mut rel, mut hidden) = (None, None, None, false);
        // In the order in which they are believed, the last most.
        let mut names = [None; 6];
        for (attr, value) in dom.attrs(id) {
            let place = match attr {
                Attr::Class => 0,
                Attr::Id => 1,
                Attr::DataComponent => 2,
                Attr::DataTestid => 3,
                Attr::DataBlock => 4,
                Attr::DataType => 5,
                Attr::Role => {
                    role = Some(value);
                    continue;
                }
                Attr::Itemprop => {
                    prop = Some(value);
                    continue;
                }
                Attr::Rel => {
                    rel = Some(value);
                    continue;
                }
                Attr::Hidden => {
                    hidden = true;
                    continue;
                }
                _ => {
                    said.hidden |= hides(attr, value, name);
                    continue;
                }
            };
            names.get_mut(place).into_iter().for_each(|slot| *slot = Some(value));
        }
        let [_, element_id, ..] = names;
        said.hidden |= hidden && !element_id.is_some_and(is_streamed);
        by_role(role.unwrap_or_default(), &mut said);
        said.hint = prop.and_then(by_itemprop).or(said.hint);
        if rel.is_some_and(|rel| rel.split_whitespace().any(|r| r == "author")) {
            said.hint = Some(Hint::Byline);
        }
        if matches!(name, "html" | "body" | "main") {
            return Said { hidden: said.hidden, ..Said::default() };
        }
        for (place, value) in names.into_iter().enumerate().filter_map(|(place, value)| Some((place, value?))) {
            let named = self.named(value);
            said.zone = named.zone.or(said.zone);
            said.hint = named.hint.or(said.hint);
            said.hidden |= place == 0 && named.hidden;
        }
        if name.contains('-') {
            let named = self.named(name);
            said.zone = named.zone.or(said.zone);
            said.hint = named.hint.or(said.hint);
        }
        if said.hint == Some(Hint::Boilerplate) && matches!(name, "article") {
            said.hint = None;
        }
        said
    }

    fn named(&mut self, value: &'a str) -> Said {
        *self.known.entry(value).or_insert_with(|| {
            let tokens = tokens(value);
            let hidden = value.split_whitespace().any(|class| HIDDEN.contains(&class));
            Said { hint: hint_of(&tokens), zone: zone_of(&tokens), hidden }
        })
    }
}

fn hides(attr: Attr, value: &str, element: &str) -> bool {
    match attr {
        Attr::AriaHidden => value == "true" && element != "a",
        Attr::Style => is_invisible(value),
        _ => false,
    }
}

fn by_role(role: &str, said: &mut Said) {
    match role {
        "navigation" | "menu" | "menubar" | "toolbar" | "banner" | "search" => {
            said.zone = said.zone.or(Some(Zone::Nav));
        }
        "complementary" => said.zone = said.zone.or(Some(Zone::Aside)),
        "contentinfo" => said.zone = said.zone.or(Some(Zone::Footer)),
        "dialog" | "alertdialog" => said.hint = said.hint.or(Some(Hint::Promo)),
        _ => {}
    }
}

/// Classes that hide an element from sighted readers, as whole names: "label-hidden" hides a label, not its field.
const HIDDEN: &[&str] = &[
    "visually-hidden",
    "visuallyhidden",
    "sr-only",
    "screen-reader-text",
    "screen-reader-only",
    "d-none",
    "is-hidden",
    "u-hidden",
    "element-invisible",
];

fn by_tag(name: &str) -> Said {
    let (hint, zone, hidden) = match name {
        "nav" | "amp-sidebar" => (None, Some(Zone::Nav), false),
        "footer" => (None, Some(Zone::Footer), false),
        "aside" => (None, Some(Zone::Aside), false),
        "figcaption" => (Some(Hint::Caption), None, false),
        "button" | "select" | "input" | "textarea" | "option" => (Some(Hint::Boilerplate), None, false),
        "script" | "style" | "noscript" | "template" | "svg" | "math" | "iframe" | "object" | "embed" | "audio"
        | "video" | "canvas" | "head" | "title" | "map" | "amp-ad" | "amp-analytics" => (None, None, true),
        _ => (None, None, false),
    };
    Said { hint, zone, hidden }
}

fn by_itemprop(prop: &str) -> Option<Hint> {
    Some(match prop {
        "headline" => Hint::Headline,
        "alternativeHeadline" => Hint::Deck,
        "description" | "abstract" => Hint::Standfirst,
        "articleSection" => Hint::Section,
        "author" | "creator" => Hint::Byline,
        "datePublished" | "dateModified" | "dateCreated" => Hint::Date,
        "caption" => Hint::Caption,
        "copyrightHolder" => Hint::Credit,
        _ => return None,
    })
}

/// React sends late parts of a page in hidden elements ("S:1", "S:f") that a script puts into their places.
fn is_streamed(id: &str) -> bool {
    id.strip_prefix("S:").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_invisible(style: &str) -> bool {
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    style.contains("display:none") || style.contains("visibility:hidden")
}

/// Splits names into lower-case words, at signs and at capitals ("articleBody", "c-promo__box").
pub fn tokens(value: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut left = 300;
    // Utility classes ("print:hidden", "[&_p]:mt-0") say how something looks, not what it is.
    for class in value.split_whitespace().filter(|class| !class.contains([':', '[', '@', '/'])) {
        let (mut start, mut end) = (0, 0);
        let mut lower_before = false;
        let mut keep =
            |start, end| tokens.extend(class.get(start..end).filter(|t| !t.is_empty()).map(str::to_lowercase));
        for (at, c) in class.char_indices().take(left) {
            let is_part = is_alphanumeric(c);
            if !is_part || lower_before && c.is_uppercase() {
                keep(start, end);
                start = at;
            }
            end = at + c.len_utf8();
            if !is_part {
                start = end;
            }
            lower_before = c.is_lowercase();
            left -= 1;
        }
        keep(start, end);
        // The space between two.
        left = left.saturating_sub(1);
        if left == 0 {
            break;
        }
    }
    tokens
}

fn zone_of(tokens: &[String]) -> Option<Zone> {
    // The foot of an entry is no foot of the page.
    let of_entry = tokens.iter().any(|t| matches!(t.as_str(), "entry" | "article" | "post" | "story"));
    let pairs = |a: &str, b: &str| tokens.windows(2).any(|w| matches!(w, [x, y] if x == a && y == b));
    // "no-comments", "comment-count" and "comments-link" are links to comments, not comments.
    let counts = tokens.iter().any(|t| {
        matches!(t.as_str(), "count" | "counter" | "link" | "button" | "btn" | "icon" | "num" | "toggle" | "no")
    });
    // "has-sidebar" and "with-nav" tell how the page is laid out around the element.
    let modifies = |at: usize| {
        let before = at.checked_sub(1).and_then(|i| tokens.get(i)).map_or("", String::as_str);
        matches!(before, "with" | "has" | "no" | "w" | "without" | "wo" | "hide" | "show" | "js")
    };
    for (at, token) in tokens.iter().enumerate() {
        if modifies(at) {
            continue;
        }
        let zone = match token.as_str() {
            "comments" | "comment" | "commentlist" | "disqus" | "discussion" | "respond" | "commentaires"
            | "comentarios" | "kommentare" | "commenti" | "usercomments" | "livefyre" | "fbcomments"
                if !counts =>
            {
                Zone::Comments
            }
            "nav" | "navbar" | "navigation" | "menu" | "submenu" | "masthead" | "topbar" | "offcanvas" | "cookie"
            | "cookies" | "consent" | "gdpr" | "skip" | "login" | "lang" | "search" => Zone::Nav,
            "sidebar" | "rail" | "widget" | "widgets" | "secondary" | "topstories" | "mostread" | "ticker" => {
                Zone::Aside
            }
            "footer" | "colophon" | "sitefooter" if !of_entry => Zone::Footer,
            _ => continue,
        };
        return Some(zone);
    }
    (pairs("most", "read") || pairs("most", "popular") || pairs("right", "column")).then_some(Zone::Aside)
}

fn hint_of(tokens: &[String]) -> Option<Hint> {
    // WordPress writes a post's categories and tags into the class of the whole post.
    if tokens.iter().any(|t| t == "hentry") {
        return None;
    }
    if let [only] = tokens {
        match only.as_str() {
            "cap" => return Some(Hint::Caption),
            "cred" => return Some(Hint::Credit),
            _ => {}
        }
    }
    tokens
        .iter()
        .find_map(|t| strong_token(t))
        .or_else(|| pair(tokens))
        .or_else(|| tokens.iter().find_map(|t| weak_token(t)))
}

fn pair(tokens: &[String]) -> Option<Hint> {
    tokens.windows(2).find_map(|w| {
        let [a, b] = w else { return None };
        Some(match (a.as_str(), b.as_str()) {
            ("read", "more" | "also" | "next")
            | ("see", "also")
            | ("lire", "aussi" | "plus")
            | ("more", "on" | "from")
            | ("links", "block")
            | ("also", "read")
            | ("leia", "mais") => Hint::Related,
            ("pull", "quote") => Hint::PullQuote,
            ("sub", "title" | "headline" | "head") | ("hero", "sub") | ("second", "title") => Hint::Deck,
            ("cat", "links") => Hint::Section,
            ("posted", "on") | ("post", "date") | ("entry", "date") | ("publish", "date") => Hint::Date,
            ("article", "intro") | ("article", "lead") => Hint::Standfirst,
            ("img" | "image" | "photo", "credit") => Hint::Credit,
            ("call", "to") | ("sign", "up") | ("follow", "us") | ("join", "us") | ("read", "on") => Hint::Promo,
            ("story", "tags") | ("article", "tags") | ("tag", "list") => Hint::Boilerplate,
            _ => return None,
        })
    })
}

/// Words that mean one thing wherever they stand.
fn strong_token(token: &str) -> Option<Hint> {
    Some(match token {
        "kicker" | "overline" | "eyebrow" | "surtitle" | "supertitle" | "dachzeile" | "antetitulo" | "overtitle"
        | "topline" => Hint::Kicker,
        "deck" | "dek" | "subtitle" | "subheadline" | "subheading" | "soustitre" | "subtitulo" | "bajada"
        | "unterzeile" => Hint::Deck,
        "standfirst" | "chapo" | "chapeau" | "lede" | "ingress" | "vorspann" | "entradilla" | "sapo" | "sumario"
        | "abstract" | "copete" | "anons" | "teaserlead" | "perex" => Hint::Standfirst,
        "byline" | "byl" | "signature" | "contributors" => Hint::Byline,
        "newsletter" | "newsletters" | "promo" | "promobox" | "promotion" | "subscribe" | "subscription" | "signup"
        | "paywall" | "mc4wp" | "cta" | "upsell" | "donate" | "donation" | "appbanner" | "regwall" | "followus"
        | "piano" | "offer" | "gate" | "inscription" => Hint::Promo,
        "related" | "readmore" | "readalso" | "recirculation" | "recirc" | "recommended" | "recommendations"
        | "morenews" | "seealso" | "outbrain" | "taboola" | "relatedposts" | "jp" | "read2" => Hint::Related,
        "advert" | "advertisement" | "advertising" | "adwrap" | "adbox" | "adslot" | "dfp" | "adsbygoogle"
        | "sponsored" | "adunit" | "adcontainer" | "werbung" | "publicidad" | "gpt" => Hint::Ad,
        "correction" | "corrections" | "erratum" | "clarification" | "errata" => Hint::Correction,
        "pullquote" | "pullquotes" => Hint::PullQuote,
        "sharedaddy" | "sharebar" | "sharing" | "socialshare" | "addtoany" | "addthis" | "breadcrumb"
        | "breadcrumbs" | "toolbar" => Hint::Boilerplate,
        "credit" | "credits" | "photographer" | "imagecredit" | "copyright" => Hint::Credit,
        "caption" | "legend" | "imagecaption" | "figcaption" => Hint::Caption,
        _ => return None,
    })
}

/// Words that are believed only when no stronger one stands beside them.
fn weak_token(token: &str) -> Option<Hint> {
    Some(match token {
        "author" | "authors" | "writer" | "autor" | "auteur" => Hint::Byline,
        "date" | "time" | "timestamp" | "datetime" | "published" | "pubdate" | "dateline" => Hint::Date,
        "intro" | "lead" | "excerpt" | "summary" | "description" => Hint::Standfirst,
        "category" | "section" | "rubric" | "rubrique" | "pill" => Hint::Section,
        "share" | "social" | "tags" | "tools" | "keywords" | "sh" => Hint::Boilerplate,
        "ad" | "ads" | "banner" => Hint::Ad,
        "headline" => Hint::Headline,
        "embed" | "tweet" | "twitter" | "instagram" => Hint::Embed,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(html: &str) -> Said {
        let dom = Dom::parse(html).unwrap();
        let body = dom.elements("body").next().unwrap();
        said(&dom, dom.children(body).next().unwrap())
    }

    #[test]
    fn names_are_split_into_words() {
        assert_eq!(tokens("c-promo__box articleBody"), ["c", "promo", "box", "article", "body"]);
    }

    #[test]
    fn parts_are_known_by_their_names() {
        assert_eq!(first("<p class=article__standfirst>").hint, Some(Hint::Standfirst));
        assert_eq!(first("<div data-component='links-block'>").hint, Some(Hint::Related));
        assert_eq!(first("<div class='banner-block'>").hint, Some(Hint::Ad));
        assert_eq!(first("<section class=reader-comments>").zone, Some(Zone::Comments));
        assert_eq!(first("<a class=comments-link>").zone, None);
        assert!(first("<div style='display: none'>").hidden);
        assert_eq!(first("<div class='post type-post hentry category-news tag-date'>").hint, None);
        assert!(first("<div hidden>").hidden && !first("<div hidden id=S:1f>").hidden);
    }
}
