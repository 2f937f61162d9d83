//! The line: servers, proxies between them and the services, the farm, and the supervised instances.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_newsfarm::{Farm, FarmConfig, FarmHandle, Schedule, ServeOptions, Start, TruthRecord, serve};
use naba_stage::Topics;
use naba_stage::log::Log;
use naba_testkit::{
    FaultProxy, KafkaOptions, RealKafka, RealPostgres, eventually, free_ports, scratch, workspace_root,
};
use tempfile::TempDir;

use crate::instance::Instance;
use crate::{BROKERS, SERVICES};

const PREFIX: &str = "faults.";
/// Session time-out of the services, so that a dead instance's partitions move soon.
pub const SESSION: Duration = Duration::from_secs(6);

/// How articles are edited.
#[derive(Debug, Clone, Copy)]
pub struct Edits {
    /// Least and longest time from a version to the edit that follows, in milliseconds.
    pub after_ms: (i64, i64),
    /// How many of a thousand articles are edited.
    pub per_mille: u32,
}

/// What a line is made from.
#[derive(Debug, Clone)]
pub struct LineConfig {
    /// Seed of the farm.
    pub seed: u64,
    /// Articles that the farm publishes.
    pub articles: usize,
    /// Sites that publish them.
    pub sites: usize,
    /// Time over which they come out, in milliseconds.
    pub live_ms: i64,
    /// The edits of articles; None for none.
    pub edits: Option<Edits>,
    /// A version that is served for less may be missed, milliseconds.
    pub min_served_ms: i64,
    /// Partitions of every topic.
    pub partitions: u32,
    /// Most instances of each service; all of them run at the start unless `running` is less.
    pub instances: usize,
    /// Instances of each service that run at the start.
    pub running: usize,
    /// `exactly_once` or `at_least_once`.
    pub delivery: String,
    /// Folder of the services' programs.
    pub programs: PathBuf,
    /// Which sabotage the programs are to commit; None for none.
    pub sabotage: Option<String>,
    /// Further settings of every service, as environment variables.
    pub settings: Vec<(String, String)>,
}

/// The running line.
pub struct Line {
    /// The cluster.
    pub kafka: RealKafka,
    /// The network between the services and each broker.
    pub network: Vec<FaultProxy>,
    /// The store.
    pub postgres: RealPostgres,
    /// The network between the sinks and the store.
    pub store_network: FaultProxy,
    /// Name of the sinks' database.
    pub database: String,
    /// The topics.
    pub topics: Topics,
    /// The committed view of the log.
    pub log: KafkaLog,
    /// The uncommitted view of the log.
    pub raw_log: KafkaLog,
    /// The farm.
    pub farm: FarmHandle,
    /// The farm's start, milliseconds since 1970.
    pub start_ms: i64,
    /// The services' processes.
    pub instances: Vec<Arc<Instance>>,
    /// Most instances of each service.
    pub most: usize,
    /// Everything that the line writes; kept when the run is judged badly.
    pub folder: TempDir,
}

