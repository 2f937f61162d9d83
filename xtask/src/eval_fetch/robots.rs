//! Robots suites: decisions, delays, sitemaps.
//!
//! Decisions follow the reference implementation of RFC 9309. Where another project decides otherwise on purpose, the case
//! is a conflict of a named class, told by what the file or the agent looks like; a difference of no class is a miss.

use naba_frontier::Robots;
use naba_model::NormalUrl;
use serde_json::Value;

use super::case::{bytes, list, text};
use super::report::{Outcome, Report};

/// Judges a case of the reference's own tests.
pub fn google(case: &Value, report: &mut Report) {
    let path = raw_path(text(case, "url"));
    let answer = Robots::parse(&bytes(case, "robots_b64")).decide(text(case, "agent"), &path);
    report.check("decisions", case, Value::Bool(answer.allowed) == case["allowed"], || format!("{:?}", answer.rule));
}

/// Judges the reference's decisions on a real file.
pub fn real(case: &Value, report: &mut Report) {
    let robots = Robots::parse(&bytes(case, "robots_b64"));
    for decision in list(case, "decisions") {
        let (agent, url) = (decision[0].as_str().unwrap_or_default(), decision[1].as_str().unwrap_or_default());
        let answer = robots.decide(agent, &raw_path(url));
        let row = if decision[2] == Value::Bool(true) { "decisions to allow" } else { "decisions to disallow" };
        report.check(row, case, Value::Bool(answer.allowed) == decision[2], || {
            format!("{agent} {url} {:?}", answer.rule)
        });
    }
}

/// Judges a case of crawler-commons: decision, delay and sitemaps.
pub fn crawler_commons(case: &Value, report: &mut Report) {
    let file = bytes(case, "robots_b64");
    let robots = Robots::parse(&file);
    let agents: Vec<&str> = list(case, "agents").iter().filter_map(Value::as_str).collect();
    let agent = agents.first().copied().unwrap_or_default();
    let asked = Asked { file: &String::from_utf8_lossy(&file), agents: &agents, url: text(case, "url") };
    let answer = robots.decide(agent, &path(asked.url));
    let is_met = Value::Bool(answer.allowed) == case["allowed"];
    report.count("decisions", case, asked.outcome(is_met, || format!("{:?}", answer.rule)));
    let delay = robots.crawl_delay_ms(agent);
    let is_met = delay == case["crawl_delay_ms"].as_u64();
    report.count(
        "crawl delays",
        case,
        asked.outcome(is_met, || format!("{delay:?} is not {}", case["crawl_delay_ms"])),
    );
    let sitemaps = format!("[{}]", sitemaps(&robots, asked.url).join(", "));
    report.check("sitemaps", case, sitemaps == text(case, "sitemaps"), || {
        format!("{sitemaps} is not {}", case["sitemaps"])
    });
}

/// Judges a case of protego: decision, delay or request rate.
pub fn protego(case: &Value, report: &mut Report) {
    let file = bytes(case, "robots_b64");
    let robots = Robots::parse(&file);
    let agent = text(case, "agent");
    let asked = Asked { file: &String::from_utf8_lossy(&file), agents: &[agent], url: text(case, "url") };
    match text(case, "kind") {
        "can_fetch" => {
            let answer = robots.decide(agent, &path(asked.url));
            let is_met = Value::Bool(answer.allowed) == case["result"];
            report.count("decisions", case, asked.outcome(is_met, || format!("{:?}", answer.rule)));
        }
        "crawl_delay" => {
            let delay = robots.crawl_delay_ms(agent);
            let is_met = delay == case["result"].as_f64().map(|seconds| (seconds * 1000.0) as u64);
            report.count("crawl delays", case, asked.outcome(is_met, || format!("{delay:?}")));
        }
        _ => {
            let rate = robots.request_rate_ms(agent);
            let wanted =
                case["result"].as_array().and_then(|rate| Some((rate.first()?.as_f64()?, rate.get(1)?.as_f64()?)));
            let wanted = wanted.map(|(requests, seconds)| (seconds * 1000.0 / requests) as u64);
            report.count(
                "request rates",
                case,
                asked.outcome(rate == wanted, || format!("{rate:?} is not {wanted:?}")),
            );
        }
    }
}

/// Addresses of `Sitemap:` lines; they may be relative to the file.
fn sitemaps(robots: &Robots, url: &str) -> Vec<String> {
    let base = NormalUrl::parse(url).ok();
    let absolute = |written: &String| Some(base.as_ref()?.join(written).ok()?.to_string());
    let mut found: Vec<String> = robots.sitemaps().iter().filter_map(absolute).collect();
    let mut seen = std::collections::HashSet::new();
    found.retain(|sitemap| seen.insert(sitemap.clone()));
    found
}

