//! From a record to what it asks of a store, before any store is asked.

use naba_model::{ArticleId, Checked};
use naba_proto::prost::Message;
use naba_proto::v1::EnrichedArticle;
use naba_stage::log::Record;
use naba_stage::{SinkRecord, Verdict, codes};

use crate::error::{CANCELED, CONTRACT, UNSTORABLE, WITHHELD};
use crate::row::Row;
use crate::store::{Indexed, Op, Refused};

/// A batch before it is written: what to do, and what to say of each record when that is done.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) ops: Vec<Indexed>,
    pub(crate) verdicts: Vec<Verdict>,
}

impl Plan {
    /// Decodes and checks every record.
    pub(crate) fn of(records: &[SinkRecord]) -> Self {
        let mut plan = Self::default();
        for (index, record) in records.iter().enumerate() {
            let (op, verdict) = judge(record);
            plan.ops.extend(op.map(|op| (index, op)));
            plan.verdicts.push(verdict);
        }
        plan
    }

    /// Returns the verdicts, those of refused records turned into poison.
    pub(crate) fn verdicts(mut self, refused: Vec<Refused>) -> Vec<Verdict> {
        for (index, message) in refused {
            self.amend(index, Verdict::Poison { code: UNSTORABLE, message });
        }
        self.verdicts
    }

    /// Replaces the verdict of one record.
    pub(crate) fn amend(&mut self, index: usize, verdict: Verdict) {
        if let Some(old) = self.verdicts.get_mut(index) {
            *old = verdict;
        }
    }
}

/// Judges one record. A tombstone withdraws its article; a version that is held back is stored without its text, so that an
/// earlier version is no longer shown, and counted as skipped.
fn judge(record: &Record) -> (Option<Op>, Verdict) {
    let Some(value) = &record.value else { return withdraw(record) };
    let message = match EnrichedArticle::decode(value.clone()) {
        Ok(message) => message,
        Err(error) => return poison(codes::UNDECODABLE, error),
    };
    let message = match Checked::new(message) {
        Ok(message) => message,
        Err(error) => return poison(CONTRACT, error),
    };
    match Row::project(&message, value) {
        Ok(row) => {
            let verdict = match row.pub_status {
                "withheld" => Verdict::Skipped(WITHHELD),
                "canceled" => Verdict::Skipped(CANCELED),
                _ => Verdict::Stored,
            };
            (Some(Op::Put(Box::new(row))), verdict)
        }
        Err(error) => poison(UNSTORABLE, error),
    }
}

fn withdraw(record: &Record) -> (Option<Op>, Verdict) {
    let key = record.key.as_ref().and_then(|key| std::str::from_utf8(key).ok());
    match ArticleId::parse(key.unwrap_or_default()) {
        Ok(id) => (Some(Op::Withdraw(id)), Verdict::Stored),
        Err(error) => poison(CONTRACT, format!("tombstone without an article_id as key: {error}")),
    }
}

fn poison(code: naba_stage::Code, message: impl ToString) -> (Option<Op>, Verdict) {
    (None, Verdict::Poison { code, message: message.to_string() })
}
