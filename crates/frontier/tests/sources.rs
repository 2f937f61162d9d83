//! How sources stand, and when they move.

#![allow(clippy::unwrap_used)] // clippy knows test functions, not the virtual web around them

mod web;

use naba_frontier::Hub;
use web::*;

fn redirect(status: u32, location: &str) -> Answer {
    Answer::Redirect { status, location: location.to_owned() }
}

#[test]
fn a_source_moves_when_permanent_redirects_hold_for_two_days() {
    let mut web = Web::new(once_only());
    web.serve("https://old.example/feed", |_, _| redirect(301, "https://new.example/feed"));
    web.serve("https://new.example/feed", |_, _| body("news"));
    web.watch("https://old.example/feed");
    web.run_until(2 * DAY - HOUR);
    assert!(web.moved.is_empty());
    web.run_until(4 * DAY);
    let (at, source) = &web.moved[0];
    assert!(*at >= 2 * DAY && web.moved.len() == 1);
    assert_eq!(
        (source.url.as_str(), source.listed_url.as_str(), source.source_id.as_str()),
        ("https://new.example/feed", "https://old.example/feed", "https://old.example/feed")
    );
    let asked = web.times_of("https://old.example/feed").into_iter().filter(|asked| asked > at).count();
    assert_eq!(asked, 0, "the old address is left alone");
}

#[test]
fn a_source_stays_where_it_is_when_redirects_pass_or_lead_many_to_one_place() {
    let mut web = Web::new(once_only());
    web.serve("https://a.example/feed", |now, _| match now {
        0..DAY => redirect(301, "https://a.example/maintenance"),
        _ => body("back"),
    });
    web.serve("https://b.example/feed", |_, _| redirect(302, "https://b.example/other"));
    for feed in ["https://c.example/1", "https://c.example/2"] {
        web.serve(feed, |_, _| redirect(301, "https://c.example/all"));
        web.watch(feed);
    }
    for answers in ["https://a.example/maintenance", "https://b.example/other", "https://c.example/all"] {
        web.serve(answers, |_, _| body("news"));
    }
    web.watch("https://a.example/feed");
    web.watch("https://b.example/feed");
    web.run_until(6 * DAY);
    assert!(web.moved.is_empty(), "{:?}", web.moved);
}

#[test]
fn a_redirect_of_a_source_to_another_domain_waits_for_that_domain() {
    let mut web = Web::new(once_only());
    web.serve("https://a.example/feed", |_, _| redirect(302, "https://b.example/1"));
    web.serve("https://b.example/1", |_, _| body("news"));
    web.serve("https://b.example/2", |_, _| body("news"));
    web.watch("https://a.example/feed");
    web.watch("https://b.example/2");
    web.run_until(HOUR);
    let mut times: Vec<Millis> =
        web.log.iter().filter(|(_, url)| url.contains("//b.example/")).map(|(at, _)| *at).collect();
    times.sort_unstable();
    assert!(times.len() > 4);
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 2 * SECOND), "{times:?}");
}

#[test]
fn how_a_source_stands_is_told_by_its_polls() {
    let mut web = Web::new(once_only());
    web.serve("https://a.example/f", |now, _| body(&(now / HOUR).to_string()));
    web.serve("https://b.example/f", |now, _| if now < DAY { status(404) } else { body("late") });
    web.serve("https://c.example/f", |_, _| status(410));
    for feed in ["https://a.example/f", "https://b.example/f", "https://c.example/f"] {
        web.watch(feed);
    }
    let standings = |web: &Web| -> Vec<(&'static str, usize)> {
        let counts = Standing::ALL.into_iter().zip(web.frontier.standings(web.now));
        counts.filter(|(_, count)| *count > 0).map(|(standing, count)| (standing.word(), count)).collect()
    };
    assert_eq!(standings(&web), [("new", 3)]);
    web.run_until(HOUR);
    assert_eq!(standings(&web), [("active", 1), ("failing", 1), ("gone", 1)]);
    web.run_until(6 * DAY);
    assert_eq!(standings(&web), [("active", 1), ("silent", 1), ("gone", 1)]);
    let state = &web.sources["https://b.example/f"];
    assert_eq!((state.outcome.as_str(), state.failures), ("unchanged", 0));
    assert!(state.polls.iter().any(|poll| poll.outcome == "gone" && poll.count > 3), "{:?}", state.polls);
}

#[test]
fn an_endless_calendar_is_not_fetched() {
    let mut web = Web::new(once_only());
    assert!(web.list(entry("https://a.example/calendar/story")));
    assert!(!web.list(entry("https://a.example/calendar/2199/05/")));
}

fn with_hub(now: Millis) -> Answer {
    let hub = Some(Hub { url: "https://hub.example/".into(), topic: "https://a.example/feed".into() });
    let names = [format!("https://a.example/{now}"), "https://a.example/old".to_owned()];
    let window = Window::of(names.iter().map(String::as_str));
    Answer::Body {
        sha256: now.to_string(),
        etag: String::new(),
        last_modified: String::new(),
        listing: Listing { hub, window, ..Listing::default() },
    }
}

#[test]
fn a_source_that_is_pushed_is_polled_less_until_its_hub_falls_silent() {
    let feed = "https://a.example/feed";
    let mut web = Web::new(Settings { renew_subscriptions: Duration::from_secs(86_400), ..once_only() });
    web.serve(feed, |now, _| with_hub(now / HOUR));
    web.serve("https://hub.example/", |_, _| body(""));
    web.watch(feed);
    web.run_until(6 * HOUR);
    let alone = web.times_of(feed).len();
    assert_eq!(web.times_of("https://hub.example/").len(), 1, "asked once a day");

    for minutes in 0..(6 * 60) {
        web.frontier.pushed(web.now, feed);
        web.run_until(6 * HOUR + (minutes + 1) * MINUTE);
    }
    let pushed = web.times_of(feed).len() - alone;
    assert!(pushed * 2 < alone && pushed > 0, "{pushed} polls beside pushes, {alone} without");

    web.run_until(36 * HOUR);
    let after = web.times_of(feed).len() - pushed - alone;
    assert!(after >= alone, "{after} polls once the hub is silent");
    assert!(web.times_of("https://hub.example/").len() >= 2, "and the hub is asked again");
}
