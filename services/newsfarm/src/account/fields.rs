//! Field by field: how right what appeared is.

use super::report::FieldScore;
use super::{Observed, plain};
use crate::template::StatedTime;
use crate::truth::TruthRecord;

/// Examples of wrong values that are kept for each field.
const EXAMPLES: usize = 3;

/// Scores of all fields, in the order in which they were first compared.
#[derive(Default)]
pub(super) struct Fields(Vec<FieldScore>);

/// Returns the first paragraph as printed, with its dateline; None without one.
pub(super) fn printed_first(record: &TruthRecord) -> Option<String> {
    let line = record.dateline.as_ref()?;
    record.body.first().map(|block| format!("{}{}", line.prefix, block.text))
}

impl Fields {
    pub(super) fn scores(self) -> Vec<FieldScore> {
        self.0
    }

    pub(super) fn compare(&mut self, record: &TruthRecord, one: &Observed) {
        self.text("headline", record, Some(&record.headline), Some(&one.headline));
        self.body(record, one);
        self.text("deck", record, Some(&record.deck), one.deck.as_deref());
        self.text("standfirst", record, Some(&record.standfirst), one.standfirst.as_deref());
        self.text("section", record, Some(&record.section), one.section.as_deref());
        if let Some(language) = &one.language {
            let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
            self.text("language", record, Some(&record.language), Some(&primary));
        }
        self.text("direction", record, Some(&record.direction), one.direction.as_deref().map(lower).as_deref());
        self.text("kind", record, Some(&record.kind), one.kind.as_deref().map(lower).as_deref());
        if let Some(authors) = &one.authors {
            self.text("authors", record, Some(&record.authors.join("; ")), Some(&authors.join("; ")));
        }
        if let Some(published) = one.published_ms {
            let step = match record.published_stated {
                StatedTime::Second => 1000,
                StatedTime::MinuteNoZone => 60_000,
            };
            let right = published.is_some_and(|ms| ms.div_euclid(step) == record.published_ms.div_euclid(step));
            self.add("published", record, right, || format!("{published:?} instead of {}", record.published_ms));
        }
        let place = record.dateline.as_ref().map_or("", |line| line.place.as_str());
        self.text("dateline", record, Some(place), one.dateline.as_deref());
        if let Some(paywall) = one.paywall {
            self.add("paywall", record, paywall == record.paywall, || format!("{paywall}"));
        }
        self.quotes(record, one);
    }

    fn body(&mut self, record: &TruthRecord, one: &Observed) {
        let body = plain(&one.body);
        let exact = plain(&record.body_text());
        // A pipeline that keeps the dateline in the paragraph has the body right; the field `dateline` tells the rest.
        let with_place = record.dateline.as_ref().map(|line| plain(&format!("{}{}", line.prefix, record.body_text())));
        let right = body == exact || Some(&body) == with_place.as_ref();
        self.add("body", record, right, || difference(&exact, &body));
        for block in &record.body {
            let found = body.contains(&plain(&block.text));
            self.add("body blocks", record, found, || format!("lacks {:?}", cut(&block.text)));
        }
    }

    fn quotes(&mut self, record: &TruthRecord, one: &Observed) {
        let Some(quotes) = &one.quotes else { return };
        for truth in &record.quotes {
            let same_text = |(text, _): &&(String, String)| plain(text) == plain(&truth.text);
            let same = |quote: &&(String, String)| same_text(quote) && plain(&quote.1) == plain(&truth.speaker);
            // Two people may use the same few words.
            let found = quotes.iter().find(same).or_else(|| quotes.iter().find(same_text));
            self.add("quotes found", record, found.is_some(), || format!("lacks {:?}", cut(&truth.text)));
            if let Some((_, speaker)) = found {
                let right = plain(speaker) == plain(&truth.speaker);
                self.add("quote speakers", record, right, || format!("{speaker:?} instead of {:?}", truth.speaker));
            }
        }
        for (text, _) in quotes {
            let real = record.quotes.iter().any(|truth| plain(&truth.text) == plain(text));
            self.add("quotes real", record, real, || format!("{:?} is none", cut(text)));
        }
    }

    fn text(&mut self, field: &'static str, record: &TruthRecord, truth: Option<&str>, one: Option<&str>) {
        if let (Some(truth), Some(one)) = (truth, one) {
            let (truth, one) = (plain(truth), plain(one));
            self.add(field, record, truth == one, || format!("{:?} instead of {:?}", cut(&one), cut(&truth)));
        }
    }

    fn add(&mut self, field: &'static str, record: &TruthRecord, right: bool, wrong: impl FnOnce() -> String) {
        let at = self.0.iter().position(|score| score.field == field).unwrap_or_else(|| {
            self.0.push(FieldScore { field, right: 0, compared: 0, examples: Vec::new() });
            self.0.len() - 1
        });
        let Some(score) = self.0.get_mut(at) else { return };
        score.compared += 1;
        if right {
            score.right += 1;
        } else if score.examples.len() < EXAMPLES {
            score.examples.push(format!("{} ({}): {}", record.canonical_url, record.template.name(), wrong()));
        }
    }
}

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Shows where two texts part.
fn difference(truth: &str, one: &str) -> String {
    let same = truth.chars().zip(one.chars()).take_while(|(a, b)| a == b).count();
    let tail = |text: &str| text.chars().skip(same.saturating_sub(10)).take(50).collect::<String>();
    format!("from character {same}: {:?} instead of {:?}", tail(one), tail(truth))
}
