//! What a feed says about itself.

use naba_model::{Millis, NormalUrl};

use super::entry::{add, identity, unnamed_person};
use crate::construct::{Construct, label, language, person};
use crate::limits::{MAX_LABEL_BYTES, MAX_LABELS, MAX_SUMMARY_BYTES, cut};
use crate::link::resolve;
use crate::listing::{Hints, Listing, ListingKind, Notes};
use crate::ranked::Ranked;
use crate::when::instant;
use crate::xml::{Element, Ns, Scope};

#[derive(Default)]
pub(super) struct Channel {
    is_atom: bool,
    title: Ranked<String>,
    description: Ranked<String>,
    guid: Option<String>,
    categories: Vec<String>,
    language: Ranked<String>,
    home_url: Ranked<NormalUrl>,
    self_url: Option<NormalUrl>,
    next_url: Option<NormalUrl>,
    hubs: Vec<NormalUrl>,
    authors: Vec<String>,
    /// Counts when there is no author.
    webmaster: Option<String>,
    updated_at: Ranked<Millis>,
    hints: Hints,
    period_seconds: Option<u64>,
    frequency: Option<u64>,
}

impl Channel {
    pub(super) fn new(is_atom: bool) -> Self {
        Self { is_atom, ..Self::default() }
    }

    /// Takes what the elements around an entry say.
    pub(super) fn inherit(&mut self, scope: &Scope) {
        self.language.offer(1, || scope.language.as_deref().and_then(language));
    }

    pub(super) fn field(&mut self, field: &Element, outer: &Scope, notes: &mut Notes) {
        self.inherit(outer);
        let scope = outer.enter(field);
        let plain = |is_atom| Construct::of(field, is_atom, &scope).plain();
        match (field.ns, field.name.as_ref()) {
            (Ns::Core | Ns::Atom, "title") => self.title.offer(0, || plain(self.is_atom)),
            (Ns::Dc, "title") => self.title.offer(1, || plain(false)),
            (Ns::Core | Ns::Atom, "description" | "subtitle" | "tagline" | "abstract") => {
                self.description.offer(0, || plain(self.is_atom))
            }
            (Ns::Dc, "description") | (Ns::Itunes, "summary") => self.description.offer(1, || plain(false)),
            (Ns::Itunes, "subtitle") => self.description.offer(2, || plain(false)),
            (Ns::Core | Ns::Atom, "id" | "guid") => {
                self.guid = self.guid.take().or_else(|| label(&identity(field.text().trim(), field, &scope)))
            }
            (Ns::Core | Ns::Atom | Ns::Itunes | Ns::Media, "category") | (Ns::Dc, "subject") => self.category(field),
            (Ns::Itunes | Ns::Media, "keywords") => {
                field.text().split([',', '،']).for_each(|keyword| add(&mut self.categories, label(keyword)));
            }
            (Ns::Core | Ns::Atom, "link") => self.link(field, &scope, notes),
            (Ns::Core | Ns::Dc, "language") => self.language.offer(0, || language(&field.text())),
            (Ns::Core | Ns::Atom, "author" | "managingeditor") | (Ns::Dc, "creator" | "author") => self.author(field),
            (Ns::Core, "webmaster") => self.webmaster = person(&field.text()),
            (Ns::Core, "channel") => self.attributes(field, &scope, notes),
            (Ns::Core | Ns::Atom, "updated" | "lastbuilddate" | "modified") => {
                self.updated_at.offer(0, || instant(&field.text(), notes));
            }
            (Ns::Core, "pubdate") | (Ns::Dc, "date") | (Ns::DcTerms, "modified") => {
                self.updated_at.offer(1, || instant(&field.text(), notes))
            }
            (Ns::Core, "ttl") => self.hints.ttl_minutes = number(&field.text()),
            (Ns::Core, "skiphours") => self.skip_hours(field),
            (Ns::Core, "skipdays") => self.skip_days(field),
            (Ns::Sy, "updateperiod") => self.period_seconds = period(&field.text()),
            (Ns::Sy, "updatefrequency") => self.frequency = number(&field.text()),
            _ => {}
        }
    }

