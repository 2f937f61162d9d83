//! What a real Prometheus sees of the four services on a real Kafka, and what their probes say.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops there")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use naba_log_kafka::{KafkaLog, KafkaSettings};
use naba_newsfarm::{Farm, FarmConfig, FarmHandle, ServeOptions, serve};
use naba_stage::log::Log;
use naba_stage::{Kind, Metric, Topics};
use naba_testkit::{RealKafka, RealPrometheus, Service, binary, eventually, free_ports, http_get, scratch};

const STAGES: [&str; 4] = ["fetcher", "parser", "enricher", "sink"];
const PREFIX: &str = "metrics.";
const PATIENCE: Duration = Duration::from_secs(120);
/// What a calm run gives no occasion to count: everything works, and is published before the first poll.
const QUIET: [Metric; 3] = [Metric::RetriesTotal, Metric::ListingGapsTotal, Metric::ListingFreshnessSeconds];

/// A service with the address of its admin port.
struct Watched {
    stage: &'static str,
    admin: String,
    process: Service,
}

impl Watched {
    fn start(stage: &'static str, bootstrap: &str, folder: &Path) -> Self {
        let admin = format!("127.0.0.1:{}", free_ports(&[0]));
        let mut command = Command::new(binary(&format!("naba-{stage}")));
        command
            .env("NABA__KAFKA__BOOTSTRAP", bootstrap)
            .env("NABA__STAGE__TOPIC_PREFIX", PREFIX)
            .env("NABA__STAGE__INSTANCE", format!("{stage}-0"))
            .env("NABA__STAGE__STATE_DIR", folder.join("state"))
            .env("NABA__ADMIN__LISTEN", &admin);
        match stage {
            "fetcher" => drop(command.arg("--config").arg(folder.join("fetcher.toml"))),
            "sink" => drop(command.env("NABA__SQLITE__PATH", folder.join("naba.db"))),
            _ => {}
        }
        Self { stage, admin, process: Service::start(stage, &mut command) }
    }

    /// Asks the admin port; 0 while nothing listens.
    fn status(&mut self, path: &str) -> u16 {
        assert!(self.process.is_running(), "{} ended:\n{}", self.stage, self.process.log());
        http_get(&self.admin, path).map_or(0, |answer| answer.status)
    }

    fn metrics(&self) -> String {
        http_get(&self.admin, "/metrics").expect("metrics").body
    }
}

fn fetcher_config(handle: &FarmHandle) -> String {
    let own = "[fetcher]\ncontact = \"https://naba.example/crawler\"\ndelay = \"15ms\"\nmin_interval = \"1s\"\nmax_interval = \"2s\"\n";
    handle.hosts_toml().replacen("[fetcher]\n", own, 1)
}

fn import(sources: &str, bootstrap: &str, folder: &Path) {
    let file = folder.join("sources.toml");
    std::fs::write(&file, sources).expect("sources");
    let mut command = Command::new(binary("naba"));
    command
        .args(["sources", "import"])
        .arg(&file)
        .args(["--kafka", bootstrap])
        .env("NABA__STAGE__TOPIC_PREFIX", PREFIX);
    let imported = command.output().expect("naba sources import");
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
}

/// Returns the value of the only series that an expression gives, 0 when there is none.
fn value(prometheus: &RealPrometheus, expression: &str) -> f64 {
    let answer: serde_json::Value = serde_json::from_str(&prometheus.query(expression)).expect("JSON");
    let series = answer["data"]["result"].as_array().unwrap_or_else(|| panic!("{expression}: {answer}"));
    assert!(series.len() <= 1, "{expression} gives several series: {answer}");
    series.first().map_or(0.0, |s| s["value"][1].as_str().expect("value").parse().expect("number"))
}

fn emitted(prometheus: &RealPrometheus, stage: &str) -> f64 {
    value(prometheus, &format!("sum(naba_records_total{{stage=\"{stage}\",disposition=\"emitted\"}})"))
}

