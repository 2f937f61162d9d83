"""Checks that what deploy/ says in several places agrees. With NABA set to the program, configurations are put before it."""

import os
import pathlib
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
STAGES = ["fetcher", "parser", "enricher", "sink"]
# Sections that every service reads.
SHARED = {"KAFKA", "ADMIN", "STAGE", "LOG", "SHUTDOWN"}
SUFFIXES = re.compile(r"_(bucket|count|sum)$")


def read(path):
    return (ROOT / path).read_text()


def check(condition, message):
    if not condition:
        sys.exit(f"deploy: {message}")


def alerts():
    rules = yaml.safe_load(read("deploy/prometheus/alerts.yml"))
    rules = [rule for group in rules["groups"] for rule in group["rules"]]
    tested = yaml.safe_load(read("deploy/prometheus/alerts_test.yml"))
    tested = {
        case["alertname"] for test in tested["tests"] for case in test["alert_rule_test"] if case["exp_alerts"]
    }
    sections = {line[3:].lower() for line in read("docs/runbook.md").splitlines() if line.startswith("## ")}
    known = set(re.findall(r'"(naba_[a-z_]+)"', read("crates/stage/src/metric.rs")))
    check(known, "no metric found in crates/stage/src/metric.rs")
    for rule in rules:
        name = rule.get("alert") or rule["record"]
        for metric in re.findall(r"\bnaba_[a-z_]+", rule["expr"]):
            check(metric in known or SUFFIXES.sub("", metric) in known, f"{name} asks for {metric}, which nobody counts")
        if "alert" in rule:
            check(name in tested, f"no test makes {name} fire")
            check(name.lower() in sections, f"docs/runbook.md has no section {name}")
            check(rule["annotations"]["runbook"].endswith("#" + name.lower()), f"{name} points to another section")
    return len([rule for rule in rules if "alert" in rule])


def compose():
    services = yaml.safe_load(read("deploy/compose.yaml"))["services"]
    pom = ElementTree.parse(ROOT / "deploy/kafka/pom.xml").getroot()
    version = next(e.text for e in pom.iter() if e.tag.endswith("kafka.version"))
    check(services["kafka"]["image"] == f"apache/kafka:{version}", f"compose runs another Kafka than {version}")
    largest = max(topic["max_message_bytes"] for topic in tomllib.loads(read("deploy/topics.toml"))["topic"])
    for key in ["KAFKA_MESSAGE_MAX_BYTES", "KAFKA_REPLICA_FETCH_MAX_BYTES"]:
        check(int(services["kafka"]["environment"][key]) >= largest, f"compose: {key} is below {largest}")
    for stage in STAGES:
        service = services[stage]
        check(service["command"][0] == f"naba-{stage}", f"compose: {stage} runs {service['command']}")
        check(service["deploy"]["replicas"] == 2, f"compose: {stage} does not run twice")
        check(service["read_only"] and service["cap_drop"] == ["ALL"], f"compose: {stage} is not locked down")
    fetcher = tomllib.loads(read("deploy/compose/fetcher.toml"))["fetcher"]
    farm = services["newsfarm"]["networks"]["default"]["ipv4_address"]
    check(fetcher["allow_addresses"] == [f"{farm}/32"], "compose/fetcher.toml allows more or other than the newsroom")
    check(all(a.startswith(f"{farm}:") for a in fetcher["hosts"].values()), "compose/fetcher.toml names another newsroom")
    for name, service in services.items():
        for port in service.get("ports", []):
            check(port.startswith("127.0.0.1:"), f"compose: {name} publishes {port} beyond loopback")
    targets = yaml.safe_load(read("deploy/prometheus/prometheus.yml"))["scrape_configs"][0]["dns_sd_configs"][0]
    check(targets["names"] == STAGES, "prometheus.yml does not scrape the four services")
    return len(services)


def configurations():
    """Asks the program whether it would start with the configurations of the compose file."""
    naba = os.environ.get("NABA")
    if not naba:
        return
    environment = {}
    for service in yaml.safe_load(read("deploy/compose.yaml"))["services"].values():
        for key, value in (service.get("environment") or {}).items():
            if key.startswith("NABA__"):
                environment[key] = re.sub(r"\$\{\w+:-(\w*)\}", r"\1", value)
    for stage in STAGES:
        command = [naba, "check-config", "--service", stage]
        own = environment if stage == "sink" else {k: v for k, v in environment.items() if k.split("__")[1] in SHARED}
        if stage == "fetcher":
            command += ["--config", str(ROOT / "deploy/compose/fetcher.toml")]
        done = subprocess.run(command, capture_output=True, text=True, env={**own, "PATH": os.environ["PATH"]})
        check(done.returncode == 0, f"compose: the {stage} refuses its configuration:\n{done.stderr}")


def helm():
    services = yaml.safe_load(read("helm/naba/values.yaml"))["services"]
    check(sorted(services) == sorted(STAGES), "the chart has other services than the four")


def dockerfile():
    text = read("deploy/docker/Dockerfile")
    channel = tomllib.loads(read("rust-toolchain.toml"))["toolchain"]["channel"]
    check(f"rust:{channel.rsplit('.', 1)[0]}-" in text, f"the Dockerfile builds with another Rust than {channel}")
    check("USER 65532:65532" in text, "the image runs as root")
    for program in ["naba"] + [f"naba-{stage}" for stage in STAGES] + ["newsfarm"]:
        check(f"release/{program} " in text, f"the image lacks {program}")


helm()
dockerfile()
configurations()
print(f"deploy: {alerts()} alerts tested and explained, {compose()} compose services agree with topics, pom and chart")