    fn link(&mut self, link: &Element, scope: &Scope, notes: &mut Notes) {
        let Some(href) = link.filled("href") else {
            self.home_url.offer(0, || resolve(&link.text(), scope, notes));
            return;
        };
        match link.filled("rel").unwrap_or("alternate").to_ascii_lowercase().as_str() {
            "alternate" => {
                let is_page = link.filled("type").is_none_or(|kind| kind.to_ascii_lowercase().contains("html"));
                self.home_url.offer(if is_page { 1 } else { 2 }, || resolve(href, scope, notes));
            }
            "self" => self.self_url = self.self_url.take().or_else(|| resolve(href, scope, notes)),
            "next" => self.next_url = self.next_url.take().or_else(|| resolve(href, scope, notes)),
            "hub" if self.hubs.len() < MAX_LABELS => self.hubs.extend(resolve(href, scope, notes)),
            _ => {}
        }
    }

    /// Takes what the Channel Definition Format writes as attributes.
    fn attributes(&mut self, channel: &Element, scope: &Scope, notes: &mut Notes) {
        self.home_url.offer(1, || channel.filled("href").and_then(|href| resolve(href, scope, notes)));
        self.updated_at.offer(1, || channel.filled("lastmod").and_then(|written| instant(written, notes)));
    }

    fn category(&mut self, field: &Element) {
        let stated = ["label", "term", "text"].iter().find_map(|name| field.filled(name));
        add(&mut self.categories, stated.map_or_else(|| label(&field.text()), label));
    }

    fn author(&mut self, field: &Element) {
        let name = match field.child("name") {
            Some(name) => person(&name.text()),
            None => unnamed_person(field),
        };
        add(&mut self.authors, name);
    }

    fn skip_hours(&mut self, field: &Element) {
        for hour in field.elements().filter(|hour| hour.name == "hour") {
            // RSS 0.91 counts 1 to 24, RSS 2.0 counts 0 to 23.
            let hour = number::<u8>(&hour.text()).filter(|hour| *hour <= 24).map(|hour| hour % 24);
            self.hints.skip_hours.extend(hour.filter(|hour| !self.hints.skip_hours.contains(hour)));
        }
    }

    fn skip_days(&mut self, field: &Element) {
        const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        for day in field.elements().filter(|day| day.name == "day") {
            let written = day.text().trim().to_ascii_lowercase();
            let day = DAYS.iter().zip(1u8..).find(|(name, _)| written.starts_with(*name)).map(|(_, number)| number);
            self.hints.skip_days.extend(day.filter(|day| !self.hints.skip_days.contains(day)));
        }
    }

    pub(super) fn into_listing(mut self, kind: ListingKind) -> Listing {
        if self.authors.is_empty() {
            self.authors.extend(self.webmaster.take());
        }
        let frequency = self.frequency.unwrap_or(1).max(1);
        self.hints.update_every_seconds = self.period_seconds.map(|seconds| (seconds / frequency).max(1));
        Listing {
            title: self.title.take().map(|title| cut(title, MAX_LABEL_BYTES)),
            description: self.description.take().map(|text| cut(text, MAX_SUMMARY_BYTES)),
            guid: self.guid,
            categories: self.categories,
            language: self.language.take(),
            home_url: self.home_url.take(),
            self_url: self.self_url,
            next_url: self.next_url,
            hubs: self.hubs,
            authors: self.authors,
            updated_at: self.updated_at.take(),
            hints: self.hints,
            ..Listing::new(kind)
        }
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}

/// RSS syndication module: `hourly` to `yearly`.
fn period(text: &str) -> Option<u64> {
    const HOUR: u64 = 3_600;
    match text.trim().to_ascii_lowercase().as_str() {
        "hourly" => Some(HOUR),
        "daily" => Some(24 * HOUR),
        "weekly" => Some(7 * 24 * HOUR),
        "monthly" => Some(30 * 24 * HOUR),
        "yearly" => Some(365 * 24 * HOUR),
        _ => None,
    }
}
