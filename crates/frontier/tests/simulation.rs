//! The frontier against a virtual web under a virtual clock.

#![allow(clippy::unwrap_used)] // clippy knows test functions, not the virtual web around them

mod web;

use web::*;

#[test]
fn every_page_of_every_feed_is_fetched_once_and_every_domain_gets_its_rest() {
    let settings = once_only();
    let delay = Millis::try_from(settings.delay.as_millis()).unwrap();
    let mut web = Web::new(settings);
    for site in 0..6 {
        // Two sites share a registrable domain, and so a queue.
        let host = format!("www{site}.site{}.example", site / 2);
        let feed = format!("https://{host}/feed");
        let pages: Vec<String> = (0..20).map(|n| format!("https://{host}/{n}")).collect();
        web.entries.insert(feed.clone(), pages.iter().map(|url| entry(url)).collect());
        web.serve(&feed, |_, _| body("listing"));
        for page in pages {
            let text = page.clone();
            web.serve(&page, move |_, _| body(&text));
        }
        web.watch(&feed);
    }
    web.run_until(HOUR);

    let mut published: Vec<&String> = web.published.iter().map(|(_, url)| url).collect();
    published.sort();
    published.dedup();
    assert_eq!((published.len(), web.published.len()), (120, 120));
    let mut last: HashMap<String, Millis> = HashMap::new();
    for (at, url) in &web.log {
        let domain = registrable_domain(NormalUrl::parse(url).unwrap().host());
        if let Some(before) = last.insert(domain.clone(), *at) {
            assert!(at - before >= delay, "{domain} was asked {} ms after the last time", at - before);
        }
    }
}

#[test]
fn the_first_request_after_taking_over_waits_one_delay() {
    let mut web = Web::new(once_only());
    web.watch("https://a.example/feed");
    web.run_until(HOUR);
    assert_eq!(web.log[0], (2 * SECOND, "https://a.example/robots.txt".to_owned()));
}

#[test]
fn polling_slows_down_without_news_and_hastens_with_it() {
    let mut web = Web::new(once_only());
    let feed = "https://a.example/feed";
    web.serve(feed, |now, _| body(if now < 24 * HOUR { "same".to_owned() } else { now.to_string() }.as_str()));
    web.watch(feed);
    web.run_until(48 * HOUR);
    let times = web.times_of(feed);
    let quiet = times.iter().filter(|at| **at < 24 * HOUR).count();
    let busy = times.len() - quiet;
    assert!(quiet < 12, "{quiet} polls in a day without news");
    assert!(busy > 200, "{busy} polls in a day with news on every poll");
}

#[test]
fn a_page_is_looked_at_again_at_the_planned_ages_and_published_when_it_changed() {
    let mut web = Web::new(Settings::default());
    let page = "https://a.example/1";
    web.serve(page, |now, _| body(if now < 30 * MINUTE { "first" } else { "edited" }));
    web.list(entry(page));
    web.run_until(72 * HOUR);
    let minutes: Vec<Millis> = web.times_of(page).iter().map(|at| at / MINUTE).collect();
    assert_eq!(minutes, [0, 15, 60, 240, 1440]);
    assert_eq!(web.published.iter().map(|(at, _)| at / MINUTE).collect::<Vec<_>>(), [0, 60]);
}

#[test]
fn a_newer_time_or_another_headline_in_the_listing_asks_for_another_look() {
    let mut web = Web::new(once_only());
    let page = "https://a.example/1";
    web.serve(page, |now, _| body(&(now / HOUR).to_string()));
    let listed = |updated: Millis, title: &str| {
        let mut listed = entry(page);
        let discovery = listed.discovery.get_or_insert_default();
        discovery.updated_at = Some(timestamp_of(updated));
        discovery.title = title.to_owned();
        listed
    };
    web.list(listed(1, "a"));
    for (at, updated, title) in [(1, 1, "a"), (2, 2, "a"), (3, 2, "b"), (4, 2, "b")] {
        web.run_until(at * HOUR);
        web.list(listed(updated, title));
    }
    web.run_until(10 * HOUR);
    let hours: Vec<Millis> = web.times_of(page).iter().map(|at| at / HOUR).collect();
    assert_eq!(hours, [0, 2, 3], "the entry at hour 1 and at hour 4 said nothing new");
}