impl Line {
    /// Starts the servers, the farm and the services, and imports the farm's sources.
    pub async fn start(config: &LineConfig) -> Self {
        let folder = scratch("line");
        std::fs::create_dir_all(folder.path().join("logs")).expect("folder of the logs");
        let offsets: Vec<u16> = (0..BROKERS).map(|i| i * 10).collect();
        let proxy_port = free_ports(&offsets);
        let options = KafkaOptions { brokers: BROKERS, proxy_port: Some(proxy_port), ..KafkaOptions::default() };
        let kafka = RealKafka::start_with(options);
        let local = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let network: Vec<FaultProxy> =
            (1..=BROKERS).map(|i| FaultProxy::start(proxy_port + (i - 1) * 10, local(kafka.proxied_port(i)))).collect();
        let postgres = RealPostgres::start();
        let url = postgres.database();
        let database = url.rsplit('/').next().and_then(|tail| tail.split('?').next()).expect("database").to_owned();
        let store_network = FaultProxy::start(0, local(postgres.port()));

        let topics_file = folder.path().join("topics.toml");
        let topics_text = topics_text(config.partitions);
        std::fs::write(&topics_file, &topics_text).expect("topics file");
        let topics = Topics::parse(&topics_text).expect("topics").adapted(PREFIX, None);
        let log = KafkaLog::open(KafkaSettings::new(kafka.bootstrap())).expect("log");
        let mut uncommitted = KafkaSettings::new(kafka.bootstrap());
        uncommitted.extra.insert("isolation.level".to_owned(), "read_uncommitted".to_owned());
        let raw_log = KafkaLog::open(uncommitted).expect("log");
        log.ensure_topics(&topics.all()).await.expect("topics");

        let start = SystemTime::now();
        let since = start.duration_since(UNIX_EPOCH).expect("clock");
        let start_ms = i64::try_from(since.as_millis()).expect("clock");
        let farm = Farm::new(farm_config(config, start_ms));
        let farm = serve(farm, ServeOptions { start: Start::At(start), ..ServeOptions::default() }).await;
        let farm = farm.expect("farm");
        std::fs::write(folder.path().join("fetcher.toml"), fetcher_config(&farm, "10ms", 8)).expect("configuration");
        let sources = folder.path().join("sources.toml");
        std::fs::write(&sources, farm.farm().sources_toml("2s")).expect("sources");

        let ports: Vec<u16> = (0..u16::try_from(SERVICES.len() * config.instances).expect("few instances")).collect();
        let admin_base = free_ports(&ports);
        let settings = Settings {
            programs: config.programs.clone(),
            folder: folder.path().to_owned(),
            bootstrap: network.iter().map(|p| format!("127.0.0.1:{}", p.port())).collect::<Vec<_>>().join(","),
            store: format!("postgres://postgres@127.0.0.1:{}/{database}", store_network.port()),
            delivery: config.delivery.clone(),
            sabotage: config.sabotage.clone(),
            further: config.settings.clone(),
        };
        let mut instances = Vec::new();
        for (i, service) in SERVICES.iter().enumerate() {
            for index in 0..config.instances {
                let port = admin_base + u16::try_from(i * config.instances + index).expect("few instances");
                let settings = settings.clone();
                let command = move || settings.command(service, index, port);
                instances.push(Arc::new(Instance::new(service, index, port, folder.path().join("logs"), command)));
            }
        }
        let line = Self {
            kafka,
            network,
            postgres,
            store_network,
            database,
            topics,
            log,
            raw_log,
            farm,
            start_ms,
            instances,
            most: config.instances,
            folder,
        };
        for service in SERVICES {
            line.of(service).iter().take(config.running).for_each(|instance| instance.start());
        }
        import(&config.programs, &line.kafka, &topics_file, &sources);
        line
    }

    /// Returns the instances of a service.
    pub fn of(&self, service: &str) -> Vec<Arc<Instance>> {
        self.instances.iter().filter(|instance| instance.service == service).cloned().collect()
    }

    /// Returns one instance.
    pub fn instance(&self, service: &str, index: usize) -> Arc<Instance> {
        let found =
            self.instances.iter().find(|one| one.service == service && one.name.ends_with(&format!("-{index}")));
        Arc::clone(found.unwrap_or_else(|| panic!("the line has no {service}-{index}")))
    }

    /// Returns what must become of everything that the farm publishes.
    pub fn truth(&self) -> Vec<TruthRecord> {
        self.farm.farm().truth()
    }

    /// Restarts what ended by itself. To be called every now and then.
    pub fn tend(&self) {
        self.instances.iter().for_each(|instance| instance.tend());
    }

