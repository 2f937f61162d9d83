//! Standard output: one JSON object a line, for pipes and for people.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use naba_model::Millis;
use naba_proto::prost::Message;
use naba_proto::v1::EnrichedArticle;
use naba_stage::log::TopicPartition;
use naba_stage::{Batch, Sink, StageError, Verdict};

use super::Op;
use crate::error::{EMBARGOED, SinkError, UNSTORABLE};
use crate::judge::Plan;

/// Writes every version as a line of protobuf JSON, and a withdrawal as `{"articleId":…,"withdrawn":true}`.
///
/// There are no transactions on a pipe: after a crash some lines come again, and a reader keeps the greatest
/// (version, derivation) of an article. What is under embargo is skipped, because a line cannot be hidden until later.
#[derive(Debug)]
pub struct JsonLines<W> {
    writer: Arc<Mutex<W>>,
    clock: fn() -> Millis,
}

/// Returns the sink on standard output.
pub fn stdout() -> JsonLines<io::Stdout> {
    JsonLines::new(io::stdout(), crate::now)
}

impl<W: Write + Send + 'static> JsonLines<W> {
    /// Writes to any writer; `clock` decides what is still under embargo.
    pub fn new(writer: W, clock: fn() -> Millis) -> Self {
        Self { writer: Arc::new(Mutex::new(writer)), clock }
    }

    fn lines(&self, plan: &mut Plan) -> Vec<u8> {
        let now = (self.clock)();
        let mut lines = Vec::new();
        for (index, op) in std::mem::take(&mut plan.ops) {
            let line = match op {
                Op::Put(row) if row.is_held() => continue,
                Op::Put(row) if row.embargoed_until.is_some_and(|until| until > now) => {
                    plan.amend(index, Verdict::Skipped(EMBARGOED));
                    continue;
                }
                Op::Put(row) => match line(&row.message) {
                    Ok(line) => line,
                    Err(message) => {
                        plan.amend(index, Verdict::Poison { code: UNSTORABLE, message });
                        continue;
                    }
                },
                Op::Withdraw(id) => serde_json::json!({ "articleId": id.as_str(), "withdrawn": true }).to_string(),
            };
            lines.extend_from_slice(line.as_bytes());
            lines.push(b'\n');
        }
        lines
    }
}

fn line(message: &[u8]) -> Result<String, String> {
    let message = EnrichedArticle::decode(message).map_err(|e| e.to_string())?;
    let json = naba_proto::to_json(&message).map_err(|e| e.to_string())?;
    Ok(json.to_string())
}

impl<W: Write + Send + 'static> Sink for JsonLines<W> {
    async fn claim(&self, partitions: &[TopicPartition]) -> Result<Vec<Option<u64>>, StageError> {
        Ok(vec![None; partitions.len()])
    }

    async fn write(&self, batch: &Batch) -> Result<Vec<Verdict>, StageError> {
        let mut plan = Plan::of(&batch.records);
        let lines = self.lines(&mut plan);
        let writer = self.writer.clone();
        // A pipe blocks while its reader is slow: never on an async thread.
        let written = tokio::task::spawn_blocking(move || {
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.write_all(&lines)?;
            writer.flush()
        });
        match written.await {
            Ok(Ok(())) => Ok(plan.verdicts),
            Ok(Err(error)) => Err(failed(&error).into()),
            Err(error) => Err(StageError::fatal(error)),
        }
    }
}

fn failed(error: &io::Error) -> SinkError {
    let store = "standard output".to_owned();
    match error.kind() {
        io::ErrorKind::StorageFull => SinkError::NoSpace { store, reason: error.to_string() },
        _ => SinkError::Broken { store, reason: error.to_string() },
    }
}