#[test]
fn a_listing_that_calls_a_page_new_on_every_poll_does_not_flood_it() {
    let mut web = Web::new(once_only());
    let page = "https://a.example/1";
    web.serve(page, |_, _| body("same"));
    for minute in 0..600 {
        web.run_until(minute * MINUTE);
        let mut listed = entry(page);
        listed.discovery.get_or_insert_default().updated_at = Some(timestamp_of(web.now + 1));
        web.list(listed);
    }
    let fetches = web.times_of(page).len();
    assert!(fetches <= 120 + 1, "{fetches} fetches in ten hours, more than one in five minutes");
    assert_eq!(web.published.len(), 1);
}

#[test]
fn a_failing_page_is_tried_with_growing_waits_then_dead_lettered_with_its_entry() {
    let mut web = Web::new(once_only());
    let page = "https://a.example/1";
    web.serve(page, |_, _| status(500));
    web.list(entry(page));
    web.run_until(72 * HOUR);
    let times = web.times_of(page);
    assert_eq!(times.len(), 6);
    let waits: Vec<Millis> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.windows(2).all(|pair| pair[1] > pair[0] / 2 && pair[1] > 10 * SECOND), "{waits:?}");
    let [(_, Ending::DeadLettered { code, entry: dead, .. })] = web.ends.as_slice() else {
        panic!("{:?}", web.ends);
    };
    assert_eq!((*code, dead.url.as_str()), ("server_error", page));
    assert_eq!(web.state_of(page).status(), SeenStatus::DeadLettered);
}

#[test]
fn a_page_that_recovers_in_time_is_published() {
    let mut web = Web::new(once_only());
    let page = "https://a.example/1";
    web.serve(page, |_, count| if count < 4 { status(502) } else { body("late") });
    web.list(entry(page));
    web.run_until(HOUR);
    assert_eq!(web.published.len(), 1);
    assert_eq!(web.state_of(page).attempts, 4);
}

#[test]
fn retry_after_holds_back_the_whole_domain() {
    let mut web = Web::new(once_only());
    web.serve("https://a.example/1", |_, count| match count {
        1 => Answer::Status { status: 429, retry_after: Some(Duration::from_secs(600)) },
        _ => body("1"),
    });
    web.serve("https://sub.a.example/2", |_, _| body("2"));
    web.list(entry("https://a.example/1"));
    web.run_until(30 * SECOND);
    web.list(entry("https://sub.a.example/2"));
    web.run_until(HOUR);
    let refused_at = web.times_of("https://a.example/1")[0];
    let after = web.log.iter().filter(|(at, _)| *at > refused_at).map(|(at, _)| at - refused_at).min().unwrap();
    assert!(after >= 10 * MINUTE, "the domain was asked again after {after} ms");
    assert_eq!(web.published.len(), 2);
}

#[test]
fn a_silent_host_is_asked_ever_more_seldom_and_served_again_when_it_is_back() {
    let mut web = Web::new(Settings { max_attempts: 100, ..once_only() });
    let silent = |now: Millis| now < 6 * HOUR;
    let timeout = || Answer::Failed { code: "timeout", message: String::new(), blame: Blame::Host };
    web.serve("https://a.example/robots.txt", move |_, _| status(404));
    for n in 0..50 {
        let page = format!("https://a.example/{n}");
        web.serve(&page, move |now, _| if silent(now) { timeout() } else { body(&n.to_string()) });
        web.list(entry(&page));
    }
    web.run_until(6 * HOUR);
    let asked = web.log.iter().filter(|(_, url)| !url.ends_with(".txt")).count();
    assert!(asked < 25, "{asked} requests for pages of a host that was silent for six hours");
    web.run_until(12 * HOUR);
    assert_eq!(web.published.len(), 50);
}

#[test]
fn a_host_that_refuses_every_address_gets_a_rest_and_its_pages_another_try() {
    let mut web = Web::new(once_only());
    for n in 0..50 {
        let page = format!("https://a.example/{n}");
        web.serve(&page, move |now, _| if now < 2 * HOUR { status(403) } else { body(&n.to_string()) });
        web.list(entry(&page));
    }
    web.run_until(2 * HOUR);
    assert!(web.log.len() < 30, "{} requests to a host that refused all for two hours", web.log.len());
    web.run_until(24 * HOUR);
    assert_eq!(web.published.len(), 48, "only the first two were taken for refusals of single pages");
}

#[test]
fn single_pages_that_are_refused_do_not_slow_their_host() {
    let mut web = Web::new(once_only());
    for n in 0..40 {
        let page = format!("https://a.example/{n}");
        web.run_until(n * 4 * SECOND);
        web.serve(&page, move |_, _| if n % 2 == 0 { status(403) } else { body(&n.to_string()) });
        web.list(entry(&page));
    }
    web.run_until(5 * MINUTE);
    assert_eq!(web.ends.len(), 40);
}

