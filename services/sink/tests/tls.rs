//! Encrypted connections to a real PostgreSQL with a certificate of our own authority.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops there")]

mod fixture;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fixture::{batch, partition};
use naba_sink::{Postgres, PostgresConfig};
use naba_stage::{Sink, StageError, Verdict};
use naba_testkit::{EnrichedBuilder, RealPostgres, scratch};

/// Makes an authority (ca.pem) and a certificate of it for 127.0.0.1 (cert.pem, key.pem).
fn certificate(folder: &Path) {
    let openssl = |arguments: &str| {
        let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
        let output = output.expect("openssl is missing: run `make setup`");
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    std::fs::write(folder.join("ext"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    openssl(&format!("req -x509 {key} -days 2 -subj /CN=authority -keyout ca.key -out ca.pem"));
    openssl(&format!("req {key} -subj /CN=127.0.0.1 -keyout key.pem -out request.pem"));
    openssl("x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out cert.pem");
    std::fs::set_permissions(folder.join("key.pem"), PermissionsExt::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn a_connection_is_encrypted_and_only_to_a_server_whose_authority_is_trusted() {
    let authority = scratch("authority");
    let server = RealPostgres::start_with(|folder| {
        certificate(folder);
        std::fs::copy(folder.join("ca.pem"), authority.path().join("ca.pem")).unwrap();
        let file = |name: &str| folder.join(name).display().to_string();
        vec![
            "ssl=on".into(),
            format!("ssl_cert_file={}", file("cert.pem")),
            format!("ssl_key_file={}", file("key.pem")),
        ]
    });
    let url = server.database();
    let store = |ca: Option<&str>, url: &str| {
        let config = PostgresConfig {
            url: url.to_owned(),
            password: None,
            ca_file: ca.map(|name| authority.path().join(name)),
            connect_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(20),
        };
        Postgres::new(&config)
    };
    let trusted = store(Some("ca.pem"), &url).unwrap();
    trusted.claim(&[partition()]).await.unwrap();
    let article =
        EnrichedBuilder::new("https://news.example/1").paragraphs(&["long ".repeat(100_000).as_str()]).build();
    assert_eq!(trusted.write(&batch(0, &[article])).await.unwrap(), [Verdict::Stored]);
    let sessions = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'naba-sink'";
    assert_eq!(server.psql("postgres", sessions).unwrap(), "t");

    let stranger = scratch("stranger");
    certificate(stranger.path());
    std::fs::copy(stranger.path().join("ca.pem"), authority.path().join("other.pem")).unwrap();
    for untrusting in [store(Some("other.pem"), &url), store(None, &format!("{url}?sslmode=require"))] {
        let refused = untrusting.unwrap().claim(&[partition()]).await;
        assert!(matches!(refused, Err(StageError::Unavailable { .. })), "{refused:?}");
    }
    assert!(store(Some("missing.pem"), &url).unwrap_err().contains("missing.pem"));
}
