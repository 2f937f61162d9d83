//! JSON-LD: the article that schema.org markup describes, also from scripts that do not parse as they stand.

use serde_json::Value;

use super::attribute::Attr;
use super::dom::Dom;
use crate::limits::{MAX_FIELD_CHARS, MAX_LD_BYTES, MAX_LIST, cut};

/// A person or an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// Name as written.
    pub name: String,
    /// Address of a profile.
    pub url: String,
    /// True for schema.org Person.
    pub is_person: bool,
}

/// What the structured data says about the article.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LdArticle {
    /// schema.org types.
    pub types: Vec<String>,
    /// See schema.org.
    pub headline: String,
    /// See schema.org.
    pub alternative_headline: String,
    /// See schema.org.
    pub description: String,
    /// See schema.org.
    pub date_published: String,
    /// See schema.org.
    pub date_modified: String,
    /// See schema.org.
    pub authors: Vec<Agent>,
    /// See schema.org.
    pub section: String,
    /// See schema.org, split at commas.
    pub keywords: Vec<String>,
    /// See schema.org.
    pub language: String,
    /// Addresses of images.
    pub images: Vec<String>,
    /// Name of the publisher.
    pub publisher: String,
    /// isAccessibleForFree, here or in a part.
    pub free: Option<bool>,
    /// See schema.org.
    pub body: String,
    /// Address of the page.
    pub url: String,
    /// License or copyright notice.
    pub notice: String,
}

/// The structured data of a page.
#[derive(Clone, Debug, Default)]
pub struct Linked {
    /// Articles, in order of appearance.
    pub articles: Vec<LdArticle>,
    /// What else the page may be to schema.org, when it says a date or an author: WebPage, Recipe, HowTo, Podcast, ….
    pub works: Vec<LdArticle>,
    /// All types named on the page.
    pub types: Vec<String>,
    /// A script had to be repaired.
    pub repaired: bool,
}

/// Reads all JSON-LD scripts of a page.
pub fn read(dom: &Dom) -> Linked {
    let mut linked = Linked::default();
    for script in dom.elements("script").take(200) {
        if !dom
            .attr(script, Attr::Type)
            .is_some_and(|t| t.trim().to_ascii_lowercase().starts_with("application/ld+json"))
        {
            continue;
        }
        let text: String = dom.children(script).filter_map(|id| dom.text(id)).collect();
        if text.len() > MAX_LD_BYTES {
            continue;
        }
        let value = match serde_json::from_str(text.trim()) {
            Ok(value) => value,
            Err(_) => match serde_json::from_str(&repair(&text)) {
                Ok(value) => {
                    linked.repaired = true;
                    value
                }
                Err(_) => continue,
            },
        };
        let mut nodes = Vec::new();
        flatten(&value, 0, &mut nodes);
        for node in &nodes {
            let types = types(node);
            if is_article(&types) && linked.articles.len() < MAX_LIST {
                linked.articles.push(article(node, types.clone(), &nodes));
            } else if is_work(node, &types) && linked.works.len() < MAX_LIST {
                linked.works.push(article(node, types.clone(), &nodes));
            }
            linked.types.extend(types);
        }
    }
    linked.types.truncate(1000);
    linked
}

/// Mends what is often broken: raw control characters in strings, commas before a closing bracket, comment wrappers, a
/// cut end.
fn repair(text: &str) -> String {
    let text = text.trim().trim_start_matches("<!--").trim_end_matches("-->").trim();
    let text = text
        .trim_start_matches("//<![CDATA[")
        .trim_start_matches("<![CDATA[")
        .trim_end_matches("//]]>")
        .trim_end_matches("]]>");
    let text = text.trim().trim_end_matches(';');
    let mut out = String::with_capacity(text.len() + 16);
    let mut open: Vec<char> = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        if in_string {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                '\n' => {
                    out.push_str("\\n");
                    continue;
                }
                c if c.is_control() => {
                    out.push(' ');
                    continue;
                }
                _ => {}
            }
            out.push(c);
            continue;
        }
        match c {
            '"' => in_string = true,
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' => {
                while out.ends_with(|c: char| c.is_whitespace() || c == ',') {
                    out.pop();
                }
                if open.last() == Some(&c) {
                    open.pop();
                }
            }
            _ => {}
        }
        out.push(c);
    }
    if in_string {
        out.push('"');
    }
    while out.ends_with(|c: char| c.is_whitespace() || c == ',' || c == ':') {
        out.pop();
    }
    out.extend(open.into_iter().rev());
    out
}