#[test]
fn a_dead_feed_is_visited_once_a_month_and_polled_again_when_it_is_back() {
    let mut web = Web::new(once_only());
    let feed = "https://a.example/feed";
    web.serve(feed, |now, _| if now < 200 * DAY { status(404) } else { body("back") });
    web.watch(feed);
    web.run_until(200 * DAY);
    let times = web.times_of(feed);
    let rests: Vec<Millis> = times.windows(2).map(|pair| (pair[1] - pair[0]) / DAY).skip(29).collect();
    assert!((4..8).contains(&rests.len()) && rests.iter().all(|days| (26..=33).contains(days)), "{rests:?}");
    web.run_until(240 * DAY);
    assert!(web.times_of(feed).len() > times.len() + 5, "it is polled as before");
}

#[test]
fn a_feed_that_moves_past_what_was_seen_is_polled_faster_than_it_wishes() {
    let wish = Some(Duration::from_secs(3600));
    let mut web = Web::new(once_only());
    let (lossy, steady) = ("https://lossy.example/feed", "https://steady.example/feed");
    web.serve(lossy, move |now, _| naming(now, now / MINUTE..now / MINUTE + 10, wish));
    web.serve(steady, move |now, _| naming(now, now / HOUR..now / HOUR + 10, wish));
    web.watch(lossy);
    web.watch(steady);
    web.run_until(24 * HOUR);
    assert!(web.gaps.iter().all(|feed| feed == lossy) && !web.gaps.is_empty(), "{:?}", web.gaps);
    let (lossy, steady) = (web.times_of(lossy).len(), web.times_of(steady).len());
    assert!(steady <= 25 && lossy > steady + 10, "{lossy} polls of the lossy feed, {steady} of the other");
}

#[test]
fn a_body_that_changes_without_a_new_entry_is_no_news() {
    let mut web = Web::new(once_only());
    let feed = "https://a.example/feed";
    web.serve(feed, |now, _| naming(now, 0..10, None));
    web.watch(feed);
    web.run_until(24 * HOUR);
    let polls = web.times_of(feed).len();
    assert!(polls < 12, "{polls} polls in a day of a feed that only changes its build date");
}

#[test]
fn a_feed_that_names_ever_new_entries_is_held_to_its_daily_measure() {
    let mut web = Web::new(Settings { max_new_a_day: 250, ..once_only() });
    let feed = "https://a.example/feed";
    web.serve(feed, |now, count| naming(now, Millis::from(count) * 100..Millis::from(count) * 100 + 100, None));
    web.watch(feed);
    web.run_until(24 * HOUR);
    let passed: Vec<usize> = web.passed.iter().map(|(_, at_most)| (*at_most).min(100)).collect();
    let whole: usize = passed.iter().sum();
    assert!((300..=350).contains(&whole), "the first look of 100 and the day's measure of 250, not {whole}");
    assert!(web.times_of(feed).len() < 40, "what names nothing that may pass is polled seldom");
    web.run_until(72 * HOUR);
    assert!(web.passed.iter().skip(passed.len()).any(|(_, at_most)| *at_most > 0), "the next day has its own");
}

#[test]
fn a_burst_beyond_the_daily_measure_is_caught_up_with() {
    let mut web = Web::new(Settings { max_new_a_day: 50, ..once_only() });
    let feed = "https://a.example/feed";
    let named = |now: Millis| if now < HOUR { 0..20 } else { 0..120 };
    web.serve(feed, move |now, _| naming(now, named(now), None));
    web.watch(feed);
    web.run_until(24 * HOUR);
    assert!(web.sources[feed].etag.is_empty(), "nothing may answer \"not modified\" before all was taken");
    web.run_until(96 * HOUR);
    assert!(web.passed.iter().any(|(_, at_most)| *at_most == 50), "the first half passed alone");
    assert!(!web.sources[feed].etag.is_empty(), "nothing is owed after the second day");
}

#[test]
fn robots_rules_are_kept_and_the_feeds_own_content_stands_in() {
    let mut web = Web::new(once_only());
    web.serve("https://a.example/robots.txt", |_, _| robots("User-agent: *\nDisallow: /closed/\nCrawl-delay: 10\n"));
    for url in
        ["https://a.example/closed/1", "https://a.example/closed/2", "https://a.example/3", "https://a.example/4"]
    {
        web.serve(url, |_, _| body("text"));
        let mut listed = entry(url);
        if url.ends_with('1') {
            listed.discovery.get_or_insert_default().content_html = "<p>from the feed</p>".to_owned();
        }
        web.list(listed);
    }
    web.run_until(HOUR);
    assert_eq!(web.feed_only, ["https://a.example/closed/1"]);
    assert!(web.log.iter().all(|(_, url)| !url.contains("closed")));
    assert_eq!(web.state_of("https://a.example/closed/2").reason, "robots_disallowed");
    let open = [web.times_of("https://a.example/3")[0], web.times_of("https://a.example/4")[0]];
    assert!(open[0].abs_diff(open[1]) >= 10_000, "the crawl delay of 10 s is kept: {open:?}");
}

