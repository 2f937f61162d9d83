//! The canonical address of an article.

use naba_model::{NormalUrl, registrable_domain};
use naba_proto::v1::Method;

use crate::candidate::Candidate;
use crate::error::ExtractError;
use crate::page::Page;

/// Collects addresses that name the article. A page may call only an address of its own registrable domain canonical:
/// else one site could take over the identity of another's article.
pub fn candidates(page: Option<&Page>, final_url: &str) -> Result<Vec<Candidate<NormalUrl>>, ExtractError> {
    let base = NormalUrl::parse(final_url).map_err(|e| ExtractError::Contract(e.to_string()))?;
    let domain = registrable_domain(base.host());
    let mut out = Vec::new();
    if let Some(page) = page {
        let og = page.meta.first(&["og:url"]).map_or("", |(_, v)| v);
        let stated = [
            (page.meta.canonical.as_str(), Method::Dom, "dom:canonical", 0.9_f32),
            (og, Method::Meta, "meta:og:url", 0.7),
        ];
        for (raw, method, rule, confidence) in stated {
            let Ok(url) = base.join(raw) else { continue };
            let same = registrable_domain(url.host()) == domain && url.as_url().scheme() != "file";
            // Some sites call their home page the canonical form of every page.
            let home = url.as_url().path() == "/" && url.as_url().query().is_none() && base.as_url().path() != "/";
            if !raw.is_empty() && same && !home {
                out.push(Candidate { value: url, method, rule, confidence, raw: raw.to_owned() });
            }
        }
    }
    out.push(Candidate {
        value: base,
        method: Method::Http,
        rule: "http:final_url",
        confidence: 0.5,
        raw: String::new(),
    });
    Ok(out)
}
