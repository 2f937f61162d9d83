//! The plan: the same seed gives the same newsroom, and the ground truth tells what is served.

// Functions beside the tests are tests too.
#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};

use naba_newsfarm::{
    Ask, Charset, Coding, Delivery, Farm, FarmConfig, Fate, Fault, LANGUAGES, Reason, Schedule, Template, TruthRecord,
    Validators, read_truth, write_truth,
};
use proptest::prelude::*;

fn farm() -> Farm {
    Farm::new(FarmConfig { articles: 800, ..FarmConfig::default() })
}

fn lines(records: &[TruthRecord]) -> Vec<u8> {
    let mut out = Vec::new();
    write_truth(&mut out, records).unwrap();
    out
}

/// Asks for an address as a client does that understands no content coding.
fn get(farm: &Farm, url: &str, t_ms: i64) -> naba_newsfarm::Answer {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    farm.answer(&Ask { host: host.into(), path: format!("/{path}"), earlier: 9, ..Ask::default() }, t_ms)
}

fn decode(charset: Charset, body: &[u8]) -> String {
    let encoding = encoding_rs::Encoding::for_label(charset.name().as_bytes()).unwrap();
    encoding.decode_without_bom_handling(body).0.into_owned()
}

/// Undoes what a page does to text: entities, references and inline marks.
fn visible(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('<') {
            rest = &rest[rest.find('>').map_or(rest.len(), |end| end + 1)..];
        } else {
            let entity = rest[1..].split(';').next().unwrap_or_default();
            let character = match entity {
                "amp" => Some('&'),
                "lt" => Some('<'),
                "gt" => Some('>'),
                "quot" => Some('"'),
                number => number.strip_prefix('#').and_then(|n| char::from_u32(n.parse().ok()?)),
            };
            // A bare ampersand, as in the addresses of a script, stands for itself.
            out.push(character.unwrap_or('&'));
            rest = &rest[character.map_or(1, |_| entity.len() + 2)..];
        }
    }
    out.push_str(rest);
    out
}

#[test]
fn the_same_seed_gives_the_same_truth_byte_for_byte() {
    let (one, two) = (farm(), farm());
    assert!(lines(&one.truth()) == lines(&two.truth()));
    assert_eq!(one.sources_toml("1s"), two.sources_toml("1s"));
    let other = Farm::new(FarmConfig { seed: 8, ..one.config().clone() });
    assert!(lines(&one.truth()) != lines(&other.truth()));
}

#[test]
fn the_truth_survives_its_file() {
    let truth = farm().truth();
    assert_eq!(read_truth(lines(&truth).as_slice()).unwrap(), truth);
}

#[test]
fn a_line_that_is_no_record_is_named_by_its_number() {
    let error = read_truth("\n{}".as_bytes()).unwrap_err();
    assert!(error.to_string().contains("line 2"), "{error}");
}

#[test]
fn two_thousand_articles_show_every_language_template_and_reason() {
    let truth = Farm::new(FarmConfig::default()).truth();
    assert!(truth.len() >= 2000);
    for language in LANGUAGES {
        assert!(truth.iter().any(|one| one.language == language && one.fate == Fate::MustAppear), "{language}");
    }
    for template in Template::ALL {
        let count = truth.iter().filter(|one| one.template == template && one.fate == Fate::MustAppear).count();
        assert!(count >= 50, "{}: {count}", template.name());
    }
    for reason in [
        Reason::Served,
        Reason::Recovered,
        Reason::Slow,
        Reason::EditNotAnnounced,
        Reason::ServedTooShortly,
        Reason::MalformedHtml,
        Reason::WrongCharset,
        Reason::DeletedBeforeServed,
        Reason::NotFound,
        Reason::Gone,
        Reason::RobotsDisallowed,
        Reason::RobotsUnavailable,
        Reason::HostBroken,
        Reason::Cut,
        Reason::Stalled,
        Reason::Garbage,
        Reason::Oversized,
        Reason::Bomb,
        Reason::BotWall,
        Reason::Hub,
        Reason::RedirectLoop,
        Reason::Empty,
    ] {
        assert!(truth.iter().any(|one| one.reason == reason), "{reason:?} never happens");
    }
    assert!(truth.iter().any(|one| one.syndicated_of.is_some()));
    assert!(truth.iter().any(|one| one.version == 3));
    let expected = truth.iter().filter(|one| one.fate == Fate::MustAppear).count();
    assert!(expected * 10 > truth.len() * 7, "only {expected} of {} must appear", truth.len());
}

