//! The servers that tests rely on are real: they start, answer, die and come back.

use std::process::Command;
use std::time::Duration;

use naba_testkit::{RealKafka, RealPostgres, Service};

#[test]
fn a_killed_broker_comes_back_on_its_address() {
    let kafka = RealKafka::start(1);
    let reachable = || std::net::TcpStream::connect(kafka.bootstrap()).is_ok();
    assert!(reachable());
    kafka.kill(1);
    assert!(!reachable());
    kafka.start_broker(1);
    assert!(reachable(), "{}", kafka.log(1));
}

#[test]
fn postgres_keeps_its_rows_over_a_kill() {
    let postgres = RealPostgres::start();
    postgres.psql("postgres", "CREATE TABLE t AS SELECT 'خبر' AS word").unwrap();
    postgres.kill();
    assert!(postgres.psql("postgres", "SELECT 1").is_err());
    postgres.start_again();
    assert_eq!(postgres.psql("postgres", "SELECT word FROM t").unwrap(), "خبر");
    assert_ne!(postgres.database(), postgres.database());
}

#[test]
fn a_service_is_stopped_by_sigterm_and_its_log_is_kept() {
    let mut command = Command::new("sh");
    command.args(["-c", "trap 'echo drained; exit 7' TERM; echo started; while :; do sleep 0.05; done"]);
    let mut service = Service::start("sh", &mut command);
    service.wait_for_log("started", Duration::from_secs(20));
    let status = service.terminate(Duration::from_secs(20));
    assert_eq!(status.code(), Some(7));
    assert!(service.log().contains("drained"));
}