/// Collects every typed object, through arrays, @graph and the properties that wrap an article.
fn flatten<'a>(value: &'a Value, depth: usize, out: &mut Vec<&'a Value>) {
    if depth > 8 || out.len() > 2_000 {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, depth + 1, out)),
        Value::Object(map) => {
            if map.contains_key("@type") {
                out.push(value);
            }
            for key in ["@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item"] {
                if let Some(inner @ (Value::Object(_) | Value::Array(_))) = map.get(key) {
                    flatten(inner, depth + 1, out);
                }
            }
        }
        _ => {}
    }
}

fn types(value: &Value) -> Vec<String> {
    let name = |v: &Value| v.as_str().map(|s| s.rsplit(['/', ':']).next().unwrap_or(s).to_owned());
    match value.get("@type") {
        Some(Value::Array(items)) => items.iter().filter_map(name).take(8).collect(),
        Some(other) => name(other).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Tells whether types name an article.
pub fn is_article(types: &[String]) -> bool {
    types.iter().any(|t| {
        (t.ends_with("Article") || t.ends_with("BlogPosting") || t == "Report") && t != "MedicalScholarlyArticle"
    })
}

/// Tells whether an object that is no article may still be the page: parts and people are not.
fn is_work(node: &Value, types: &[String]) -> bool {
    let part = |t: &String| {
        ["Comment", "ImageObject", "Review", "Person", "Organization", "Rating", "WebSite", "Event", "Offer", "Answer"]
            .iter()
            .any(|end| t.ends_with(end))
    };
    !types.iter().any(part) && ["datePublished", "uploadDate", "author"].iter().any(|key| node.get(key).is_some())
}

fn text(value: Option<&Value>) -> String {
    let raw = match value {
        Some(Value::String(text)) => text.as_str(),
        Some(Value::Array(items)) => return text(items.first()),
        Some(Value::Object(map)) => return text(map.get("@value").or_else(|| map.get("name"))),
        _ => return String::new(),
    };
    naba_text::collapse_line(&plain(cut(raw, MAX_FIELD_CHARS * 4)))
}

/// Drops tags and decodes entities, which some publishers leave in their structured data.
fn plain(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return text.to_owned();
    }
    Dom::parse(text).map_or_else(|_| text.to_owned(), |dom| dom.inner_text(0))
}

fn address(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => cut(text.trim(), MAX_FIELD_CHARS).to_owned(),
        Some(Value::Array(items)) => address(items.first()),
        Some(Value::Object(map)) => {
            address(map.get("url").or_else(|| map.get("@id")).or_else(|| map.get("contentUrl")))
        }
        _ => String::new(),
    }
}

fn agents(value: Option<&Value>, nodes: &[&Value], out: &mut Vec<Agent>) {
    if out.len() >= MAX_LIST {
        return;
    }
    match value {
        Some(Value::Array(items)) => items.iter().for_each(|item| agents(Some(item), nodes, out)),
        Some(Value::String(_)) => out.push(Agent { name: text(value), url: String::new(), is_person: true }),
        Some(object @ Value::Object(_)) => {
            let id = object.get("@id").and_then(Value::as_str);
            let target = if object.get("name").is_none() {
                nodes
                    .iter()
                    .copied()
                    .find(|n| id.is_some() && n.get("@id").and_then(Value::as_str) == id)
                    .unwrap_or(object)
            } else {
                object
            };
            let types = types(target);
            let is_person = types.is_empty() || types.iter().any(|t| t == "Person");
            out.push(Agent { name: text(target.get("name")), url: address(target.get("url")), is_person });
        }
        _ => {}
    }
}