#[test]
fn every_version_that_must_appear_is_served_as_the_truth_says() {
    let farm = Farm::new(FarmConfig { articles: 1200, ..FarmConfig::default() });
    for record in farm.truth().iter().filter(|record| record.fate == Fate::MustAppear) {
        let t_ms = record.publish_at_ms + farm.config().outage_ms;
        let mut answer = get(&farm, &record.url, t_ms);
        let mut hops = 0;
        while let Some(next) = answer.header("location").map(str::to_owned) {
            answer = get(&farm, &next, t_ms);
            hops += 1;
            assert!(hops < 3, "{} redirects without end", record.url);
        }
        assert_eq!((answer.status, &answer.delivery), (200, &Delivery::Whole), "{}", record.url);
        let page = visible(&decode(record.charset, &answer.body));
        assert!(page.contains(&record.headline), "{} lacks its headline", record.url);
        for block in &record.body {
            assert!(page.contains(&block.text), "{} ({}) lacks {}", record.url, record.template.name(), block.text);
        }
        for shown in [&record.deck, &record.standfirst, &record.section] {
            assert!(page.contains(shown.as_str()), "{} lacks {shown}", record.url);
        }
        for author in &record.authors {
            assert!(page.contains(author), "{} lacks {author}", record.url);
        }
        if let Some(line) = &record.dateline {
            assert!(page.contains(&line.prefix), "{} lacks {}", record.url, line.prefix);
        }
    }
}

#[test]
fn every_article_that_may_be_found_is_in_a_source_of_its_site() {
    let farm = farm();
    let mut listed: HashMap<&str, String> = HashMap::new();
    for site in farm.sites().iter().filter(|site| !site.is_unreachable()) {
        let mut text = String::new();
        for kind in site.listings() {
            let answer = get(&farm, &site.address(kind.path()), 5_000);
            text.push_str(&decode(site.charset, &answer.body));
        }
        for part in 1..=2 {
            for end in ["xml", "xml.gz"] {
                let answer = get(&farm, &site.address(&format!("/sitemap-news-{part}.{end}")), 5_000);
                if answer.status == 200 && end == "xml" {
                    text.push_str(&String::from_utf8_lossy(&answer.body));
                } else if answer.status == 200 {
                    let mut reader = flate2::read::GzDecoder::new(answer.body.as_slice());
                    std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
                }
            }
        }
        listed.insert(&site.host, text.replace("&amp;", "&").replace("&#1571;&#1582;&#1576;&#1575;&#1585;", "أخبار"));
    }
    for record in farm.truth().iter().filter(|one| one.fate == Fate::MustAppear && one.version == 1) {
        let link = record.url.split_once("://").unwrap().1;
        let human = link.replace("xn--igbicxr.example", "أخبار.example");
        let text = &listed[record.site.as_str()];
        assert!(text.contains(link) || text.contains(&human), "{} is in no listing", record.url);
    }
}

#[test]
fn what_stands_beside_an_article_is_on_its_page_and_named_as_foreign() {
    let farm = farm();
    let record = farm.truth().into_iter().find(|one| one.comments > 1 && one.template == Template::JsonLd).unwrap();
    let answer = get(&farm, &record.canonical_url, 1);
    let page = visible(&decode(record.charset, &answer.body));
    assert!(record.must_not_contain.len() > 3);
    assert!(record.must_not_contain.iter().filter(|text| page.contains(text.as_str())).count() > 3);
}

