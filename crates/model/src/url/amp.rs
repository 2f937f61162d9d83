//! AMP: a second address of an article, at the publisher or in a cache.

use url::Url;

/// Returns the address of the article when the given one is its AMP page, else the given one.
pub(super) fn article_of(url: Url) -> Url {
    let mut url = out_of_cache(&url).unwrap_or(url);
    let path = without_marks(url.path());
    if path != url.path() {
        url.set_path(&path);
    }
    if let Some(query) = url.query() {
        let kept: Vec<&str> = query.split('&').filter(|pair| !is_mark(pair)).collect();
        let kept = kept.join("&");
        url.set_query((!kept.is_empty()).then_some(kept.as_str()));
    }
    url
}

/// `news-example.cdn.ampproject.org/c/s/news.example/a` and `www.google.com/amp/s/news.example/a` hold `news.example/a`; the
/// `s` says https.
fn out_of_cache(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let inner = if host.ends_with(".cdn.ampproject.org") {
        let (kind, inner) = url.path().strip_prefix('/')?.split_once('/')?;
        (kind.len() <= 2).then_some(inner)?
    } else if host.split('.').any(|label| label == "google") {
        url.path().strip_prefix("/amp/")?
    } else {
        return None;
    };
    let (scheme, address) = inner.strip_prefix("s/").map_or(("http", inner), |address| ("https", address));
    let mut article = Url::parse(&format!("{scheme}://{address}")).ok()?;
    article.host_str()?.contains('.').then_some(())?;
    article.set_query(url.query());
    Some(article)
}

/// Drops an `amp` segment at the start or the end of a path, and the endings `.amp` and `.amp.html`.
fn without_marks(path: &str) -> String {
    let trimmed = path.strip_suffix("/amp/").map(|path| format!("{path}/"));
    let path = trimmed.or_else(|| path.strip_suffix("/amp").map(str::to_owned)).unwrap_or_else(|| path.to_owned());
    let path = match path.strip_suffix(".amp.html") {
        Some(stem) => format!("{stem}.html"),
        None => path.strip_suffix(".amp").map_or(path.clone(), str::to_owned),
    };
    match path.strip_prefix("/amp/") {
        Some(rest) if !rest.is_empty() => format!("/{rest}"),
        _ => path,
    }
}

/// `?amp`, `?amp=1`, `?outputType=amp`.
fn is_mark(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    name.eq_ignore_ascii_case("amp") && matches!(value, "" | "1" | "true")
        || name.eq_ignore_ascii_case("outputtype") && value.starts_with("amp")
}
