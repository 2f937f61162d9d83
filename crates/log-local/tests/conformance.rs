//! The conformance suite on the local log.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use naba_log_local::LocalLog;
use naba_stage::conformance::suite;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_local_log_keeps_the_promises_of_the_ports() {
    let _ = tracing_subscriber::fmt().with_test_writer().try_init();
    let folder = tempfile::tempdir().expect("folder");
    let log = LocalLog::open(&folder.path().join("log")).expect("log");
    suite(Arc::new(log), &folder.path().join("state"), std::env::var("NABA_CASE").ok()).await;
}
