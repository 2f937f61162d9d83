//! Every metric name, in one place.

use metrics::{Label, counter, gauge, histogram};

/// What sort of metric it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution, in seconds.
    Histogram,
}

macro_rules! metrics_table {
    ($($variant:ident, $kind:ident, $name:literal, [$($label:literal),*], $help:literal;)*) => {
        /// Every metric of naba. Labels are bounded: no URL, host, source or article is ever a label.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Metric {
            $(#[doc = $help] $variant,)*
        }

        impl Metric {
            /// All metrics, in order of the table.
            pub const ALL: &'static [Metric] = &[$(Metric::$variant,)*];

            /// Returns the name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Returns the kind.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// Returns the label names.
            pub const fn labels(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($label),*],)* }
            }

            /// Returns the description.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }
        }
    };
}

metrics_table! {
    RecordsTotal, Counter, "naba_records_total", ["stage", "disposition", "code"], "Records by how they ended, counted once, when committed.";
    RecordSeconds, Histogram, "naba_record_seconds", ["stage"], "Time to process one record, without waiting.";
    AgeSeconds, Histogram, "naba_age_seconds", ["stage"], "Time from fetching to the commit of this stage.";
    EndToEndSeconds, Histogram, "naba_end_to_end_seconds", ["stage"], "Time from discovery in a listing to the sink, live documents only.";
    FreshnessSeconds, Histogram, "naba_freshness_seconds", ["stage"], "Time from publication, where stated with a zone, to the commit of this stage, live documents only.";
    InFlightBytes, Gauge, "naba_in_flight_bytes", ["stage"], "Bytes read and not yet committed.";
    ConsumerLag, Gauge, "naba_consumer_lag", ["stage", "topic"], "Records between the group's position and the end, over the partitions of this instance.";
    Partitions, Gauge, "naba_partitions", ["stage"], "Partitions assigned to this instance.";
    RetriesTotal, Counter, "naba_retries_total", ["stage", "code"], "Attempts that failed and were tried again.";
    RebalancesTotal, Counter, "naba_rebalances_total", ["stage", "kind"], "Rebalances seen: assigned, revoked, lost.";
    CommitSeconds, Histogram, "naba_commit_seconds", ["stage"], "Time to commit a transaction.";
    CommitsTotal, Counter, "naba_commits_total", ["stage", "result"], "Transactions: committed or aborted.";
    StateRestoredTotal, Counter, "naba_state_restored_total", ["stage"], "Changelog records read to restore keyed state.";
    FieldTotal, Counter, "naba_field_total", ["field", "provenance"], "Articles by the layer that gave a field: the early sign of a layout change.";
    FetchTotal, Counter, "naba_fetch_total", ["kind", "outcome"], "Fetches by what was fetched and how it ended.";
    FetchSeconds, Histogram, "naba_fetch_seconds", ["kind"], "Time of a fetch, from the request to the last byte.";
    SourceSilence, Gauge, "naba_source_silence", ["stage"], "Sources of this instance that have given nothing new for longer than three of their intervals and a day.";
    Sources, Gauge, "naba_sources", ["stage"], "Sources watched by this instance.";
    SourcesByState, Gauge, "naba_sources_by_state", ["stage", "state"], "Sources watched by this instance by how they stand: paused, new, active, silent, failing, dead, gone.";
    ListingGapsTotal, Counter, "naba_listing_gaps_total", ["kind"], "Polls that found nothing of the listing before, so that entries may have been missed.";
    ListingFreshnessSeconds, Histogram, "naba_listing_freshness_seconds", ["kind"], "Time from the publication that the newest entry of a listing states to the poll that first saw it.";
    PollLatenessSeconds, Histogram, "naba_poll_lateness_seconds", ["kind"], "Time that a fetch started after it fell due.";
    WorkPending, Gauge, "naba_work_pending", ["stage"], "Pieces of work under way.";
}

impl Metric {
    /// Adds to a counter. `labels` are the values, in the order of [`Metric::labels`].
    pub fn add(self, labels: &[&str], count: u64) {
        counter!(self.name(), self.with(labels)).increment(count);
    }

    /// Sets a gauge.
    pub fn set(self, labels: &[&str], value: f64) {
        gauge!(self.name(), self.with(labels)).set(value);
    }

    /// Sets a gauge to a number of things.
    pub fn set_count(self, labels: &[&str], count: usize) {
        self.set(labels, f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    }

    /// Records a duration in seconds.
    pub fn observe(self, labels: &[&str], seconds: f64) {
        histogram!(self.name(), self.with(labels)).record(seconds);
    }

    fn with(self, values: &[&str]) -> Vec<Label> {
        debug_assert_eq!(values.len(), self.labels().len(), "{} takes {:?}", self.name(), self.labels());
        self.labels().iter().zip(values).map(|(name, value)| Label::new(*name, (*value).to_owned())).collect()
    }
}

/// Describes every metric to the installed recorder, so that each has its HELP line.
pub fn describe_all() {
    for metric in Metric::ALL {
        let (name, help) = (metric.name(), metric.help());
        match metric.kind() {
            Kind::Counter => metrics::describe_counter!(name, help),
            Kind::Gauge => metrics::describe_gauge!(name, help),
            Kind::Histogram => metrics::describe_histogram!(name, help),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_prometheus_conventions() {
        for metric in Metric::ALL {
            let name = metric.name();
            assert!(name.starts_with("naba_"), "{name}");
            assert_eq!(name.ends_with("_total"), metric.kind() == Kind::Counter, "{name}");
            assert_eq!(name.ends_with("_seconds"), metric.kind() == Kind::Histogram, "{name}");
            assert!(metric.help().ends_with('.'), "{name}");
        }
    }
}
