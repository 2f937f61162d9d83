//! Which log a command works on: a cluster, a running `naba up`, or a folder at rest.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_log_local::{LocalLog, RemoteLog};
use naba_service::LogConfig;
use naba_stage::log::{Log, LogError, Producer, Record, TopicPartition};
use naba_stage::{Delivery, Topics};

use crate::config::{ConfigArgs, NabaConfig};

/// How often a commit is tried again, a second apart.
const COMMIT_TRIES: u32 = 30;

/// Options that choose the log.
#[derive(Debug, Clone, clap::Args)]
pub struct PlaceArgs {
    /// Work on a Kafka cluster: comma-separated host:port list [default: the local log of --data]
    #[arg(long, value_name = "BOOTSTRAP", env = "NABA__KAFKA__BOOTSTRAP")]
    pub kafka: Option<String>,
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// The option that names the data folder.
#[derive(Debug, Clone, clap::Args)]
pub struct DataArgs {
    /// Data folder of `naba up` [default: $XDG_DATA_HOME/naba, else ./naba-data]
    #[arg(long, value_name = "DIR", env = "NABA_DATA")]
    pub data: Option<PathBuf>,
}

impl DataArgs {
    /// Returns the folders and files of the data folder.
    pub fn folder(&self) -> DataFolder {
        let xdg =
            std::env::var_os("XDG_DATA_HOME").filter(|dir| !dir.is_empty()).map(|dir| Path::new(&dir).join("naba"));
        DataFolder(self.data.clone().or(xdg).unwrap_or_else(|| PathBuf::from("naba-data")))
    }
}

/// The data folder of `naba up`.
#[derive(Debug, Clone)]
pub struct DataFolder(pub PathBuf);

impl DataFolder {
    /// Returns the folder of the log.
    pub fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// Returns the socket that `naba up` serves the log on.
    pub fn socket(&self) -> PathBuf {
        self.0.join("naba.sock")
    }

    /// Returns a path of the configuration; a relative one lies in the data folder.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.0.join(path)
    }

    fn has_log(&self) -> bool {
        self.log().join("log.redb").exists()
    }
}

/// What may happen to the log of a folder where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMissing {
    /// It is an error.
    Refuse,
    /// It is made.
    Create,
}

/// What sort of log it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A Kafka cluster.
    Kafka(String),
    /// A log that a running `naba up` owns.
    Running(PathBuf),
    /// A log that nobody else has open: nothing comes while it is looked at.
    AtRest(PathBuf),
}

/// A log with its topics.
pub struct Place {
    /// The log.
    pub log: Arc<dyn Log>,
    /// Its topics, by role.
    pub topics: Topics,
    /// What it is.
    pub kind: Kind,
    /// Held while the command works, where two at once must not.
    data: DataFolder,
}

impl Place {
    /// Opens the log that the options choose.
    pub async fn open(args: &PlaceArgs, if_missing: IfMissing) -> Result<Self> {
        let (_, config) = args.config.load()?;
        let data = args.data.folder();
        let topics = config.stage.to_stage_config().map_err(|e| naba_service::ConfigErrors(vec![e]))?.topics;
        if args.kafka.is_some() || args.config.sets("kafka.bootstrap") {
            return Self::kafka(args.kafka.as_deref(), &config, topics, data);
        }
        let topics = topics.local();
        if let Ok(remote) = RemoteLog::connect(&data.socket()).await {
            return Ok(Self { log: Arc::new(remote), topics, kind: Kind::Running(data.0.clone()), data });
        }
        if if_missing == IfMissing::Refuse && !data.has_log() {
            bail!(
                "there is no log in {}: start `naba up`, name its folder with --data, or a cluster with --kafka",
                data.0.display()
            );
        }
        let folder = data.log();
        let opened = tokio::task::spawn_blocking(move || LocalLog::open(&folder)).await.context("opening the log")?;
        let log = opened.with_context(|| format!("the log in {} cannot be opened", data.0.display()))?;
        log.ensure_topics(&topics.all()).await.context("making the topics")?;
        Ok(Self { log: Arc::new(log), topics, kind: Kind::AtRest(data.0.clone()), data })
    }

