"""Prints a rendering so that two of them can be compared: one form, one order, whatever the version of Helm.

With a second rendering as argument, prints only what differs from it. Dashboards are left out: helm/generate.py holds them
against their source.
"""

import sys

import yaml


class Dumper(yaml.SafeDumper):
    pass


def text(dumper, value):
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


def read(stream):
    documents = {(d["kind"], d["metadata"]["name"]): d for d in yaml.safe_load_all(stream) if d}
    for (kind, _), document in documents.items():
        for key in document.get("data") or {} if kind == "ConfigMap" else {}:
            if key.endswith(".json"):
                document["data"][key] = "…"
    return documents


Dumper.add_representer(str, text)
found = read(sys.stdin)
base = {}
if len(sys.argv) > 1:
    with open(sys.argv[1]) as file:
        base = read(file)
for kind, name in sorted(base.keys() - found.keys()):
    print(f"# without {kind} {name}")
for kind, name in sorted(base.keys() & found.keys()):
    if base[kind, name] == found[kind, name]:
        print(f"# like minimal: {kind} {name}")
shown = [found[key] for key in sorted(found) if base.get(key) != found[key]]
yaml.dump_all(shown, sys.stdout, Dumper=Dumper, explicit_start=True, width=200, allow_unicode=True)
