//! What may be done with an article, as its page says.

use naba_proto::v1::{BlockRole, LicenceClass, PubStatus, RawDocument, Rights, RobotsDecision};

use crate::cue::Cue;
use crate::layout::Layout;
use crate::page::Page;
use crate::page::attribute::Attr;

/// Reads the rights: evidence of the fetch, paywall, licence, notice.
pub fn read(raw: &RawDocument, page: Option<&Page>, layout: &Layout) -> Rights {
    let licence = page.map(|p| p.ld.notice.clone()).unwrap_or_default();
    let line = layout.units.iter().rev().find(|u| {
        u.role == BlockRole::Boilerplate && (u.line.text.contains('©') || u.line.folded.starts_with("copyright"))
    });
    let notice = if licence.is_empty() { line.map(|u| u.line.text.clone()).unwrap_or_default() } else { licence };
    Rights {
        robots: raw.robots.clone(),
        tdm: raw.tdm.clone(),
        ai_signals: raw.ai_signals.clone(),
        paywalled: is_paywalled(page, layout),
        licence_class: licence_class(raw, page, &notice).into(),
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

/// Reserved or refused: metadata only. An open licence: the whole text. Silence allows an extract.
fn licence_class(raw: &RawDocument, page: Option<&Page>, notice: &str) -> LicenceClass {
    let refused = raw.robots.as_ref().is_some_and(|r| r.decision() == RobotsDecision::Disallowed);
    if refused || raw.tdm.as_ref().is_some_and(|t| t.reserved) {
        return LicenceClass::Metadata;
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