#[test]
fn a_changed_robots_txt_takes_effect_within_fifteen_minutes_where_pages_are_fetched() {
    let mut web = Web::new(once_only());
    web.serve("https://a.example/robots.txt", |now, _| {
        robots(if now < HOUR { "" } else { "User-agent: *\nDisallow: /\n" })
    });
    for minute in 0..120 {
        let page = format!("https://a.example/{minute}");
        web.serve(&page, move |_, _| body(&minute.to_string()));
        web.run_until(minute * MINUTE);
        web.list(entry(&page));
    }
    web.run_until(3 * HOUR);
    let last = web.published.iter().map(|(at, _)| *at).max().unwrap();
    assert!((HOUR - MINUTE..=HOUR + 15 * MINUTE).contains(&last), "the last page is of minute {}", last / MINUTE);
    let asked = web.times_of("https://a.example/robots.txt").len();
    assert!(asked <= 13, "{asked} requests for the robots.txt in three hours");
}

#[test]
fn an_unchanged_robots_txt_answers_304_and_holds_on() {
    let mut frontier = Frontier::new(once_only(), 0);
    let mut asked = Vec::new();
    let mut now = 10 * SECOND;
    for n in 0..2 {
        frontier.accept(now, entry(&format!("https://a.example/{n}")), None, false).unwrap();
        while let Some(request) = frontier.due(now, 1, 1).pop() {
            let answer = match &request.target {
                Target::Robots { .. } if request.etag.is_empty() => Answer::RobotsFile {
                    bytes: b"User-agent: *\nDisallow: /\n".to_vec(),
                    sha256: "f".into(),
                    etag: "v1".into(),
                    last_modified: String::new(),
                },
                Target::Robots { .. } => Answer::NotModified { hint: None },
                _ => forbidden(&request),
            };
            asked.push(format!("{} {}", request.url, request.etag));
            frontier.observe(now, &request, answer);
            now += 10 * SECOND;
        }
        now += HOUR;
    }
    let file = "https://a.example/robots.txt";
    assert_eq!(
        asked,
        [format!("{file} "), "https://a.example/0 ".into(), format!("{file} v1"), "https://a.example/1 ".into()]
    );
}

#[test]
fn an_unreachable_robots_txt_closes_the_site_until_it_answers() {
    let mut web = Web::new(once_only());
    web.serve("https://a.example/robots.txt", |now, _| if now < HOUR { status(503) } else { robots("") });
    web.serve("https://a.example/1", |_, _| body("text"));
    web.list(entry("https://a.example/1"));
    web.run_until(HOUR);
    assert!(web.published.is_empty() && web.ends.is_empty(), "neither fetched nor given up");
    web.run_until(4 * HOUR);
    assert_eq!(web.published.len(), 1);
}

#[test]
fn a_site_whose_robots_txt_never_answers_is_given_up_at_last() {
    let mut web = Web::new(once_only());
    web.serve("https://a.example/robots.txt", |_, _| status(500));
    web.list(entry("https://a.example/1"));
    web.run_until(8 * 24 * HOUR);
    assert_eq!(web.state_of("https://a.example/1").reason, "robots_unreachable");
    assert_eq!(web.ends.len(), 1);
}

#[test]
fn a_redirect_is_another_address_of_the_frontier_and_a_loop_ends() {
    let mut web = Web::new(once_only());
    let to = |url: &'static str| move |_, _| Answer::Redirect { status: 301, location: url.to_owned() };
    web.serve("http://a.example/1", to("https://b.example/2"));
    web.serve("https://b.example/2", |_, _| body("text"));
    web.serve("https://c.example/x", to("https://c.example/y"));
    web.serve("https://c.example/y", to("https://c.example/x"));
    web.list(entry("http://a.example/1"));
    web.list(entry("https://c.example/x"));
    web.run_until(HOUR);
    assert_eq!(web.published.iter().map(|(_, url)| url.as_str()).collect::<Vec<_>>(), ["https://b.example/2"]);
    let moved = web.state_of("https://b.example/2").entry.clone().unwrap();
    assert_eq!((moved.original_url.as_str(), moved.redirects.len()), ("http://a.example/1", 1));
    assert_eq!(web.times_of("https://c.example/x").len(), 1);
}

