//! The conformance suite on a real Kafka.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_stage::conformance::suite;
use naba_testkit::{RealKafka, scratch};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafka_keeps_the_promises_of_the_ports() {
    let _ = tracing_subscriber::fmt().with_test_writer().try_init();
    let kafka = RealKafka::start(1);
    let log = KafkaLog::open(KafkaSettings::new(kafka.bootstrap())).expect("log");
    let state = scratch("conformance");
    suite(Arc::new(log), state.path(), std::env::var("NABA_CASE").ok()).await;
}
