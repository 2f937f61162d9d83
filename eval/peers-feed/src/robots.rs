//! robots.txt: a parse and one decision each, as a fetcher that keeps nothing would do it.

use std::hint::black_box;
use std::path::Path;

use naba_frontier::Robots;

struct Case {
    bytes: Vec<u8>,
    agent: String,
    url: String,
    path: String,
}

pub fn measure(suites: &Path) {
    let mut cases = Vec::new();
    // robotstxt panics on a cut inside a character: only files in ASCII are measured.
    for case in crate::cases(&suites.join("robots-real")).iter().step_by(4) {
        let bytes = crate::bytes(case, "robots_b64");
        if let Some(decision) = case["decisions"].get(0).filter(|_| bytes.is_ascii()) {
            let text = |at: usize| decision[at].as_str().unwrap_or_default().to_owned();
            let path = text(1).splitn(4, '/').nth(3).map(|rest| format!("/{rest}")).unwrap_or_default();
            cases.push(Case { bytes, agent: text(0), url: text(1), path });
        }
    }
    let amount = cases.len() as f64;
    println!("robots.txt, on {amount} real files, parse and match:");
    let cases = &cases;
    let runners: Vec<crate::Runner<'_>> = vec![
        ("naba-frontier", each(cases, |case| Robots::parse(&case.bytes).decide(&case.agent, &case.path).allowed)),
        (
            "robotxt",
            each(cases, |case| robotxt::Robots::parse(&case.bytes, case.agent.as_str()).is_allowed(&case.path)),
        ),
        (
            "texting_robots",
            each(cases, |case| {
                texting_robots::Robot::new(&case.agent, &case.bytes).is_ok_and(|robot| robot.allowed(&case.url))
            }),
        ),
        (
            "robotstxt",
            each(cases, |case| {
                let text = std::str::from_utf8(&case.bytes).unwrap_or_default();
                robotstxt::DefaultMatcher::default().one_agent_allowed_by_robots(text, &case.agent, &case.url)
            }),
        ),
    ];
    crate::print(&crate::race(&runners), "files/s", amount);
}

fn each<'a>(cases: &'a [Case], decide: impl Fn(&Case) -> bool + 'a) -> Box<dyn Fn() + 'a> {
    Box::new(move || {
        for case in cases {
            black_box(decide(case));
        }
    })
}
