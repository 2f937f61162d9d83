//! The virtual web: hosts of the measured skew, and feeds that publish at random.

use naba_frontier::{Answer, FetchRequest, Listing, Target, Window};
use naba_model::Millis;
use naba_proto::v1::{Source, SourceKind};

pub const HOUR: Millis = 3_600_000;

/// Share of all feeds on the ten largest hosts, measured over 11,799 addresses of real sources.
const SHARE_OF_TEN: f64 = 0.129;
/// Entries that a feed shows.
const WINDOW: u64 = 15;
/// Share of feeds and mean time between two of their articles.
const RATES: [(f64, Millis); 3] = [(0.1, HOUR / 3), (0.3, 4 * HOUR), (0.6, 72 * HOUR)];
/// Smallest number of feeds on a host in each class, but the first.
const CLASSES: [usize; 4] = [2, 10, 100, 1_000];

pub struct World {
    feeds: Vec<Feed>,
    /// Feeds of each host.
    hosts: Vec<u32>,
}

struct Feed {
    host: u32,
    mean: Millis,
    published: u64,
    next_at: Millis,
    seen: u64,
}

impl World {
    pub fn new(feeds: usize, hosts: usize) -> Self {
        let sizes = sizes(feeds, hosts);
        let mut all = Vec::with_capacity(feeds);
        'hosts: for (host, size) in sizes.iter().enumerate() {
            for _ in 0..*size {
                if all.len() >= feeds {
                    break 'hosts;
                }
                let draw = random(all.len() as u64, 1);
                let mut left = draw;
                let rate = RATES.iter().find(|(share, _)| {
                    left -= share;
                    left < 0.0
                });
                let mean = rate.map_or(RATES[2].1, |(_, mean)| *mean);
                let mut feed = Feed { host: host as u32, mean, published: 0, next_at: 0, seen: 0 };
                feed.next_at = feed.pause(all.len());
                all.push(feed);
            }
        }
        Self { feeds: all, hosts: sizes }
    }

    pub fn source(&self, feed: usize) -> Source {
        let host = self.feeds.get(feed).map_or(0, |feed| feed.host);
        Source {
            source_id: format!("{feed:032x}"),
            name: format!("Feed {feed}"),
            url: format!("https://www.host{host}.example{}/feeds/{feed}.xml", host % 977),
            kind: SourceKind::Feed.into(),
            enabled: true,
            ..Source::default()
        }
    }

    /// Returns the class of the host that a request goes to: by how many feeds it has.
    pub fn class_of(&self, request: &FetchRequest) -> Option<usize> {
        let Target::Source { source_id, .. } = &request.target else { return None };
        Some(self.class(self.feeds.get(number(source_id))?.host))
    }

    fn class(&self, host: u32) -> usize {
        let size = self.hosts.get(host as usize).copied().unwrap_or(1) as usize;
        CLASSES.iter().filter(|least| size >= **least).count()
    }

    /// Tells whether a feed is on a host that has time for all of its feeds.
    pub fn is_steady(&self, source_id: &str) -> bool {
        self.feeds.get(number(source_id)).is_some_and(|feed| self.class(feed.host) < 3)
    }

    /// Answers a poll, and tells how long each new article has waited.
    pub fn poll(&mut self, source_id: &str, now: Millis, mut found: impl FnMut(Millis)) -> Answer {
        let number = number(source_id);
        let Some(feed) = self.feeds.get_mut(number) else { return Answer::Status { status: 404, retry_after: None } };
        while feed.next_at <= now {
            found(now - feed.next_at);
            feed.published += 1;
            feed.next_at += feed.pause(number);
        }
        if feed.published == feed.seen && feed.seen > 0 {
            return Answer::NotModified { hint: None };
        }
        feed.seen = feed.published;
        let entries = feed.published..feed.published + WINDOW;
        let names: Vec<String> = entries.map(|entry| format!("https://a.example/{number}/{entry}")).collect();
        let listing = Listing { window: Window::of(names.iter().map(String::as_str)), ..Listing::default() };
        Answer::Body {
            sha256: format!("{:064x}", feed.published),
            etag: format!("\"{:032x}\"", feed.published),
            last_modified: String::new(),
            listing,
        }
    }
}

impl Feed {
    /// Returns the time to the next article: exponential, at least a second.
    fn pause(&self, number: usize) -> Millis {
        let draw = random(number as u64, self.published + 2).max(1e-12);
        ((-draw.ln() * self.mean as f64) as Millis).max(1_000)
    }
}

fn number(source_id: &str) -> usize {
    usize::from_str_radix(source_id.trim_start_matches('0'), 16).unwrap_or(0)
}

/// Returns how many feeds each host has: a power law whose ten largest have their measured share, and everybody at least one.
fn sizes(feeds: usize, hosts: usize) -> Vec<u32> {
    let law = |slope: f64| {
        let ten: f64 = (1..=10).map(|rank| f64::from(rank).powf(-slope)).sum();
        let scale = SHARE_OF_TEN * feeds as f64 / ten;
        move |rank: usize| (scale * (rank as f64).powf(-slope)).max(1.0)
    };
    let (mut flat, mut steep) = (0.3, 3.0);
    for _ in 0..40 {
        let slope = (flat + steep) / 2.0;
        let size = law(slope);
        let total: f64 = (1..=hosts).map(size).sum();
        if total > feeds as f64 { flat = slope } else { steep = slope }
    }
    (1..=hosts).map(law(steep)).map(|size| size.round() as u32).collect()
}

/// Returns a number in [0, 1) that only depends on its arguments (SplitMix64).
fn random(seed: u64, salt: u64) -> f64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(salt.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
