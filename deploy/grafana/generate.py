#!/usr/bin/env python3
"""Writes the dashboards: deploy/grafana/dashboards/*.json, for the compose file and, through helm/generate.py, for the chart.

`generate.py --check` only says what is out of date, and what is wrong with a panel.
"""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
WIDTH = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
RATE = "$__rate_interval"
# 99 % of live articles are in the sink within 60 s of discovery, over 30 days: as in deploy/prometheus/alerts.yml.
OBJECTIVE, BOUND = 0.99, 60


def panel(title, about, unit, *queries, kind="timeseries", width=8, height=8, **options):
    """A panel; queries are (expression, legend)."""
    return {"title": title, "about": about, "unit": unit, "queries": queries, "kind": kind, "width": width, "height": height, **options}


def stat(title, about, unit, expression, *steps, width=4, **options):
    """A number that changes colour; steps are (from value, colour)."""
    return panel(title, about, unit, (expression, ""), kind="stat", width=width, height=5, steps=steps, **options)


def quantiles(metric, by, *wanted):
    labels = f"le, {by}" if by else "le"
    name = f" {{{{{by}}}}}" if by else ""
    return [
        (f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket[{RATE}])))", f"p{q * 100:g}{name}") for q in wanted
    ]


def late(window):
    bucket = f'naba_end_to_end_seconds_bucket{{le="{BOUND}"}}'
    return f"1 - sum(rate({bucket}[{window}])) / sum(rate(naba_end_to_end_seconds_count[{window}]))"


RECORDS = 'naba_records_total{stage=~"$stage"}'
FAILED = "client_error|not_modified|read|redirect|robots_disallowed"

OVERVIEW = [
    "Objective: 99 % of live articles in the sink within 60 s of discovery, over 30 days",
    stat("Budget left, 30 d", "Share of the month's late articles that may still come. Below zero the objective is missed.", "percentunit",
         f"1 - ({late('30d')}) / {1 - OBJECTIVE:.2f}", (None, "red"), (0, "orange"), (0.25, "green")),
    stat("Burn rate, 1 h", "1 spends the budget in 30 days, 14.4 two per cent of it in an hour.", "none",
         f"({late('1h')}) / {1 - OBJECTIVE:.2f}", (None, "green"), (1, "orange"), (6, "red")),
    stat("On time, 1 h", "Share of live articles that reached the sink within a minute of their discovery.", "percentunit",
         f"1 - ({late('1h')})", (None, "red"), (0.94, "orange"), (0.99, "green")),
    stat("Articles, 1 h", "Enriched articles that the sink has taken, each version once.", "short",
         'sum(increase(naba_records_total{stage="sink",disposition="emitted"}[1h]))', (None, "red"), (1, "green")),
    stat("Dead letters, 24 h", "Records that could not be handled. They are kept for 30 days: naba dlq list.", "short",
         'sum(increase(naba_records_total{disposition="dead_lettered"}[1d])) or vector(0)', (None, "green"), (1, "orange")),
    stat("Instances that answer", "Of those that Prometheus knows.", "percentunit", 'avg(up{job="naba"})', (None, "red"), (1, "green")),
    panel("Burn rate", "How fast the budget is spent, over the windows that the alerts look at.", "none",
          *[(f"({late(w)}) / {1 - OBJECTIVE:.2f}", w) for w in ("5m", "1h", "6h")]),
    panel("Discovery to sink", "Time from discovery in a listing to the sink, live documents.", "s",
          *quantiles("naba_end_to_end_seconds", "", 0.5, 0.95, 0.99)),
    panel("Publication to stage", "Time from publication, where stated with a zone, to the commit of each stage.", "s",
          *quantiles("naba_freshness_seconds", "stage", 0.5)),
    "The line",
    panel("Records by stage", "What each stage finishes. What one emits, the next one consumes.", "rps",
          (f"sum by (stage) (rate({RECORDS}[{RATE}]))", "{{stage}}")),
    panel("Work that waits", "Records between the group's position and the end.", "short",
          ('sum by (stage) (naba_consumer_lag{stage=~"$stage"})', "{{stage}}")),
    panel("Age by stage", "Time from fetching to the commit of a stage: it jumps at the slow one.", "s",
          *quantiles("naba_age_seconds", "stage", 0.95)),
]

