//! The documents: pages of calm newsfarms, every language in every template.

use naba_model::{NormalUrl, SourceId, UrlHash, sha256_hex, timestamp_of};
use naba_newsfarm::{Ask, Delivery, Farm, FarmConfig, LANGUAGES, Site, Template};
use naba_proto::v1::{Origin, RawDocument};

/// Long after the farms began, so that everything is published.
const LATER_MS: i64 = 86_400_000;

/// A page as the fetcher would publish it.
pub struct Page {
    /// BCP 47 code of the farm's word list.
    pub language: &'static str,
    /// The document.
    pub document: RawDocument,
}

/// Makes `count` pages. A farm pairs each language with one template; a seed shifts the pairs, so that one farm a template
/// shows all of them.
pub fn make(count: usize) -> Vec<Page> {
    let farms = Template::ALL.len();
    let share = |farm: usize| count * (farm + 1) / farms - count * farm / farms;
    (0..farms).flat_map(|farm| pages_of(farm, share(farm))).collect()
}

fn pages_of(seed: usize, count: usize) -> Vec<Page> {
    // Copies of one text would be neither new to the enricher nor typical.
    let calm = FarmConfig::calm(u64::try_from(seed).unwrap_or_default(), LANGUAGES.len(), count);
    let farm = Farm::new(FarmConfig { syndicated_per_mille: 0, ..calm });
    let page = |article: &naba_newsfarm::Article| {
        let site = farm.sites().get(article.site)?;
        let ask = Ask { host: site.host.clone(), path: article.path.clone(), ..Ask::default() };
        let answer = farm.answer(&ask, LATER_MS);
        let sound = answer.status == 200 && answer.delivery == Delivery::Whole;
        let content_type = answer.header("content-type").unwrap_or_default().to_owned();
        sound.then(|| document(seed, site, &article.path, content_type, answer.body))?
    };
    farm.articles().iter().filter_map(page).collect()
}

fn document(seed: usize, site: &Site, path: &str, content_type: String, body: Vec<u8>) -> Option<Page> {
    // Each farm has the same hosts; a label of its own keeps their addresses apart.
    let body = replaced(&body, &site.host, &format!("s{seed}.{}", site.host));
    let address = format!("http://s{seed}.{}{path}", site.host);
    let normal = NormalUrl::parse(&address).ok()?;
    let now = now_ms();
    let document = RawDocument {
        url_hash: UrlHash::of(&normal).into_string(),
        source_id: SourceId::of(normal.host()).into_string(),
        source_name: site.name.clone(),
        source_country: site.country.clone(),
        url: address,
        final_url: normal.to_string(),
        fetched_at: Some(timestamp_of(now)),
        discovered_at: Some(timestamp_of(now)),
        status: 200,
        content_type,
        sha256: sha256_hex(&body),
        body: body.into(),
        origin: Origin::Live.into(),
        attempt: 1,
        ..RawDocument::default()
    };
    Some(Page { language: site.language, document })
}

/// Replaces an ASCII word in bytes of any charset that keeps ASCII as it is.
fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let (from, mut out, mut rest) = (from.as_bytes(), Vec::with_capacity(bytes.len()), bytes);
    while let Some((first, after)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(from) {
            out.extend_from_slice(to.as_bytes());
            rest = behind;
        } else {
            out.push(*first);
            rest = after;
        }
    }
    out
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
