//! The demo: a virtual newsroom on a loopback port, and the founding article as a file.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result};
use naba_fetcher::{FetcherConfig, Wait, read_sources_toml};
use naba_newsfarm::{Farm, FarmConfig, FarmHandle, SEED_TEXT, Schedule, ServeOptions, Start, serve};
use naba_proto::v1::Source;

use crate::config::ConfigArgs;
use crate::place::DataFolder;
use crate::when;

/// Every choice of the newsroom comes from this number.
const SEED: u64 = 7;
const SITES: usize = 8;
const ARTICLES: usize = 160;
/// Time over which the articles come out.
const DURATION: Duration = Duration::from_secs(240);
/// How often each listing is asked for.
const INTERVAL: &str = "2s";

/// A running demo.
pub struct Demo {
    farm: FarmHandle,
    sources: Vec<Source>,
}

impl Demo {
    /// Writes the file, serves the newsroom, and leads the fetcher to both and to nothing else on this machine.
    pub async fn start(data: &DataFolder, args: &ConfigArgs, fetcher: &mut FetcherConfig) -> Result<Self> {
        let folder = data.0.join("demo");
        std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let folder = folder.canonicalize().with_context(|| format!("{} cannot be found", folder.display()))?;
        let file = folder.join("elaph.txt");
        write(&file, SEED_TEXT)?;
        // A restart goes on in the same newsroom, where it would be by now.
        let began = began(&folder.join("began"))?;
        let farm = Farm::new(FarmConfig {
            seed: SEED,
            sites: SITES,
            articles: ARTICLES,
            schedule: Schedule::Live { duration_ms: i64::try_from(DURATION.as_millis()).unwrap_or(i64::MAX) },
            epoch_ms: began,
            // It comes as a file.
            seed_text: None,
            ..FarmConfig::default()
        });
        let start = Start::At(UNIX_EPOCH + Duration::from_millis(u64::try_from(began).unwrap_or_default()));
        let listed = farm.sources_toml(INTERVAL);
        let farm = serve(farm, ServeOptions { start, ..ServeOptions::default() }).await?;
        lead(fetcher, &farm, folder);
        hurry(fetcher, args);
        let mut sources = read_sources_toml(&listed).context("the demo's sources")?;
        sources.extend(read_sources_toml(&file_source(&file)?).context("the demo's file")?);
        Ok(Self { farm, sources })
    }

    /// Returns the sources to be watched.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Tells whether a source is one of the demo's.
    pub fn owns(&self, source: &Source) -> bool {
        self.sources.iter().any(|own| own.source_id == source.source_id && own.url == source.url)
    }

    /// Says what it is.
    pub fn about(&self) -> String {
        let farm = self.farm.farm();
        let (sites, articles) = (farm.sites().len(), farm.articles().len());
        format!(
            "{sites} sites with {articles} articles over {} minutes on http://{}, faults included, and one file",
            DURATION.as_secs() / 60,
            self.farm.addr()
        )
    }

    /// Stops serving.
    pub async fn stop(self) {
        self.farm.stop().await;
    }
}

/// Leads the names of the newsroom to its address and allows exactly that address, and the folder of the file.
fn lead(fetcher: &mut FetcherConfig, farm: &FarmHandle, folder: PathBuf) {
    let address = farm.addr();
    fetcher.hosts.extend(farm.farm().hosts().into_iter().map(|host| (host, address)));
    fetcher.allow_addresses.push(address.ip().to_string());
    fetcher.file_roots.push(folder);
}

/// Makes the fetcher as quick as a demo has to be; what somebody has set stays.
fn hurry(fetcher: &mut FetcherConfig, args: &ConfigArgs) {
    let mut quick = |key: &str, set: fn(&mut FetcherConfig)| {
        if !args.sets(&format!("fetcher.{key}")) {
            set(fetcher);
        }
    };
    quick("delay", |f| f.delay = Duration::from_millis(100));
    quick("min_interval", |f| f.min_interval = Duration::from_secs(2));
    quick("retry_base", |f| f.retry_base = Duration::from_secs(2));
    quick("min_refetch", |f| f.min_refetch = Duration::from_secs(5));
    quick("rechecks", |f| f.rechecks = [30, 60, 120].map(|seconds| Wait(Duration::from_secs(seconds))).to_vec());
}

fn file_source(file: &Path) -> Result<String> {
    let path = file.to_str().with_context(|| format!("{} is no UTF-8", file.display()))?;
    let path = toml::Value::from(path);
    Ok(format!("[[source]]\nid = \"demo-file\"\nname = \"إيلاف\"\nlanguage = \"ar\"\nkind = \"file\"\nurl = {path}\n"))
}

/// Returns when the newsroom opened: now, the first time.
fn began(path: &Path) -> Result<i64> {
    let known = std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok());
    if let Some(known) = known {
        return Ok(known);
    }
    let now = when::now();
    write(path, &now.to_string())?;
    Ok(now)
}

/// Writes a file unless it is there as it should be: its time of change stays.
fn write(path: &Path, text: &str) -> Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