    /// Keeps what the line wrote in a folder that outlives it.
    pub fn keep(&self, to: &Path) -> std::io::Result<()> {
        let logs = self.folder.path().join("logs");
        std::fs::create_dir_all(to)?;
        for entry in std::fs::read_dir(logs)? {
            let entry = entry?;
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        for i in 1..=BROKERS {
            std::fs::write(to.join(format!("broker-{i}.log")), self.kafka.log(i))?;
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Settings {
    programs: PathBuf,
    folder: PathBuf,
    bootstrap: String,
    store: String,
    delivery: String,
    sabotage: Option<String>,
    further: Vec<(String, String)>,
}

impl Settings {
    fn command(&self, service: &str, index: usize, admin_port: u16) -> Command {
        let mut command = Command::new(self.programs.join(format!("naba-{service}")));
        command
            .env("NABA__KAFKA__BOOTSTRAP", &self.bootstrap)
            .env("NABA__STAGE__TOPIC_PREFIX", PREFIX)
            .env("NABA__STAGE__TOPICS_FILE", self.folder.join("topics.toml"))
            .env("NABA__STAGE__INSTANCE", format!("{service}-{index}"))
            .env("NABA__STAGE__STATE_DIR", self.folder.join("state"))
            .env("NABA__STAGE__DELIVERY", &self.delivery)
            .env("NABA__STAGE__AUDIT", "1.0")
            .env("NABA__STAGE__SESSION_TIMEOUT", format!("{}s", SESSION.as_secs()))
            .env("NABA__ADMIN__LISTEN", format!("127.0.0.1:{admin_port}"))
            .env("NABA__LOG__LEVEL", "info")
            .env("NABA__LOG__FORMAT", "json");
        match service {
            "fetcher" => {
                command.arg("--config").arg(self.folder.join("fetcher.toml"));
            }
            "sink" => {
                command.env("NABA__SINK__STORE", "postgres").env("NABA__POSTGRES__URL", &self.store);
                command.env("NABA__POSTGRES__WRITE_TIMEOUT", "5s").env("NABA__POSTGRES__CONNECT_TIMEOUT", "3s");
            }
            _ => {}
        }
        if let Some(sabotage) = &self.sabotage {
            command.env("NABA_SABOTAGE", sabotage);
        }
        command.envs(self.further.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Nothing is deleted, so that only edits press for time, and nothing on the farm is broken: what is broken here is ours.
fn farm_config(config: &LineConfig, epoch_ms: i64) -> FarmConfig {
    FarmConfig {
        schedule: Schedule::Live { duration_ms: config.live_ms },
        epoch_ms,
        min_served_ms: config.min_served_ms,
        edit_after_ms: config.edits.map_or((0, 0), |edits| edits.after_ms),
        edited_per_mille: config.edits.map_or(0, |edits| edits.per_mille),
        ..FarmConfig::calm(config.seed, config.sites, config.articles)
    }
}

/// Returns a fetcher's configuration for a farm: in a hurry, and led to the farm's address.
pub fn fetcher_config(farm: &FarmHandle, delay: &str, max_attempts: u32) -> String {
    format!(
        "[fetcher]\ncontact = \"https://naba.example/crawler\"\ndelay = \"{delay}\"\nmin_interval = \"1s\"\n\
         max_interval = \"4s\"\nretry_base = \"500ms\"\nretry_max = \"4s\"\nrobots_retry = \"1s\"\n\
         max_attempts = {max_attempts}\nrechecks = [\"45s\"]\nmin_refetch = \"1s\"\n\
         head_timeout = \"3s\"\nidle_timeout = \"3s\"\npage_timeout = \"10s\"\n\
         {}",
        farm.hosts_toml().replacen("[fetcher]\n", "", 1)
    )
}

/// The topics with another number of partitions: twenty-odd topics of twelve, three times over, are much for a test's brokers.
fn topics_text(partitions: u32) -> String {
    let file = workspace_root().join("deploy/topics.toml");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let line = |line: &str| match line.strip_prefix("partitions = ") {
        Some(_) => format!("partitions = {partitions}\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// Imports the farm's sources, again while the new topics have no leaders yet.
fn import(programs: &Path, kafka: &RealKafka, topics_file: &Path, sources: &Path) {
    let mut command = Command::new(programs.join("naba"));
    command
        .args(["sources", "import"])
        .arg(sources)
        .args(["--kafka", kafka.bootstrap()])
        .env("NABA__STAGE__TOPIC_PREFIX", PREFIX)
        .env("NABA__STAGE__TOPICS_FILE", topics_file);
    eventually("naba sources import", Duration::from_secs(120), || {
        let imported = command.output().expect("naba sources import");
        if !imported.status.success() {
            eprintln!("  importing again: {}", String::from_utf8_lossy(&imported.stderr).trim());
        }
        imported.status.success().then_some(())
    });
}
