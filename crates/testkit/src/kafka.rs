//! A real Apache Kafka for a test.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::place::{free_ports, scratch, workspace_root};

/// How to start a cluster.
#[derive(Debug, Clone)]
pub struct KafkaOptions {
    /// Brokers, 1 or 3.
    pub brokers: u16,
    /// First port of a fault proxy: broker I also listens at a port whose advertised address is this + (I-1)*10, so that
    /// clients that come through the proxy stay behind it. See [`RealKafka::proxied_port`].
    pub proxy_port: Option<u16>,
    /// Further lines for server.properties.
    pub extra: String,
}

impl Default for KafkaOptions {
    fn default() -> Self {
        Self { brokers: 1, proxy_port: None, extra: String::new() }
    }
}

/// A cluster of real brokers on loopback; killed and deleted on drop.
#[derive(Debug)]
pub struct RealKafka {
    bootstrap: String,
    base: u16,
    options: KafkaOptions,
    home: TempDir,
}

impl RealKafka {
    /// Starts a cluster of 1 or 3 brokers and waits until it serves.
    pub fn start(brokers: u16) -> Self {
        Self::start_with(KafkaOptions { brokers, ..KafkaOptions::default() })
    }

    /// Starts a cluster and waits until it serves.
    pub fn start_with(options: KafkaOptions) -> Self {
        let offsets: Vec<u16> = (0..options.brokers).flat_map(|i| [i * 10, i * 10 + 1, i * 10 + 2]).collect();
        let mut kafka = Self { bootstrap: String::new(), base: free_ports(&offsets), options, home: scratch("kafka") };
        kafka.bootstrap = kafka.script(&["start", &kafka.options.brokers.to_string()]);
        kafka
    }

    /// Returns a single broker that all tests of this process share; take topics of your own on it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<RealKafka> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(1))
    }

    /// Returns the bootstrap list.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Returns the port behind the fault proxy of broker `i` (from 1): what the proxy connects to.
    pub fn proxied_port(&self, i: u16) -> u16 {
        self.base + (i - 1) * 10 + 2
    }

    /// Kills broker `i` (from 1) with SIGKILL.
    pub fn kill(&self, i: u16) {
        self.script(&["node-kill", &i.to_string()]);
    }

    /// Stops broker `i` (from 1) in order and waits for its end.
    pub fn stop(&self, i: u16) {
        self.script(&["node-stop", &i.to_string()]);
    }

    /// Starts broker `i` (from 1) again and waits until it serves.
    pub fn start_broker(&self, i: u16) {
        self.script(&["node-start", &i.to_string()]);
    }

    /// Freezes broker `i` (from 1): it keeps its connections and answers nothing.
    pub fn pause(&self, i: u16) {
        self.script(&["node-pause", &i.to_string()]);
    }

    /// Lets a frozen broker go on.
    pub fn resume(&self, i: u16) {
        self.script(&["node-resume", &i.to_string()]);
    }

    /// Returns what broker `i` (from 1) has logged since its last start.
    pub fn log(&self, i: u16) -> String {
        std::fs::read_to_string(self.home.path().join(format!("n{i}/server.log"))).unwrap_or_default()
    }

    fn script(&self, args: &[&str]) -> String {
        let script = workspace_root().join("deploy/kafka/kafka.sh");
        let errors = self.home.path().join("script.log");
        let mut command = Command::new(&script);
        command
            .args(args)
            .env("KHOME", self.home.path())
            .env("KAFKA_LIBS", workspace_root().join("deploy/kafka/run/libs"))
            .env("KAFKA_BASE_PORT", self.base.to_string())
            // Where several clusters share a few cores, recovery of a killed broker takes minutes.
            .env("KAFKA_WAIT", "400")
            .env("KAFKA_EXTRA", &self.options.extra)
            .env("KAFKA_WATCH_PID", std::process::id().to_string());
        if let Some(port) = self.options.proxy_port {
            command.env("KAFKA_PROXY_PORT", port.to_string());
        }
        // A file, not a pipe: the brokers inherit it and would hold a pipe open.
        let log = std::fs::File::create(&errors).expect("script log");
        let output = command.stdin(Stdio::null()).stderr(log).output();
        let output = output.unwrap_or_else(|e| panic!("{} does not start: {e}", script.display()));
        let said = || std::fs::read_to_string(Path::new(&errors)).unwrap_or_default();
        assert!(output.status.success(), "kafka.sh {args:?} failed:\n{}", said());
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for RealKafka {
    fn drop(&mut self) {
        for i in 1..=self.options.brokers {
            let pid = std::fs::read_to_string(self.home.path().join(format!("n{i}/pid"))).unwrap_or_default();
            if let Ok(pid) = pid.trim().parse::<u32>() {
                // Its data goes with it, so there is nothing to shut down in order.
                let _ = Command::new("sh").args(["-c", "kill -KILL \"$1\"", "sh", &pid.to_string()]).output();
            }
        }
    }
}
