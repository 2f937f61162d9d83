//! Paths: every site has its own way to name pages.

use crate::article::Article;
use crate::moment;
use crate::site::Site;
use crate::template::Template;

/// Tells whether the site writes the headline into the path.
pub(crate) fn needs_headline(site: &Site) -> bool {
    style(site) == 3
}

fn style(site: &Site) -> usize {
    site.index % 5
}

/// Builds the path and query of an article's page.
pub(crate) fn page_path(site: &Site, article: &Article, template: Template, headline: Option<&str>) -> String {
    let number = article.index;
    if article.fault == Some(crate::article::Fault::RobotsDisallowed) {
        return format!("/private/{number}.html");
    }
    if template == Template::Amp {
        return format!("/amp{}", plain_path(article));
    }
    let date = moment::date_path(article.printed_ms);
    match (style(site), headline) {
        (0, _) => format!("/{date}/report-{number}"),
        (1, _) => format!("/news/{number}-report.html"),
        (2, _) => format!("/article?id={number}&view=full"),
        (3, Some(headline)) => format!("/{}-{number}", native_slug(headline)),
        _ => format!("/a/{number}/"),
    }
}

/// Returns the path of the plain page that an AMP page names as canonical.
pub(crate) fn plain_path(article: &Article) -> String {
    format!("/stories/{}/", article.index)
}

/// Returns the path of the address that redirects to an article.
pub(crate) fn short_path(article: &Article) -> String {
    format!("/r/{:x}", article.index + 0x1000)
}

/// Returns the path of a news sitemap.
pub(crate) fn sitemap_part(site: &Site, part: usize) -> String {
    format!("/sitemap-news-{}.xml{}", part + 1, if site.gzip_sitemap { ".gz" } else { "" })
}

/// Removes the parameters that the farm itself adds to links.
pub(crate) fn without_tracking(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("utm_") && !pair.is_empty()).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

/// Adds the parameters by which a newsroom counts its feed readers.
pub(crate) fn with_tracking(address: &str, medium: &str) -> String {
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}utm_source=feed&utm_medium={medium}")
}

/// Writes the first words of a headline as a path segment, percent-encoded as browsers send it.
fn native_slug(headline: &str) -> String {
    let words: Vec<String> = headline
        .split_whitespace()
        .map(|word| word.chars().filter(|c| c.is_alphanumeric()).take(12).collect::<String>())
        .filter(|word: &String| !word.is_empty())
        .take(5)
        .collect();
    let mut out = String::new();
    for byte in words.join("-").to_lowercase().bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracking_comes_and_goes_without_a_trace() {
        for path in ["/a", "/article?id=7&view=full"] {
            assert_eq!(without_tracking(&with_tracking(path, "rss")), path);
        }
    }

    #[test]
    fn a_native_slug_is_percent_encoded() {
        assert_eq!(native_slug("أخبار Now!"), "%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1-now");
    }
}
