//! A real Prometheus for a test.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::http::{Answer, http_get};
use crate::place::{eventually, free_ports, scratch, workspace_root};
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
        let home = scratch("prometheus");
        let file = home.path().join("prometheus.yml");
        std::fs::write(&file, config).expect("write configuration");
        let address = format!("127.0.0.1:{}", free_ports(&[0]));
        let mut command = Command::new(tool("prometheus"));
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

    /// Scrapes `host:port` once a second until it has been reached, and goes on.
    pub fn scraping(address: &str) -> Self {
        let config = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: naba, static_configs: [{{targets: [\"{address}\"]}}]}}]\n"
        );
        let prometheus = Self::start(&config);
        eventually("prometheus has scraped", Duration::from_secs(60), || {
            prometheus.query("up == 1").contains("\"job\":\"naba\"").then_some(())
        });
        prometheus
    }

    /// Lints metrics in the text format as `promtool check metrics` does; the error is what it says.
    pub fn lint(metrics: &str) -> Result<(), String> {
        let mut command = Command::new(tool("promtool"));
        command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("promtool starts");
        child.stdin.take().expect("stdin").write_all(metrics.as_bytes()).expect("write to promtool");
        let output = child.wait_with_output().expect("promtool");
        let said = [output.stdout, output.stderr].concat();
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said).into_owned()) }
    }

    /// Asks the HTTP API.
    pub fn get(&self, path: &str) -> Answer {
        http_get(&self.address, path).unwrap_or_else(|e| panic!("prometheus: {e}\n{}", self.service.log()))
    }
}

/// Finds a program where `make setup` puts it, else on the path.
fn tool(name: &str) -> PathBuf {
    let ours = workspace_root().join(".tools/bin").join(name);
    if ours.exists() {
        return ours;
    }
    let installed = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(installed.is_ok(), "{name} is missing: run `make setup`");
    PathBuf::from(name)
}