/// Waits until every stage has emitted at least `articles` records, as Prometheus counts them.
fn wait_until_emitted(prometheus: &RealPrometheus, services: &mut [Watched], articles: usize) {
    for service in services {
        let what = format!("{} has emitted {articles} records", service.stage);
        eventually(&what, PATIENCE, || {
            assert!(service.process.is_running(), "{} ended:\n{}", service.stage, service.process.log());
            std::thread::sleep(Duration::from_millis(200));
            (emitted(prometheus, service.stage) >= articles as f64).then_some(())
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prometheus_sees_all_four_services_and_every_metric_as_declared() {
    let kafka = RealKafka::start(1);
    let folder = scratch("metrics");
    let topics = Topics::built_in().expect("topics").adapted(PREFIX, None);
    let log = KafkaLog::open(KafkaSettings::new(kafka.bootstrap())).expect("log");
    log.ensure_topics(&topics.all()).await.expect("topics");
    let farm = Farm::new(FarmConfig { syndicated_per_mille: 0, seed_text: None, ..FarmConfig::calm(5, 4, 40) });
    let (half, all) = (farm.sites()[..2].iter().map(|site| site.articles.len()).sum(), farm.articles().len());
    let handle = serve(farm, ServeOptions::default()).await.expect("farm");
    std::fs::write(folder.path().join("fetcher.toml"), fetcher_config(&handle)).expect("config");

    let mut services = STAGES.map(|stage| Watched::start(stage, kafka.bootstrap(), folder.path()));
    let addresses = services.each_ref().map(|service| format!("\"{}\"", service.admin)).join(", ");
    let prometheus = RealPrometheus::start(&format!(
        "global: {{scrape_interval: 1s}}\n\
         scrape_configs: [{{job_name: naba, static_configs: [{{targets: [{addresses}]}}]}}]\n"
    ));
    for service in &mut services {
        eventually(&format!("{} is ready", service.stage), PATIENCE, || {
            (service.status("/readyz") == 200).then_some(())
        });
        assert_eq!(service.status("/livez"), 200, "{} is alive", service.stage);
    }
    eventually("all four targets are up", PATIENCE, || (value(&prometheus, "sum(up)") == 4.0).then_some(()));

    // Half of the sites, then all of them: what is counted grows.
    let sources = handle.farm().sources_toml("1s");
    let sites = handle.farm().sites();
    let cut = sources
        .match_indices("\n[[source]]")
        .map(|(at, _)| at)
        .nth(sites[..2].iter().map(|s| s.listings().count()).sum());
    import(&sources[..cut.expect("more than two sites")], kafka.bootstrap(), folder.path());
    wait_until_emitted(&prometheus, &mut services, half);
    let before = STAGES.map(|stage| emitted(&prometheus, stage));
    import(&sources, kafka.bootstrap(), folder.path());
    wait_until_emitted(&prometheus, &mut services, all);
    for (stage, before) in STAGES.iter().zip(before) {
        assert!(emitted(&prometheus, stage) > before, "{stage} has emitted more than {before}");
        let lost =
            value(&prometheus, &format!("sum(naba_records_total{{stage=\"{stage}\",disposition=\"dead_lettered\"}})"));
        assert_eq!(lost, 0.0, "dead letters of {stage} in a calm run");
    }
    let articles = all as f64;
    assert!(value(&prometheus, "sum(naba_end_to_end_seconds_count{stage=\"sink\"})") >= articles);
    assert!(value(&prometheus, "sum(naba_freshness_seconds_count{stage=\"enricher\"})") > 0.0);
    assert!(value(&prometheus, "sum(naba_age_seconds_count{stage=\"sink\"})") >= articles);

    // Gauges are measured every few seconds.
    let (mut seen, mut patience) = (BTreeSet::new(), 60);
    while !missing(&seen).is_empty() {
        assert!(patience > 0, "no service exposes {:?}", missing(&seen));
        patience -= 1;
        std::thread::sleep(Duration::from_millis(500));
        seen.extend(services.iter().flat_map(|service| names(&service.metrics())));
    }
    for service in &services {
        let text = service.metrics();
        check_exposition(service.stage, &text);
        RealPrometheus::lint(&text).unwrap_or_else(|said| panic!("{}: {said}", service.stage));
    }
    for service in &mut services {
        let ended = service.process.terminate(Duration::from_secs(40));
        assert!(ended.success(), "{} ended with {ended}:\n{}", service.stage, service.process.log());
    }
}

/// For longer than the client's own patience of ten seconds.
#[test]
fn a_service_that_cannot_reach_kafka_is_alive_and_not_ready_and_keeps_trying() {
    let folder = scratch("metrics-unreachable");
    let nobody = format!("127.0.0.1:{}", free_ports(&[0]));
    let mut parser = Watched::start("parser", &nobody, folder.path());
    eventually("the parser is alive", Duration::from_secs(20), || (parser.status("/livez") == 200).then_some(()));
    for _ in 0..30 {
        assert_eq!(parser.status("/readyz"), 503, "nothing is assigned without Kafka");
        assert_eq!(parser.status("/livez"), 200, "a restart would not help");
        std::thread::sleep(Duration::from_millis(500));
    }
    let ended = parser.process.terminate(Duration::from_secs(20));
    assert!(ended.success(), "ended with {ended}:\n{}", parser.process.log());
}

/// Returns the metrics that should have been seen and were not.
fn missing(seen: &BTreeSet<String>) -> Vec<&'static str> {
    let expected = Metric::ALL.iter().filter(|metric| !QUIET.contains(metric)).map(|metric| metric.name());
    expected.filter(|name| !seen.contains(*name)).collect()
}

/// Returns the names that have a sample, without the suffixes of histograms.
fn names(text: &str) -> Vec<String> {
    samples(text).into_iter().map(|sample| sample.name).collect()
}

/// Checks every metric of naba against its declaration.
fn check_exposition(stage: &str, text: &str) {
    let comment = |kind: &str| -> BTreeMap<String, String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(kind)).filter_map(|line| line.split_once(' '));
        lines.map(|(name, said)| (name.to_owned(), said.to_owned())).collect()
    };
    let (help, kinds) = (comment("# HELP "), comment("# TYPE "));
    for sample in samples(text) {
        let metric = Metric::ALL.iter().find(|metric| metric.name() == sample.name);
        let metric = metric.unwrap_or_else(|| panic!("{stage}: {} is not declared in Metric::ALL", sample.name));
        let kind = match metric.kind() {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        assert_eq!(kinds.get(&sample.name).map(String::as_str), Some(kind), "{stage}: TYPE of {}", sample.name);
        assert_eq!(help.get(&sample.name).map(String::as_str), Some(metric.help()), "{stage}: HELP of {}", sample.name);
        let labels: BTreeSet<&str> = sample.labels.iter().map(String::as_str).collect();
        assert_eq!(labels, metric.labels().iter().copied().collect(), "{stage}: labels of {}", sample.name);
    }
}

/// A sample of a metric of naba.
struct Sample {
    /// Name of the metric, without the suffix of a histogram's series.
    name: String,
    /// Names of the labels, but for the bucket's bound.
    labels: Vec<String>,
}

fn samples(text: &str) -> Vec<Sample> {
    let lines = text.lines().filter(|line| line.starts_with("naba_"));
    lines.map(sample).collect()
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).expect("a name ends");
    let series = &line[..end];
    let histogram = |suffix: &str| series.strip_suffix(suffix).filter(|name| is_histogram(name));
    let name = ["_bucket", "_sum", "_count"].into_iter().find_map(histogram).unwrap_or(series);
    let labels = line[end..].strip_prefix('{').and_then(|rest| rest.rsplit_once('}')).map_or("", |(labels, _)| labels);
    // No value of ours holds a comma or an equals sign.
    let labels = labels.split(',').filter_map(|label| label.split_once('=')).map(|(name, _)| name.to_owned());
    Sample { name: name.to_owned(), labels: labels.filter(|name| name != "le").collect() }
}

fn is_histogram(name: &str) -> bool {
    Metric::ALL.iter().any(|metric| metric.name() == name && metric.kind() == Kind::Histogram)
}