FUNNEL = [
    "Every record ends in exactly one disposition",
    panel("Ends, in the range shown", "Emitted, skipped for a reason, or dead-lettered with a code.", "short",
          (f"sum by (stage, disposition, code) (increase({RECORDS}[$__range]))", "{{stage}} {{disposition}} {{code}}"),
          kind="bargauge", width=24, height=12, instant=True),
    panel("Dispositions", "Rates by how records end.", "rps",
          (f"sum by (stage, disposition) (rate({RECORDS}[{RATE}]))", "{{stage}} {{disposition}}"), width=12, height=7),
    panel("Skips by reason", "A wave of one reason is the first sign of a block or a new layout.", "rps",
          (f'sum by (stage, code) (rate(naba_records_total{{stage=~"$stage",disposition="skipped"}}[{RATE}]))', "{{stage}} {{code}}"),
          width=12, height=7),
    "What could not be handled",
    panel("Dead letters", "By stage and code; docs/dead-letters.md says what to do about each.", "short",
          (f'sum by (stage, code) (increase(naba_records_total{{stage=~"$stage",disposition="dead_lettered"}}[{RATE}]))', "{{stage}} {{code}}")),
    panel("Dead-letter ratio", "Share of a stage's records; above 1 % an alert fires.", "percentunit",
          (f'sum by (stage) (rate(naba_records_total{{stage=~"$stage",disposition="dead_lettered"}}[{RATE}]))'
           f" / sum by (stage) (rate({RECORDS}[{RATE}]))", "{{stage}}")),
    panel("Retries", "Attempts that failed and were tried again, by code.", "short",
          (f'sum by (stage, code) (increase(naba_retries_total{{stage=~"$stage"}}[{RATE}]))', "{{stage}} {{code}}")),
]

FETCHER = [
    "Asking",
    panel("Fetches", "By what was fetched.", "reqps", (f"sum by (kind) (rate(naba_fetch_total[{RATE}]))", "{{kind}}")),
    panel("Outcomes", "How fetches end.", "reqps", (f"sum by (outcome) (rate(naba_fetch_total[{RATE}]))", "{{outcome}}")),
    panel("Failures", "Share of fetches that brought no answer to work with. Robots rules and missing pages are answers.", "percentunit",
          (f'sum by (kind) (rate(naba_fetch_total{{outcome!~"{FAILED}"}}[{RATE}]) > 0) / sum by (kind) (rate(naba_fetch_total[{RATE}]))', "{{kind}}")),
    "How long it takes, and what holds it up",
    panel("Time of a fetch", "From the request to the last byte.", "s", *quantiles("naba_fetch_seconds", "kind", 0.95)),
    panel("Work under way", "Pieces of work that the fetcher has in hand.", "short", ("sum(naba_work_pending)", "pending")),
    panel("Not modified", "Share of feeds and sitemaps that answered that nothing is new: cheap for both sides.", "percentunit",
          (f'sum by (kind) (rate(naba_fetch_total{{kind=~"feed|sitemap",outcome="not_modified"}}[{RATE}]))'
           f' / sum by (kind) (rate(naba_fetch_total{{kind=~"feed|sitemap"}}[{RATE}]))', "{{kind}}")),
    panel("Rules and limits", "Pages that robots.txt forbids, and answers that ask for patience.", "reqps",
          (f'sum by (outcome) (rate(naba_fetch_total{{outcome=~"robots_disallowed|rate_limited"}}[{RATE}]))', "{{outcome}}")),
]

KAFKA = [
    "Reading",
    panel("Lag", "Records between the group's position and the end, by topic.", "short",
          ('sum by (stage, topic) (naba_consumer_lag{stage=~"$stage"})', "{{stage}} {{topic}}")),
    panel("Lag in time", "Seconds of work that wait, at the pace of the last minutes. An alert fires above 300.", "s",
          (f'sum by (stage) (naba_consumer_lag{{stage=~"$stage"}}) / (sum by (stage) (rate({RECORDS}[{RATE}])) > 0)', "{{stage}}")),
    panel("Partitions owned", "Over all instances of a stage: a gap is a partition that nobody reads.", "short",
          ('sum by (stage) (naba_partitions{stage=~"$stage"})', "{{stage}}")),
    "Committing and moving",
    panel("Time to commit", "A slow commit is a slow broker.", "s", *quantiles("naba_commit_seconds", "stage", 0.5, 0.99)),
    panel("Transactions", "Committed or aborted.", "ops",
          (f'sum by (stage, result) (rate(naba_commits_total{{stage=~"$stage"}}[{RATE}]))', "{{stage}} {{result}}")),
    panel("Rebalances", "Assigned, revoked or lost; each restart makes some.", "short",
          (f'sum by (stage, kind) (increase(naba_rebalances_total{{stage=~"$stage"}}[{RATE}]))', "{{stage}} {{kind}}")),
    panel("State restored", "Changelog records read after partitions came.", "short",
          (f'sum by (stage) (increase(naba_state_restored_total{{stage=~"$stage"}}[{RATE}]))', "{{stage}}")),
    panel("In flight", "Bytes read and not yet committed; at the limit reading stops.", "bytes",
          ('sum by (stage, instance) (naba_in_flight_bytes{stage=~"$stage"})', "{{stage}} {{instance}}")),
]