#[test]
fn a_source_that_is_gone_is_never_asked_again_and_one_that_fails_seldom() {
    let mut web = Web::new(once_only());
    web.serve("https://gone.example/feed", |_, _| status(410));
    web.serve("https://down.example/feed", |_, _| status(500));
    web.watch("https://gone.example/feed");
    web.watch("https://down.example/feed");
    web.run_until(48 * HOUR);
    assert_eq!(web.times_of("https://gone.example/feed").len(), 1);
    assert!(web.sources["https://gone.example/feed"].ended);
    let tries = web.times_of("https://down.example/feed").len();
    assert!((5..20).contains(&tries), "{tries} polls of a failing feed in two days");
}

#[test]
fn an_index_is_remembered_only_after_its_sitemaps_were_read() {
    let mut web = Web::new(once_only());
    let index = "https://a.example/sitemap.xml";
    let children = |n: usize| {
        let child = |i| (format!("https://a.example/{i}.xml"), Some(i as Millis));
        Listing { children: (0..n).map(child).collect(), ..Listing::default() }
    };
    web.serve(index, move |_, _| Answer::Body {
        sha256: "index".into(),
        etag: "v1".into(),
        last_modified: String::new(),
        listing: children(3),
    });
    for i in 0..3 {
        let child = format!("https://a.example/{i}.xml");
        let page = format!("https://a.example/page/{i}");
        web.serve(&child, move |_, _| body(&i.to_string()));
        web.serve(&page, |_, _| body("page"));
        web.entries.insert(child, vec![entry(&page)]);
    }
    let source = Source {
        source_id: index.into(),
        url: index.into(),
        kind: SourceKind::Sitemap.into(),
        enabled: true,
        ..Source::default()
    };
    web.frontier.add_source(0, source, None);
    while web.times_of("https://a.example/0.xml").is_empty() {
        assert!(web.sources.is_empty(), "the index counts as read before its last sitemap");
        web.run_until(web.now + SECOND);
    }
    web.run_until(24 * HOUR);
    assert_eq!(web.sources[index].etag, "v1");
    assert_eq!(web.published.len(), 3);
    assert_eq!(web.times_of("https://a.example/1.xml").len(), 1, "a sitemap with the same time is not read again");
}

#[test]
fn what_was_stored_goes_on_after_a_restart() {
    let mut web = Web::new(Settings::default());
    web.serve("https://a.example/1", |_, _| body("text"));
    web.serve("https://a.example/2", |_, _| status(500));
    web.list(entry("https://a.example/1"));
    web.list(entry("https://a.example/2"));
    web.run_until(5 * MINUTE);
    let before = web.state_of("https://a.example/2").attempts;
    assert!(before > 0);

    web.frontier = Frontier::new(Settings::default(), web.now);
    web.under_way.clear();
    for (hash, state) in web.seen.clone() {
        web.frontier.restore_page(&hash, state);
    }
    web.serve("https://a.example/2", |_, _| body("at last"));
    web.run_until(2 * HOUR);
    assert_eq!(web.published.len(), 2);
    assert!(web.state_of("https://a.example/2").attempts > before);
    assert!(!web.list(entry("https://a.example/1")), "a known address stays known");
}

#[test]
fn listings_find_room_while_a_thousand_pages_wait() {
    let mut web = Web::new(once_only());
    for n in 0..1000 {
        let page = format!("https://site{n}.example/1");
        web.serve(&page, |_, _| body("text"));
        web.list(entry(&page));
    }
    let feed = "https://news.example/feed";
    web.serve(feed, |_, _| body("listing"));
    web.watch(feed);
    web.run_until(10 * SECOND);
    let at = web.times_of(feed)[0];
    assert!(at <= 5 * SECOND, "the feed waited until {at} ms");
    web.run_until(HOUR);
    assert_eq!(web.published.len(), 1000);
}

#[test]
fn requests_of_a_removed_source_change_nothing() {
    let mut frontier = Frontier::new(once_only(), 0);
    let file = Source {
        source_id: "f".into(),
        url: "file:///news/".into(),
        kind: SourceKind::File.into(),
        enabled: true,
        ..Source::default()
    };
    frontier.add_source(0, file.clone(), None);
    let requests = frontier.due(0, 4, 4);
    assert_eq!(requests[0].target, Target::Source { source_id: "f".into(), child: None });
    frontier.remove_source("f");
    assert!(frontier.observe(1, &requests[0], body("x")).is_empty());
    assert_eq!(frontier.next_wake(4, 4), None);
}
