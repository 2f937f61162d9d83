//! What may be done with an article, as its page says.

use naba_proto::v1::{BlockRole, LicenceClass, PubStatus, RawDocument, Rights, RobotsDecision, TdmReservation};

use crate::cue::Cue;
use crate::layout::Layout;
use crate::page::Page;
use crate::page::attribute::Attr;

/// Reads the rights: evidence of the fetch, reservations of the page, paywall, licence, notice.
pub fn read(raw: &RawDocument, page: Option<&Page>, layout: &Layout) -> Rights {
    let licence = page.map(|p| p.ld.notice.clone()).unwrap_or_default();
    let line = layout.units.iter().rev().find(|u| {
        u.role == BlockRole::Boilerplate && (u.line.text.contains('©') || u.line.folded.starts_with("copyright"))
    });
    let notice = if licence.is_empty() { line.map(|u| u.line.text.clone()).unwrap_or_default() } else { licence };
    let tdm = raw.tdm.clone().or_else(|| reservation(page?));
    let licence_class = licence_class(raw, tdm.as_ref(), page, &notice);
    Rights {
        robots: raw.robots.clone(),
        tdm,
        ai_signals: raw.ai_signals.clone(),
        paywalled: is_paywalled(page, layout),
        licence_class: licence_class.into(),
        embargoed_until: None,
        pub_status: PubStatus::Usable.into(),
        notice,
    }
}

/// Structured data decides where it speaks; else a line that offers the rest to subscribers.
fn is_paywalled(page: Option<&Page>, layout: &Layout) -> bool {
    if let Some(free) = page.and_then(|p| p.ld.free) {
        return !free;
    }
    let metered = page
        .and_then(|p| p.meta.first(&["article:content_tier"]))
        .is_some_and(|(_, tier)| matches!(tier, "locked" | "metered"));
    metered || layout.units.iter().any(|u| u.role == BlockRole::Promo && Cue::Paywall.is_in(&u.line.folded))
}

/// The reservation that a page states itself (TDM Reservation Protocol §6.1), for documents that no fetcher has read.
fn reservation(page: &Page) -> Option<TdmReservation> {
    let (_, stated) = page.meta.first(&["tdm-reservation"])?;
    let policy = page.meta.first(&["tdm-policy"]).map_or("", |(_, policy)| policy);
    Some(TdmReservation { reserved: stated.trim() == "1", policy_url: policy.to_owned() })
}

/// Tells whether the page asks robots for one of these things.
fn asks(page: Option<&Page>, wishes: &[&str]) -> bool {
    let robots = page.into_iter().flat_map(|p| p.meta.all("robots"));
    robots.flat_map(|value| value.split(',')).any(|wish| wishes.contains(&wish.trim().to_ascii_lowercase().as_str()))
}

/// Reserved or refused: metadata only. An open licence: the whole text. Silence allows an extract.
fn licence_class(raw: &RawDocument, tdm: Option<&TdmReservation>, page: Option<&Page>, notice: &str) -> LicenceClass {
    let refused = raw.robots.as_ref().is_some_and(|r| r.decision() == RobotsDecision::Disallowed);
    let reserved = tdm.is_some_and(|t| t.reserved);
    if refused || reserved || asks(page, &["nosnippet", "max-snippet:0"]) {
        return LicenceClass::Metadata;
    }
    if asks(page, &["noarchive", "none"]) {
        return LicenceClass::Snippet;
    }
    let open = |text: &str| {
        text.contains("creativecommons.org/licenses/by/")
            || text.contains("creativecommons.org/licenses/by-sa/")
            || text.contains("creativecommons.org/publicdomain/")
    };
    let linked = page.is_some_and(|p| {
        let licences = p
            .dom
            .subtree(0)
            .filter(|id| p.dom.attr(*id, Attr::Rel).is_some_and(|r| r.split_whitespace().any(|r| r == "license")));
        licences.filter_map(|id| p.dom.attr(id, Attr::Href)).any(open)
    });
    if open(notice) || linked { LicenceClass::Fulltext } else { LicenceClass::Snippet }
}