fn article(node: &Value, types: Vec<String>, nodes: &[&Value]) -> LdArticle {
    let mut authors = Vec::new();
    agents(node.get("author").or_else(|| node.get("creator")), nodes, &mut authors);
    authors.retain(|a| !a.name.is_empty());
    let mut publishers = Vec::new();
    agents(node.get("publisher"), nodes, &mut publishers);
    let images = match node.get("image") {
        Some(Value::Array(items)) => items.iter().map(|item| address(Some(item))).collect(),
        other => vec![address(other)],
    };
    LdArticle {
        types,
        headline: text(node.get("headline").or_else(|| node.get("name"))),
        alternative_headline: text(node.get("alternativeHeadline")),
        description: text(node.get("description")),
        date_published: text(["datePublished", "dateCreated", "uploadDate"].iter().find_map(|key| node.get(key))),
        date_modified: text(node.get("dateModified")),
        authors,
        section: text(node.get("articleSection")),
        keywords: keywords(node.get("keywords")),
        language: text(node.get("inLanguage")),
        images: images.into_iter().filter(|i| !i.is_empty()).take(MAX_LIST).collect(),
        publisher: publishers.into_iter().map(|p| p.name).find(|n| !n.is_empty()).unwrap_or_default(),
        free: free(node),
        body: node
            .get("articleBody")
            .and_then(Value::as_str)
            .map(|b| naba_text::collapse(&plain(b)))
            .unwrap_or_default(),
        url: address(node.get("url").or_else(|| node.get("mainEntityOfPage"))),
        notice: [node.get("license"), node.get("copyrightNotice")]
            .into_iter()
            .map(text)
            .find(|t| !t.is_empty())
            .unwrap_or_default(),
    }
}

fn free(node: &Value) -> Option<bool> {
    let read = |v: &Value| match v.get("isAccessibleForFree") {
        Some(Value::Bool(free)) => Some(*free),
        Some(Value::String(text)) => Some(!text.trim().eq_ignore_ascii_case("false")),
        _ => None,
    };
    let part = match node.get("hasPart") {
        Some(Value::Array(items)) => items.iter().find_map(read),
        Some(other) => read(other),
        None => None,
    };
    read(node).or(part)
}

fn keywords(value: Option<&Value>) -> Vec<String> {
    let mut out: Vec<String> = match value {
        Some(Value::Array(items)) => items.iter().map(|item| text(Some(item))).collect(),
        Some(Value::String(_)) => text(value).split([',', '،', ';']).map(|k| k.trim().to_owned()).collect(),
        _ => Vec::new(),
    };
    out.retain(|k| !k.is_empty());
    out.truncate(MAX_LIST);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Linked {
        read(&Dom::parse(&format!("<script type=application/ld+json>{json}</script>")).unwrap())
    }

    #[test]
    fn an_article_is_found_in_a_graph_with_its_author_by_reference() {
        let linked = of(
            r##"{"@graph":[{"@type":"WebSite"},{"@type":["Article","NewsArticle"],"headline":"H","author":{"@id":"#p"},
            "hasPart":{"isAccessibleForFree":"False"}},{"@type":"Person","@id":"#p","name":"Ada"}]}"##,
        );
        let article = &linked.articles[0];
        assert_eq!(article.headline, "H");
        assert_eq!(article.authors[0].name, "Ada");
        assert_eq!(article.free, Some(false));
    }

    #[test]
    fn broken_scripts_are_mended() {
        let linked = of("{\"@type\":\"NewsArticle\",\"headline\":\"H\",\"articleBody\":\"a\n b\",\n}");
        assert_eq!(linked.articles[0].headline, "H");
        assert!(linked.repaired);
        let cut_off = of("[{\"@type\":\"NewsArticle\",\"headline\":\"H\",\"description\":\"cut o");
        assert_eq!(cut_off.articles[0].headline, "H");
    }
}