#[test]
fn an_edit_changes_what_is_served_and_a_removal_ends_it() {
    let farm =
        Farm::new(FarmConfig { articles: 900, deleted_per_mille: 200, edited_per_mille: 300, ..FarmConfig::default() });
    let truth = farm.truth();
    let edited = truth.iter().find(|one| one.version == 2 && one.removed_at_ms.is_some()).unwrap();
    let first = truth.iter().find(|one| one.article == edited.article && one.version == 1).unwrap();
    assert!(first.headline != edited.headline || first.body != edited.body);
    let before = get(&farm, &edited.canonical_url, edited.publish_at_ms - 1);
    let after = get(&farm, &edited.canonical_url, edited.publish_at_ms);
    assert_ne!(before.body, after.body);
    let gone = get(&farm, &edited.canonical_url, edited.removed_at_ms.unwrap());
    assert!(gone.status == 404 || gone.status == 410);
}

#[test]
fn an_unchanged_answer_is_not_sent_twice() {
    let farm = farm();
    let site = &farm.sites()[0];
    let address = site.address(site.listing.path());
    let first = get(&farm, &address, 10);
    let ask = Ask {
        host: site.host.clone(),
        path: site.listing.path().into(),
        if_none_match: first.header("etag").map(str::to_owned),
        ..Ask::default()
    };
    assert_eq!(farm.answer(&ask, 20).status, 304);
    assert_eq!(farm.answer(&ask, 10_000_000).status, 200, "edits change the listing");
}

#[test]
fn a_date_is_a_validator_only_when_its_second_is_over() {
    let farm = farm();
    let dated = |site: &&naba_newsfarm::Site| site.validators == Validators::LastModified && site.fault.is_none();
    let site = farm.sites().iter().find(dated).unwrap();
    let address = site.address(site.listing.path());
    assert_eq!(get(&farm, &address, 500).header("last-modified"), None);
    let date = get(&farm, &address, 1_000).header("last-modified").map(str::to_owned);
    let ask =
        Ask { host: site.host.clone(), path: site.listing.path().into(), if_modified_since: date, ..Ask::default() };
    assert_eq!(farm.answer(&ask, 2_000).status, 304);
}

#[test]
fn a_coding_is_used_only_when_the_client_accepts_it() {
    let farm = farm();
    let site = farm.sites().iter().find(|site| site.coding == Coding::Zstd && site.fault.is_none()).unwrap();
    let mut ask = Ask { host: site.host.clone(), path: site.listing.path().into(), ..Ask::default() };
    assert_eq!(farm.answer(&ask, 1).header("content-encoding"), None);
    ask.accept_encoding = "gzip, zstd;q=0.8".into();
    assert_eq!(farm.answer(&ask, 1).header("content-encoding"), Some("zstd"));
}

#[test]
fn a_fault_shows_in_the_answer() {
    let farm = Farm::new(FarmConfig::default());
    let of = |fault: Fault| farm.articles().iter().find(|article| article.fault == Some(fault)).unwrap();
    let ask = |fault: Fault, earlier: u32, t_ms: i64| {
        let article = of(fault);
        let host = farm.sites()[article.site].host.clone();
        farm.answer(&Ask { host, path: article.path.clone(), earlier, ..Ask::default() }, t_ms)
    };
    assert_eq!(ask(Fault::NotFound, 0, 1).status, 404);
    assert_eq!(ask(Fault::Gone, 0, 1).status, 410);
    assert_eq!(ask(Fault::RateLimited, 0, 1).header("retry-after"), Some("1"));
    assert_eq!(ask(Fault::RateLimited, 2, 1).status, 200);
    assert_eq!(ask(Fault::Unavailable, 0, 1).status, 503);
    assert_eq!(ask(Fault::Unavailable, 1, 3_000).status, 200);
    assert!(ask(Fault::Slow, 0, 1).delay_ms > 0);
    assert_eq!(ask(Fault::Stalled, 0, 1).delivery, Delivery::Stalled);
    assert_eq!(ask(Fault::Cut, 0, 1).delivery, Delivery::Cut);
    assert!(ask(Fault::Oversized, 0, 1).body.len() > 5 * 1024 * 1024);
    assert!(ask(Fault::Bomb, 0, 1).body.len() < 100 * 1024);
    assert!(String::from_utf8(ask(Fault::WrongCharset, 0, 1).body).is_err());
    assert!(ask(Fault::Empty, 0, 1).body.is_empty());
    let there = ask(Fault::RedirectLoop, 0, 1).header("location").unwrap().to_owned();
    let back = get(&farm, &there, 1);
    assert!(back.header("location").unwrap().ends_with(&of(Fault::RedirectLoop).path));
}

