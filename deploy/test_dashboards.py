"""Runs every query of every dashboard, and every rule, on a real Prometheus that scrapes the whole line at work.

NABA is the program: it serves the demo newsroom and runs all stages. A query that stays empty fails, unless EMPTY says why.
"""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 150
# What Grafana puts in: an interval that fits scraping every second, a range, and "all".
VARIABLES = {"$__rate_interval": "15s", "$__range": "2m", "$stage": ".*", "$field": ".*"}
# Panels that may have nothing to show, and why.
EMPTY = {
    ("funnel", "Dead letters"): "the demo has none unless something is broken",
    ("funnel", "Dead-letter ratio"): "the demo has none unless something is broken",
    ("funnel", "Retries"): "nothing fails on an embedded log",
    ("fetcher", "Failures"): "some of the newsroom's faults come late",
    ("fetcher", "Rules and limits"): "some of the newsroom's faults come late",
}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def ask(port, path, **parameters):
    url = f"http://127.0.0.1:{port}{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)
    except OSError:
        return None


def queries():
    """Yields (board, panel, expression) with Grafana's variables filled in."""
    for path in sorted((ROOT / "deploy/grafana/dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                expression = target["expr"]
                for name, value in VARIABLES.items():
                    expression = expression.replace(name, value)
                if "$" in expression:
                    sys.exit(f"dashboards: {path.name}: {panel['title']} has a variable that nobody fills: {expression}")
                yield path.stem, panel["title"], expression


def has_values(answer):
    return any(series["value"][1] != "NaN" for series in answer["data"]["result"])


def run_all(port, wanted, programs):
    """Asks again for what is empty, until nothing is that may not be."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        empty = []
        for board, title, expression in wanted:
            answer = ask(port, "/api/v1/query", query=expression)
            if answer is not None and answer["status"] != "success":
                sys.exit(f"dashboards: {board}: {title}: {answer['error']}\n  {expression}")
            if answer is None or not has_values(answer):
                empty.append((board, title, expression))
        left = [row for row in empty if row[:2] not in EMPTY]
        if not left:
            return len(wanted) - len(empty)
        for program in programs:
            if program.poll() is not None:
                sys.exit(f"dashboards: {program.args[0]} ended with {program.returncode}")
        if time.monotonic() > ends:
            sys.exit("dashboards: still empty:\n" + "\n".join(f"  {b}: {t}\n    {e}" for b, t, e in left))
        time.sleep(3)


def rules(port):
    """Every rule is evaluated without an error, and of the alerts only the watch fires."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = [rule for group in ask(port, "/api/v1/rules")["data"]["groups"] for rule in group["rules"]]
        if found and all(rule["health"] != "unknown" for rule in found):
            break
        if time.monotonic() > ends:
            sys.exit("dashboards: Prometheus does not evaluate the rules")
        time.sleep(1)
    for rule in found:
        if rule["health"] != "ok":
            sys.exit(f"dashboards: rule {rule['name']}: {rule.get('lastError')}")
    firing = [rule["name"] for rule in found if rule["type"] == "alerting" and rule["state"] == "firing"]
    if firing != ["NabaWatching"]:
        sys.exit(f"dashboards: {firing} fire on a line at work")
    return len(found)


def exposed(port):
    """What the line exposes has help, follows the conventions, and is documented with the labels it bears."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"dashboards: promtool finds fault with /metrics: {done.stdout}{done.stderr}")
    rows = re.findall(r"^\| `(\w+)` \| \w+ \| ([^|]*) \|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
    documented = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    names = set()
    for name, labels in re.findall(r"^([a-z_]+)(?:\{(.*)\})? \S+$", text, re.MULTILINE):
        name = re.sub(r"_(bucket|sum|count)$", "", name)
        names.add(name)
        if name.startswith("process_"):
            continue
        if name not in documented:
            sys.exit(f"dashboards: {name} is not in docs/metrics.md")
        found = set(re.findall(r'(\w+)="', labels)) - {"le"}
        if found != documented[name]:
            sys.exit(f"dashboards: {name} bears the labels {sorted(found)}, not {sorted(documented[name])}")
    return len(names)


def main():
    wanted = list(queries())
    stale = EMPTY.keys() - {row[:2] for row in wanted}
    if stale:
        sys.exit(f"dashboards: no panel is called {stale}")
    with tempfile.TemporaryDirectory(prefix="naba-dashboards.") as folder:
        folder = pathlib.Path(folder)
        admin, server = free_port(), free_port()
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 2s}\n"
            f"rule_files: [{ROOT}/deploy/prometheus/alerts.yml]\n"
            f"scrape_configs: [{{job_name: naba, static_configs: [{{targets: ['127.0.0.1:{admin}']}}]}}]\n"
        )
        with open(folder / "naba.log", "w") as naba_log, open(folder / "prometheus.log", "w") as prometheus_log:
            programs = []
            try:
                naba = [os.environ["NABA"], "up", "--demo", "--quiet", "--data", str(folder / "data")]
                listen = {"NABA__ADMIN__LISTEN": f"127.0.0.1:{admin}"}
                programs.append(subprocess.Popen(naba, stdout=naba_log, stderr=naba_log, env={**os.environ, **listen}))
                prometheus = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
                              f"--web.listen-address=127.0.0.1:{server}", "--log.level=warn"]
                programs.append(subprocess.Popen(prometheus, stdout=prometheus_log, stderr=prometheus_log))
                shown = run_all(server, wanted, programs)
                evaluated = rules(server)
                metrics = exposed(admin)
            except SystemExit:
                for log in ("naba.log", "prometheus.log"):
                    print(f"--- {log}", "\n".join((folder / log).read_text().splitlines()[-10:]), sep="\n", file=sys.stderr)
                raise
            finally:
                for program in programs:
                    if program.poll() is None:
                        program.send_signal(signal.SIGTERM)
                for program in programs:
                    program.wait(timeout=60)
    print(f"dashboards: {shown} of {len(wanted)} queries show something, the others may be empty; {evaluated} rules evaluated, "
          f"{metrics} metrics documented")


main()