RESOURCES = [
    "Processes",
    panel("CPU", "Cores used.", "none", (f'sum by (instance) (rate(process_cpu_seconds_total{{job="naba"}}[{RATE}]))', "{{instance}}")),
    panel("Memory", "Resident memory.", "bytes", ('sum by (instance) (process_resident_memory_bytes{job="naba"})', "{{instance}}")),
    panel("Open files", "File descriptors.", "short", ('sum by (instance) (process_open_fds{job="naba"})', "{{instance}}")),
    "What the work costs",
    panel("Time of a record", "Without waiting.", "s", *quantiles("naba_record_seconds", "stage", 0.5, 0.99)),
    panel("Busy", "Records in work at once, on average: near the number of cores a stage is at its limit.", "none",
          (f'sum by (stage, instance) (rate(naba_record_seconds_sum{{stage=~"$stage"}}[{RATE}]))', "{{stage}} {{instance}}")),
    panel("CPU for a record", "Seconds of a core for each record that the whole line finishes.", "s",
          (f'sum(rate(process_cpu_seconds_total{{job="naba"}}[{RATE}])) / (sum(rate(naba_records_total[{RATE}])) > 0)', "all")),
    panel("Instances", "Those that answer.", "short", ('sum(up{job="naba"})', "up"), ('count(up{job="naba"})', "known")),
]

SOURCES = [
    "Sources",
    stat("Watched", "Over all instances.", "short", "sum(naba_sources)", (None, "red"), (1, "green"), width=6),
    stat("Silent", "Nothing new for longer than three of their intervals and a day.", "short", "sum(naba_source_silence)",
         (None, "green"), (4, "orange"), width=6),
    stat("Silent share", "Above a tenth an alert fires.", "percentunit", "sum(naba_source_silence) / sum(naba_sources)",
         (None, "green"), (0.1, "red"), width=6),
    stat("Listings read, 1 h", "Feeds, sitemaps and files that were read or had not changed.", "short",
         'sum(increase(naba_fetch_total{kind=~"feed|sitemap|file",outcome=~"read|not_modified"}[1h]))', (None, "red"), (1, "green"), width=6),
    panel("Watched and silent", "By instance of the fetcher.", "short", ("sum by (instance) (naba_sources)", "{{instance}} watched"),
          ("sum by (instance) (naba_source_silence)", "{{instance}} silent")),
    panel("Listings by outcome", "Feeds and sitemaps.", "reqps",
          (f'sum by (kind, outcome) (rate(naba_fetch_total{{kind=~"feed|sitemap"}}[{RATE}]))', "{{kind}} {{outcome}}")),
    panel("Time from publication to parser", "Late listings show here first.", "s",
          (f'histogram_quantile(0.5, sum by (le) (rate(naba_freshness_seconds_bucket{{stage="parser"}}[{RATE}])))', "p50"),
          (f'histogram_quantile(0.95, sum by (le) (rate(naba_freshness_seconds_bucket{{stage="parser"}}[{RATE}])))', "p95")),
    "What pages give: the early sign of a layout change",
    panel("Where fields come from", "Articles by the layer that gave a field.", "rps",
          (f'sum by (provenance) (rate(naba_field_total{{field=~"$field"}}[{RATE}]))', "{{provenance}}"), width=12),
    panel("Articles with a field", "Share of the parsed articles that have it.", "percentunit",
          (f'sum by (field) (rate(naba_field_total{{field=~"$field"}}[{RATE}]))'
           f' / ignoring(field) group_left sum(rate(naba_records_total{{stage="parser",disposition="emitted"}}[{RATE}]))', "{{field}}"), width=12),
]

BOARDS = {
    "overview": ("naba: overview", OVERVIEW, ["stage"]),
    "funnel": ("naba: funnel", FUNNEL, ["stage"]),
    "fetcher": ("naba: fetcher", FETCHER, []),
    "kafka": ("naba: Kafka", KAFKA, ["stage"]),
    "resources": ("naba: resources", RESOURCES, ["stage"]),
    "sources": ("naba: sources", SOURCES, ["field"]),
}
VARIABLES = {"stage": "naba_partitions", "field": "naba_field_total"}


