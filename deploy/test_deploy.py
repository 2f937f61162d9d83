"""Checks that what deploy/ says in several places agrees. With NABA set to the program, configurations are put before it."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ElementTree

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
STAGES = ["fetcher", "parser", "enricher", "sink"]
# Sections that every service reads.
SHARED = {"KAFKA", "ADMIN", "STAGE", "LOG", "SHUTDOWN"}
RUNBOOK = "https://github.com/naba-news/naba/blob/main/docs/runbook.md"
SUFFIXES = re.compile(r"_(bucket|count|sum)$")


def read(path):
    return (ROOT / path).read_text()


def check(condition, message):
    if not condition:
        sys.exit(f"deploy: {message}")


def known_metrics():
    """What services expose: the generated table, and what the process itself tells."""
    table = set(re.findall(r"^\| `(naba_[a-z_]+)` \|", read("docs/metrics.md"), re.MULTILINE))
    process = set(re.findall(r'"(process_[a-z_]+)"', read("crates/service/src/process.rs")))
    check(table and process, "docs/metrics.md or crates/service/src/process.rs tells no metric")
    return table | process | {"up"}


def metrics_of(expression):
    """Metric names of an expression: what stands before a selector, a range, or an operator, and is no function or label."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    words = re.findall(r"\b([a-z][a-z0-9_:]*)\b(?!\s*\()", bare)
    return {word for word in words if word not in {"and", "or", "unless", "by", "group_left", "inf", "nan"} and "_" in word or word == "up"}


def unknown_metrics(expression, known):
    return [m for m in metrics_of(expression) if m not in known and SUFFIXES.sub("", m) not in known]


def anchors(path):
    """The anchors that headings of a Markdown file get."""
    found = re.findall(r"^#+ (.+)$", read(path), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in found}


def alerts():
    groups = yaml.safe_load(read("deploy/prometheus/alerts.yml"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    known = known_metrics() | {rule["record"] for rule in rules if "record" in rule}
    sections = re.split(r"^## ", read("docs/runbook.md"), flags=re.MULTILINE)
    sections = {section.split("\n", 1)[0]: section for section in sections}
    for rule in rules:
        name = rule.get("alert") or rule["record"]
        unknown = unknown_metrics(rule["expr"], known)
        check(not unknown, f"{name} asks for {unknown}, which nobody counts")
        if "alert" in rule:
            check(rule["annotations"]["runbook_url"] == f"{RUNBOOK}#{name.lower()}", f"{name} points to another section")
            check(name in sections, f"docs/runbook.md has no section {name}")
            for part in ["**Means.**", "**Look.**", "**Do.**"]:
                check(part in sections[name], f"docs/runbook.md: {name} has no {part}")
    named = {rule["alert"] for rule in rules if "alert" in rule}
    extra = [s for s in sections if s.startswith("Naba") and s not in named]
    check(not extra, f"docs/runbook.md explains {extra}, which nobody raises")
    mutants(rules, named)
    return len(named)


def mutants(rules, named):
    """Tests that cannot fail prove nothing: with any alert mute, or always firing, they must."""
    tests = {path: path.read_text() for path in (ROOT / "deploy/prometheus").glob("*_test.yml")}
    broken = [(name, how) for name in sorted(named) for how in ("vector(1) > 1", "vector(1)")]
    # An alert that is there to fire always has no test in which it is silent.
    broken.remove(("NabaWatching", "vector(1)"))
    with tempfile.TemporaryDirectory() as folder:
        for name, how in broken:
            # Only what the alert's tests need: its own rule, broken.
            content = {"groups": [{"name": "broken", "rules": [{**r, "expr": how} for r in rules if r.get("alert") == name]}]}
            (pathlib.Path(folder) / "alerts.yml").write_text(yaml.safe_dump(content))
            suite = yaml.safe_load(next((text for text in tests.values() if f"alertname: {name}\n" in text), "tests: []"))
            own = [{**t, "alert_rule_test": [c for c in t["alert_rule_test"] if c["alertname"] == name]} for t in suite["tests"]]
            suite["tests"] = [test for test in own if test["alert_rule_test"]]
            check(suite["tests"], f"no test asks for {name}")
            (pathlib.Path(folder) / "broken_test.yml").write_text(yaml.safe_dump(suite))
            done = subprocess.run(["promtool", "test", "rules", f"{folder}/broken_test.yml"], capture_output=True)
            check(done.returncode, f"no test notices that {name} is {how}")


def dashboards():
    known = known_metrics()
    boards = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
    panels = 0
    for path in boards:
        board = json.loads(path.read_text())
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                unknown = unknown_metrics(target["expr"], known)
                check(not unknown, f"{path.name}: {panel['title']} asks for {unknown}, which nobody counts")
                panels += 1
        for variable in board["templating"]["list"]:
            metric = re.match(r"label_values\(([a-z_]+),", variable.get("definition", ""))
            check(not metric or metric[1] in known, f"{path.name}: variable {variable['name']} asks for {metric and metric[1]}")
    check(boards and panels, "there are no dashboards")
    return len(boards), panels


def links():
    """Links between the documents of operation lead somewhere."""
    for path in ["docs/runbook.md", "docs/operations.md", "helm/naba/README.md"]:
        for target in re.findall(r"\]\(([^)\s]+)\)", read(path)):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            file = (ROOT / path).parent / file if file else ROOT / path
            check(file.exists(), f"{path} leads to {target}, which is not there")
            if anchor:
                inside = file.resolve().relative_to(ROOT)
                check(anchor in anchors(inside), f"{path} leads to {target}, which is no heading")


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
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            check(not source.startswith(".") or (ROOT / "deploy" / source).exists(), f"compose: {name} mounts {source}, which is not there")
        for port in service.get("ports", []):
            check(port.startswith("127.0.0.1:"), f"compose: {name} publishes {port} beyond loopback")
    scraped = yaml.safe_load(read("deploy/prometheus/prometheus.yml"))["scrape_configs"][0]
    check(scraped["dns_sd_configs"][0]["names"] == STAGES, "prometheus.yml does not scrape the four services")
    check(scraped["job_name"] == "naba", "prometheus.yml calls the job otherwise than the alerts do")
    grafana = yaml.safe_load(read("deploy/grafana/provisioning/dashboards/naba.yaml"))["providers"][0]["options"]["path"]
    check(f"./grafana/dashboards:{grafana}:ro" in services["grafana"]["volumes"], "grafana is told another folder than it is given")
    source = yaml.safe_load(read("deploy/grafana/provisioning/datasources/prometheus.yaml"))["datasources"][0]["url"]
    check(source.removeprefix("http://").split(":")[0] in services, f"grafana asks {source}, which is no service")
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


def dockerfiles():
    text = read("deploy/docker/Dockerfile")
    channel = tomllib.loads(read("rust-toolchain.toml"))["toolchain"]["channel"]
    check(f"rust:{channel.rsplit('.', 1)[0]}-" in text, f"the Dockerfile builds with another Rust than {channel}")
    # One is built from source and not tested here, the other is: from its labels on they are the same.
    packed = read("deploy/docker/Dockerfile.scratch")
    check(text.split("\nLABEL ")[1] == packed.split("\nLABEL ")[1], "Dockerfile and Dockerfile.scratch make different images")
    check("USER 65532:65532" in text, "the image runs as root")
    for program in ["naba"] + [f"naba-{stage}" for stage in STAGES] + ["newsfarm"]:
        check(re.search(rf"^PROGRAMS=\(.*\b{program}\b", read("deploy/docker/static.sh"), re.MULTILINE), f"the image lacks {program}")


helm()
dockerfiles()
configurations()
links()
boards, panels = dashboards()
print(
    f"deploy: {alerts()} alerts tested and explained, {panels} queries of {boards} dashboards ask for what is counted, "
    f"{compose()} compose services agree with topics, pom and chart"
)
