//! A real Prometheus for a test.

use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::http::{Answer, http_get};
use crate::place::{eventually, free_ports, scratch};
use crate::service::Service;

/// A Prometheus server on loopback; killed and deleted on drop.
#[derive(Debug)]
pub struct RealPrometheus {
    address: String,
    service: Service,
    _home: TempDir,
}

impl RealPrometheus {
    /// Starts a server with this configuration (the YAML of `prometheus.yml`) and waits until it is ready.
    pub fn start(config: &str) -> Self {
        let installed =
            Command::new("prometheus").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(installed.is_ok(), "prometheus is missing: run `make setup`");
        let home = scratch("prometheus");
        let file = home.path().join("prometheus.yml");
        std::fs::write(&file, config).expect("write configuration");
        let address = format!("127.0.0.1:{}", free_ports(&[0]));
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", home.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"));
        let mut service = Service::start("prometheus", &mut command);
        eventually("prometheus is ready", Duration::from_secs(60), || {
            assert!(service.is_running(), "prometheus ended:\n{}", service.log());
            http_get(&address, "/-/ready").ok().filter(|answer| answer.status == 200)
        });
        Self { address, service, _home: home }
    }

    /// Evaluates an expression now and returns Prometheus' JSON answer.
    pub fn query(&self, expression: &str) -> String {
        let mut encoded = String::new();
        for byte in expression.bytes() {
            if byte.is_ascii_alphanumeric() {
                encoded.push(char::from(byte));
            } else {
                encoded.push_str(&format!("%{byte:02X}"));
            }
        }
        self.get(&format!("/api/v1/query?query={encoded}")).body
    }

    /// Asks the HTTP API.
    pub fn get(&self, path: &str) -> Answer {
        http_get(&self.address, path).unwrap_or_else(|e| panic!("prometheus: {e}\n{}", self.service.log()))
    }
}