#[test]
fn a_live_schedule_spreads_articles_and_hides_them_until_then() {
    let config =
        FarmConfig { schedule: Schedule::Live { duration_ms: 600_000 }, articles: 300, ..FarmConfig::default() };
    let farm = Farm::new(config);
    let times: Vec<i64> = farm.articles().iter().map(naba_newsfarm::Article::published_at).collect();
    assert!(times.is_sorted());
    assert!(times.iter().any(|at| *at > 500_000) && times.iter().any(|at| *at < 100_000));
    let truth = farm.truth();
    let late = truth
        .iter()
        .find(|one| one.publish_at_ms > 300_000 && one.fate == Fate::MustAppear && one.version == 1)
        .unwrap();
    assert_eq!(get(&farm, &late.canonical_url, late.publish_at_ms - 1).status, 404);
}

#[test]
fn a_feed_that_moves_too_fast_excuses_a_miss() {
    let config = FarmConfig {
        schedule: Schedule::Live { duration_ms: 60_000 },
        articles: 2000,
        feed_window: 5,
        ..FarmConfig::default()
    };
    let truth = Farm::new(config).truth();
    assert!(truth.iter().any(|one| one.reason == Reason::ListedTooShortly && one.fate == Fate::MayAppear));
}

#[test]
fn a_watch_that_ends_early_excuses_what_came_late() {
    let farm = Farm::new(FarmConfig { schedule: Schedule::Live { duration_ms: 600_000 }, ..FarmConfig::default() });
    let must = |truth: &[TruthRecord]| truth.iter().filter(|one| one.fate == Fate::MustAppear).count();
    assert!(must(&farm.truth_until(300_000)) * 3 < must(&farm.truth()) * 2);
    assert_eq!(must(&farm.truth_until(10)), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_the_seed_and_size(seed in any::<u64>(), sites in 1usize..30, articles in 0usize..120, live in any::<bool>()) {
        let schedule = if live { Schedule::Live { duration_ms: 100_000 } } else { Schedule::Instant };
        let farm = Farm::new(FarmConfig { seed, sites, articles, schedule, ..FarmConfig::default() });
        let truth = farm.truth();
        prop_assert!(truth == Farm::new(farm.config().clone()).truth());
        let mut canonical: HashMap<&str, usize> = HashMap::new();
        let mut said: HashSet<(usize, String, String)> = HashSet::new();
        for record in &truth {
            // One canonical address belongs to one article.
            prop_assert_eq!(*canonical.entry(&record.canonical_url).or_insert(record.article), record.article);
            // Versions of an article say different things.
            prop_assert!(said.insert((record.article, record.headline.clone(), record.body_text())));
            let second = |ms: i64| (farm.config().epoch_ms + ms).div_euclid(1000);
            prop_assert!(record.superseded_at_ms.is_none_or(|next| second(next) > second(record.publish_at_ms)));
            prop_assert!(!record.headline.is_empty() && !record.body.is_empty());
            for quote in &record.quotes {
                prop_assert!(record.body[quote.block].text.contains(&quote.text));
            }
            // What must not appear was never readable under its own address.
            if record.reason == Reason::DeletedBeforeServed {
                prop_assert!(get(&farm, &record.canonical_url, record.publish_at_ms).status >= 400);
            }
        }
    }
}