def variable(name):
    return {
        "name": name, "type": "query", "datasource": SOURCE, "definition": f"label_values({VARIABLES[name]}, {name})",
        "query": {"query": f"label_values({VARIABLES[name]}, {name})", "refId": name},
        "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]},
    }


def drawn(item, number, at):
    """A panel in Grafana's form."""
    steps = [{"value": value, "color": colour} for value, colour in item.get("steps", [(None, "green")])]
    targets = [
        {"refId": chr(65 + n), "datasource": SOURCE, "expr": expression, "legendFormat": legend,
         **({"instant": True, "range": False} if item.get("instant") else {"range": True})}
        for n, (expression, legend) in enumerate(item["queries"])
    ]
    options = {"timeseries": {"legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
                              "tooltip": {"mode": "multi", "sort": "desc"}},
               "stat": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"},
               "bargauge": {"reduceOptions": {"calcs": ["lastNotNull"]}, "orientation": "horizontal", "displayMode": "basic"}}
    return {
        "id": number, "type": item["kind"], "title": item["title"], "description": item["about"], "datasource": SOURCE, "gridPos": at,
        "fieldConfig": {"defaults": {"unit": item["unit"], "color": {"mode": "thresholds" if "steps" in item else "palette-classic"},
                                     "thresholds": {"mode": "absolute", "steps": steps}}, "overrides": []},
        "options": options[item["kind"]], "targets": targets,
    }


def board(uid, title, items, variables):
    panels, x, y, tallest = [], 0, 0, 0
    for number, item in enumerate(items, 1):
        row = isinstance(item, str)
        width, height = (WIDTH, 1) if row else (item["width"], item["height"])
        if x + width > WIDTH:
            x, y, tallest = 0, y + tallest, 0
        at = {"x": x, "y": y, "w": width, "h": height}
        panels.append({"id": number, "type": "row", "title": item, "collapsed": False, "gridPos": at, "panels": []} if row else drawn(item, number, at))
        x, tallest = x + width, max(tallest, height)
    links = [{"type": "dashboards", "tags": ["naba"], "title": "naba", "asDropdown": True, "includeVars": True, "keepTime": True},
             {"type": "link", "title": "Runbook", "url": "https://github.com/naba-news/naba/blob/main/docs/runbook.md", "targetBlank": True}]
    source = {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {}, "hide": 0}
    return {
        "uid": f"naba-{uid}", "title": title, "tags": ["naba"], "schemaVersion": 39, "editable": False, "timezone": "browser",
        "refresh": "30s", "time": {"from": "now-6h", "to": "now"}, "links": links, "panels": panels,
        "templating": {"list": [source, *map(variable, variables)]},
    }


def faults(name, content):
    """Yields what makes a panel hard to read or wrong."""
    titles = set()
    for item in content["panels"]:
        if item["type"] == "row":
            continue
        where = f"{name}: {item['title']}"
        if item["title"] in titles:
            yield f"{where}: a second panel of this title"
        titles.add(item["title"])
        if not item["description"].endswith("."):
            yield f"{where}: has no description"
        for target in item["targets"]:
            for before in re.findall(r"([a-z_0-9]*)\((?:[^()]*?)\b(?:naba|process)_[a-z_]+_(?:total|bucket|sum|count)\b", target["expr"]):
                if before not in ("rate", "increase"):
                    yield f"{where}: a counter under {before or 'nothing'}"
            if re.search(r"\brate\([^\[]*\[(?!\$__rate_interval|5m|1h|6h|30d)", target["expr"]):
                yield f"{where}: a window of its own in a rate"


def main():
    stale = []
    for name, (title, items, variables) in BOARDS.items():
        content = board(name, title, items, variables)
        if found := list(faults(name, content)):
            return "\n".join(found)
        path = HERE / "dashboards" / f"{name}.json"
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        if not path.exists() or path.read_text() != text:
            stale.append(str(path.relative_to(HERE)))
            if "--check" not in sys.argv[1:]:
                path.write_text(text)
    extra = {p.stem for p in (HERE / "dashboards").glob("*.json")} - BOARDS.keys()
    if extra:
        return f"grafana: nobody generates {sorted(extra)}"
    if "--check" in sys.argv[1:] and stale:
        return f"grafana: out of date, run deploy/grafana/generate.py: {', '.join(stale)}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