    fn kafka(bootstrap: Option<&str>, config: &NabaConfig, topics: Topics, data: DataFolder) -> Result<Self> {
        let bootstrap = bootstrap.unwrap_or(&config.kafka.bootstrap).to_owned();
        let settings = KafkaSettings { bootstrap: bootstrap.clone(), extra: config.kafka.client_settings() };
        let log = KafkaLog::open(settings).with_context(|| format!("the cluster {bootstrap} cannot be reached"))?;
        Ok(Self { log: Arc::new(log), topics, kind: Kind::Kafka(bootstrap), data })
    }

    /// Wraps the log that this process owns.
    pub fn owned(log: LocalLog, topics: Topics, data: DataFolder) -> Self {
        Self { log: Arc::new(log), topics, kind: Kind::AtRest(data.0.clone()), data }
    }

    /// Says in a few words which log it is.
    pub fn name(&self) -> String {
        match &self.kind {
            Kind::Kafka(bootstrap) => format!("Kafka at {bootstrap}"),
            Kind::Running(data) => format!("the running log in {}", data.display()),
            Kind::AtRest(data) => format!("the log in {} (naba up is not running)", data.display()),
        }
    }

    /// Returns the partitions of a role's topic.
    pub async fn partitions(&self, role: &str) -> Result<Vec<TopicPartition>> {
        let topic = self.topics.get(role).with_context(|| format!("no topic has the role {role:?}"))?;
        let count = self.log.partitions(&topic.name).await;
        let count =
            count.with_context(|| format!("asking {}: is the address right, and is it running?", self.name()))?;
        Ok((0..count).map(|partition| TopicPartition::new(topic.name.as_str(), partition)).collect())
    }

    /// Shows every committed record of a role's topic, partition by partition.
    pub async fn scan(&self, role: &str, mut each: impl FnMut(Record) + Send) -> Result<()> {
        for at in self.partitions(role).await? {
            let seen = self.log.snapshot(&at, 0, &mut each).await;
            seen.with_context(|| format!("reading {at}"))?;
        }
        Ok(())
    }

    /// Opens a producer whose transactions are whole. Of two commands of one name only one can write: a cluster fences the
    /// first, a local log refuses the second. What is read afterwards holds all that an earlier one has written.
    pub async fn producer(&self, name: &str) -> Result<(Box<dyn Producer>, Option<std::fs::File>)> {
        let lock = match self.kind {
            // The cluster fences an older producer of the name.
            Kind::Kafka(_) => None,
            Kind::Running(_) | Kind::AtRest(_) => Some(self.data.lock(name)?),
        };
        let id = self.topics.group(&name.replace(' ', "-"));
        Ok((self.log.producer(&id, Delivery::ExactlyOnce).await?, lock))
    }
}

impl DataFolder {
    fn lock(&self, name: &str) -> Result<std::fs::File> {
        let path = self.0.join(format!("{}.lock", name.replace(' ', "-")));
        let file = std::fs::File::create(&path).with_context(|| format!("{} cannot be made", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => {
                bail!("another `naba {name}` is at work here: wait until it is done")
            }
            Err(std::fs::TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", path.display()))
            }
        }
    }
}

impl Place {
    /// Commits what the producer was given.
    ///
    /// A cluster knows a commit that is asked for twice. A local log does not: there an unclear answer is an error, and the
    /// command looks at what is there when it is run again.
    pub async fn commit(&self, producer: &mut dyn Producer) -> Result<()> {
        let mut tries = if matches!(self.kind, Kind::Kafka(_)) { COMMIT_TRIES } else { 0 };
        loop {
            match producer.commit(&[]).await {
                Err(LogError::Unavailable(reason)) if tries > 0 => {
                    tries -= 1;
                    tracing::warn!(reason, "commit, trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                done => return done.context("committing"),
            }
        }
    }
}

/// Runs a command's work on a runtime of its own, with log lines of warnings on standard error.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let log = LogConfig { level: "warn".to_owned(), format: naba_service::LogFormat::Pretty };
    naba_service::Telemetry::install(&log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    // A client thread that waits for a broker must not hold the command.
    runtime.shutdown_background();
    done
}
