//! Client settings, and why.

use std::collections::BTreeMap;

use naba_stage::Delivery;
use naba_stage::log::GroupConfig;
use rdkafka::config::ClientConfig;

/// Where the cluster is, and what to tell the client beyond our settings.
#[derive(Debug, Clone, Default)]
pub struct KafkaSettings {
    /// Comma-separated `host:port` list.
    pub bootstrap: String,
    /// Further librdkafka settings (security, for example), applied last.
    pub extra: BTreeMap<String, String>,
}

impl KafkaSettings {
    /// Makes the settings of a cluster without further ado.
    pub fn new(bootstrap: impl Into<String>) -> Self {
        Self { bootstrap: bootstrap.into(), extra: BTreeMap::new() }
    }

    /// Settings of every client.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("socket.keepalive.enable", "true")
            .set("enable.metrics.push", "false")
            .set("allow.auto.create.topics", "false")
            .set("reconnect.backoff.max.ms", "2000")
            .set("topic.metadata.refresh.interval.ms", "60000");
        self.last(config)
    }

    /// Applies the user's own settings, which win over ours.
    fn last(&self, mut config: ClientConfig) -> ClientConfig {
        for (name, value) in &self.extra {
            config.set(name, value);
        }
        config
    }

    /// Settings of readers of committed records.
    pub(crate) fn reader(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("isolation.level", "read_committed")
            // The client wants a name even where nothing is committed.
            .set("group.id", "naba-reader")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("check.crcs", "true")
            .set("fetch.wait.max.ms", "100")
            // The default of a second stalls a reader whose queue was full once.
            .set("fetch.queue.backoff.ms", "50")
            .set("queued.max.messages.kbytes", "16384")
            .set("queued.min.messages", "10000")
            .set("fetch.message.max.bytes", "9437184")
            .set("fetch.max.bytes", "16777216")
            .set("receive.message.max.bytes", "33554432");
        self.last(config)
    }

    /// Settings of group members.
    pub(crate) fn member(&self, group: &GroupConfig) -> ClientConfig {
        let session = group.session.as_millis();
        let mut config = self.reader();
        config
            .set("group.id", &group.group)
            // No `group.instance.id`: a static member that returns while partitions are being handed over is given the half of
            // the plan that it had, nobody completes it, and the other half has no owner for ever (ADR 13).
            .set("client.id", &group.instance)
            // The new protocol stalls in librdkafka before 2.15.
            .set("group.protocol", "classic")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", session.to_string())
            .set("heartbeat.interval.ms", (session / 5).clamp(200, 3000).to_string())
            .set("max.poll.interval.ms", session.max(300_000).to_string());
        self.last(config)
    }

    /// Settings of producers.
    pub(crate) fn producer(&self, id: &str, delivery: Delivery) -> ClientConfig {
        let mut config = self.client();
        config
            .set("client.id", id)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // A commit flushes, so nothing waits for so long. Shorter, and the client's thread wakes, looks and sleeps again for
            // every few records: that took a third of its time.
            .set("linger.ms", "50")
            .set("compression.type", "zstd")
            .set("compression.level", "3")
            .set("message.max.bytes", "9437184")
            // The defaults of a gigabyte and 100,000 messages let a slow broker stretch a transaction to seconds.
            .set("queue.buffering.max.kbytes", "65536")
            .set("queue.buffering.max.messages", "20000")
            .set("delivery.timeout.ms", "55000")
            .set("request.timeout.ms", "20000");
        if delivery == Delivery::ExactlyOnce {
            // A dead instance holds read-committed readers back for so long, unless its successor ends the transaction. What is
            // not delivered in that time is aborted and sent again, so a longer outage of brokers costs no record.
            config
                .set("transactional.id", id)
                .set("transaction.timeout.ms", "30000")
                .set("delivery.timeout.ms", "25000");
        }
        self.last(config)
    }
}