struct Asked<'a> {
    file: &'a str,
    agents: &'a [&'a str],
    url: &'a str,
}

type Class = (&'static str, fn(&Asked<'_>) -> bool);

/// In which ways projects decide otherwise than the reference on purpose.
const CLASSES: &[Class] = &[
    ("robots.txt itself is never asked for by a rule", |asked| path(asked.url) == "/robots.txt"),
    ("an HTML page instead of a file", |asked| asked.file.to_ascii_lowercase().contains("<html")),
    ("a crawler that goes by several names", |asked| asked.agents.len() > 1),
    ("a crawler's name in the comment of a user agent", |asked| asked.agents.iter().any(|agent| agent.contains('('))),
    ("a crawler's name of several words", |asked| asked.agents.iter().any(|agent| agent.contains(' '))),
    ("several names on one agent line", |asked| {
        asked
            .agent_lines()
            .any(|line| line.split([' ', ',']).filter(|word| asked.is_name(word)).count() > 0 && line.contains(' '))
    }),
    ("a misspelt user-agent key that the reference does not know", |asked| {
        asked.file.lines().any(|line| {
            let key = line.split([':', ' ']).next().unwrap_or_default().trim().to_ascii_lowercase();
            key.ends_with("agent") && key.contains(['-', '_']) && !key.starts_with("user-agent")
        })
    }),
    ("an agent line with a wildcard inside", |asked| {
        asked.agent_lines().any(|line| line.trim().len() > 1 && line.contains('*'))
    }),
    ("an agent line whose name is a part of the crawler's name", |asked| {
        asked.agent_lines().any(|line| {
            let line = line.trim().to_ascii_lowercase();
            !line.is_empty()
                && asked.agents.iter().any(|agent| {
                    let agent = agent.to_ascii_lowercase();
                    agent != line && (agent.starts_with(&line) || line.starts_with(&agent))
                })
        })
    }),
    ("a rule that is a whole address", |asked| {
        asked.file.lines().any(|line| line.split_once(':').is_some_and(|(_, value)| value.trim().starts_with("http")))
            && asked.url.matches("http").count() > 1
    }),
    ("an encoded letter that is taken for the letter", |asked| {
        let is_letter = |hex: &str| {
            u8::from_str_radix(hex.get(..2).unwrap_or_default(), 16).is_ok_and(|byte| byte.is_ascii_alphanumeric())
        };
        asked.file.split('%').skip(1).any(is_letter) || asked.url.split('%').skip(1).any(is_letter)
    }),
    ("a final $ that is also taken literally", |asked| asked.url.contains('$') && asked.file.contains('$')),
    ("an unknown key that ends the head of a group", |asked| {
        asked.file.lines().any(|line| {
            let key = line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
            !key.is_empty()
                && !["user", "allow", "dis", "site", "crawl", "#", "request"].iter().any(|known| key.starts_with(known))
        })
    }),
];

impl Asked<'_> {
    fn outcome(&self, is_met: bool, why: impl FnOnce() -> String) -> Outcome {
        if is_met {
            return Outcome::Met;
        }
        let class = CLASSES.iter().find(|(_, is_of)| is_of(self));
        class.map_or_else(|| Outcome::Missed(why()), |(name, _)| Outcome::Conflict(name))
    }

    fn agent_lines(&self) -> impl Iterator<Item = &str> {
        self.file.split(['\r', '\n']).filter_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim()
                .to_ascii_lowercase()
                .starts_with("user")
                .then(|| value.split('#').next().unwrap_or_default().trim())
        })
    }

    fn is_name(&self, word: &str) -> bool {
        self.agents.iter().any(|agent| agent.eq_ignore_ascii_case(word.trim()))
    }
}

/// Returns path and query as our fetcher asks for them.
fn path(url: &str) -> String {
    let parsed = NormalUrl::parse("http://www.example.com/").and_then(|base| base.join(url));
    parsed.map_or_else(
        |_| raw_path(url),
        |url| url.as_url().as_str().splitn(4, '/').nth(3).map_or_else(|| "/".to_owned(), |rest| format!("/{rest}")),
    )
}

/// Returns path and query of an address as the reference does, without normalising them.
fn raw_path(url: &str) -> String {
    let start = url.find("://").map_or_else(|| if url.starts_with("//") { 2 } else { 0 }, |at| at + 3);
    let after_scheme = url.get(start..).unwrap_or_default();
    let Some(at) = after_scheme.find(['/', '?', ';']) else { return "/".to_owned() };
    if after_scheme.find('#').is_some_and(|hash| hash < at) {
        return "/".to_owned();
    }
    let path = after_scheme.get(at..).unwrap_or_default().split('#').next().unwrap_or_default();
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}
