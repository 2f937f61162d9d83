//! What tag, class, id and role say about an element.

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
    let name = dom.name(id);
    let mut said = by_tag(name);
    if dom.attr(id, "hidden").is_some() || dom.attr(id, "aria-hidden") == Some("true") && name != "a" {
        said.hidden = true;
    }
    if dom.attr(id, "style").is_some_and(is_invisible) {
        said.hidden = true;
    }
    match dom.attr(id, "role") {
        Some("navigation" | "menu" | "menubar" | "toolbar" | "banner" | "search") => {
            said.zone = said.zone.or(Some(Zone::Nav))
        }
        Some("complementary") => said.zone = said.zone.or(Some(Zone::Aside)),
        Some("contentinfo") => said.zone = said.zone.or(Some(Zone::Footer)),
        Some("dialog" | "alertdialog") => said.hint = said.hint.or(Some(Hint::Promo)),
        _ => {}
    }
    if let Some(prop) = dom.attr(id, "itemprop") {
        said.hint = by_itemprop(prop).or(said.hint);
    }
    if dom.attr(id, "rel").is_some_and(|rel| rel.split_whitespace().any(|r| r == "author")) {
        said.hint = Some(Hint::Byline);
    }
    if matches!(name, "html" | "body" | "main") {
        return Said { hidden: said.hidden, ..Said::default() };
    }
    for attribute in ["class", "id", "data-component", "data-testid", "data-block", "data-type"] {
        if let Some(value) = dom.attr(id, attribute) {
            let tokens = tokens(value);
            said.zone = zone_of(&tokens).or(said.zone);
            said.hint = hint_of(&tokens).or(said.hint);
            if attribute == "class" {
                said.hidden |= value.split_whitespace().any(|class| HIDDEN.contains(&class));
            }
        }
    }
    if name.contains('-') {
        let tokens = tokens(name);
        said.zone = zone_of(&tokens).or(said.zone);
        said.hint = hint_of(&tokens).or(said.hint);
    }
    if said.hint == Some(Hint::Boilerplate) && matches!(name, "article") {
        said.hint = None;
    }
    said
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

fn is_invisible(style: &str) -> bool {
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    style.contains("display:none") || style.contains("visibility:hidden")
}

/// Splits names into lower-case words, at signs and at capitals ("articleBody", "c-promo__box").
pub fn tokens(value: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    let mut lower_before = false;
    // Utility classes ("print:hidden", "[&_p]:mt-0") say how something looks, not what it is.
    let classes = value.split_whitespace().filter(|class| !class.contains([':', '[', '@', '/']));
    let value = classes.collect::<Vec<_>>().join(" ");
    for c in value.chars().take(300) {
        let boundary = !c.is_alphanumeric() || (c.is_uppercase() && lower_before);
        if boundary && !token.is_empty() {
            tokens.push(std::mem::take(&mut token));
        }
        if c.is_alphanumeric() {
            token.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase();
    }
    if !token.is_empty() {
        tokens.push(token);
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
        said(&dom, dom.children(body)[0])
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
    }
}
