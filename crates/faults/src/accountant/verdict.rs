//! What the accountant says.

use std::collections::BTreeMap;
use std::fmt;

use naba_newsfarm::{AccountReport, Finding};
use serde_json::{Value, json};

use super::books::Books;

/// Something that must never happen, with how often it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conviction {
    /// Name, such as `lost`.
    pub charge: String,
    /// How often.
    pub count: u64,
    /// The first record that differs.
    pub first: String,
}

impl fmt::Display for Conviction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, the first: {}", self.charge, self.count, self.first)
    }
}

/// The figures of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Versions that must appear.
    pub expected: u64,
    /// Versions that must appear and did.
    pub appeared: u64,
    /// Versions that must appear and did not.
    pub lost: u64,
    /// Versions that appeared more than once in the committed view.
    pub repeated: u64,
    /// Records of all topics in the committed view.
    pub committed: u64,
    /// Records of aborted transactions, which only read-uncommitted consumers see.
    pub aborted: u64,
    /// Versions in the store.
    pub stored: u64,
    /// Records by stage, disposition and code.
    pub ends: BTreeMap<String, u64>,
}

/// What the accountant says of a run.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// What must never happen and did.
    pub convictions: Vec<Conviction>,
    /// The figures.
    pub figures: Figures,
}

impl Verdict {
    /// Tells whether nothing happened that must not.
    pub fn is_clean(&self) -> bool {
        self.convictions.is_empty()
    }

    /// Convicts of a charge when there is any finding.
    pub fn convict(&mut self, charge: &str, findings: impl IntoIterator<Item = String>) {
        let mut findings = findings.into_iter();
        let Some(first) = findings.next() else { return };
        let count = 1 + findings.count() as u64;
        self.convictions.push(Conviction { charge: charge.to_owned(), count, first });
    }

    pub(super) fn note_articles(&mut self, report: &AccountReport, repeats_allowed: bool) {
        let text = |finding: &Finding| format!("{} version {}: {}", finding.url, finding.version, finding.what);
        self.figures.expected = report.expected as u64;
        self.figures.appeared = report.expected_appeared as u64;
        self.figures.lost = report.missing.len() as u64;
        self.figures.repeated = report.duplicates.len() as u64;
        self.convict("lost", report.missing.iter().map(text));
        self.convict("unexpected", report.unexpected.iter().map(text));
        if !repeats_allowed {
            self.convict("repeated", report.duplicates.iter().map(text));
        }
    }

    pub(super) fn note_books(&mut self, stage: &str, role: &str, books: &Books, repeats_allowed: bool) {
        for ((disposition, code), count) in &books.ends {
            let name = disposition.as_str_name().trim_start_matches("DISPOSITION_").to_lowercase();
            let code = if code.is_empty() { String::new() } else { format!(" {code}") };
            self.figures.ends.insert(format!("{stage} {name}{code}"), *count as u64);
        }
        let at = |(partition, offset): &(u32, u64)| format!("{role} partition {partition} offset {offset}");
        self.convict(&format!("{stage}-record-without-disposition"), books.open.iter().map(at));
        self.convict(&format!("{stage}-disposition-of-no-record"), books.unknown.iter().map(at));
        if !repeats_allowed {
            self.convict(&format!("{stage}-record-with-two-dispositions"), books.twice.iter().map(at));
        }
    }

    /// Returns the verdict for machines.
    pub fn json(&self) -> Value {
        let figures = &self.figures;
        let convictions: Vec<Value> = self
            .convictions
            .iter()
            .map(|one| json!({ "charge": one.charge, "count": one.count, "first": one.first }))
            .collect();
        json!({
            "clean": self.is_clean(),
            "expected": figures.expected, "appeared": figures.appeared, "lost": figures.lost, "repeated": figures.repeated,
            "committed_records": figures.committed, "aborted_records": figures.aborted, "stored": figures.stored,
            "dispositions": figures.ends, "convictions": convictions,
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = &self.figures;
        writeln!(
            f,
            "{} of {} expected versions, {} lost, {} repeated; {} stored; {} records committed, {} aborted",
            figures.appeared,
            figures.expected,
            figures.lost,
            figures.repeated,
            figures.stored,
            figures.committed,
            figures.aborted
        )?;
        let ends: Vec<String> = figures.ends.iter().map(|(what, count)| format!("{what} {count}")).collect();
        write!(f, "dispositions: {}", ends.join(", "))?;
        for conviction in &self.convictions {
            write!(f, "\nCONVICTED of {conviction}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_without_findings_is_clean_and_one_with_any_names_the_first() {
        let mut verdict = Verdict::default();
        verdict.convict("lost", Vec::new());
        assert!(verdict.is_clean());
        verdict.convict("lost", ["a".to_owned(), "b".to_owned()]);
        assert!(!verdict.is_clean());
        assert!(verdict.to_string().contains("CONVICTED of lost: 2, the first: a"), "{verdict}");
        assert_eq!(verdict.json()["convictions"][0]["count"], 2);
    }
}
