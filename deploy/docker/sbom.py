"""Prints the bill of materials of the programs as CycloneDX 1.5: every crate that is linked in, from Cargo's own resolution.

Not in it: the C libraries that crates bring along (librdkafka, zstd, SQLite; their -sys crates name the versions), zlib and glibc.
"""

import json
import os
import pathlib
import subprocess
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = ["naba", "naba-fetcher", "naba-parser", "naba-enricher", "naba-sink", "naba-newsfarm"]


def resolved():
    command = [os.environ.get("CARGO", "cargo"), "metadata", "--locked", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def linked(metadata):
    """Follows the programs' normal dependencies: what only builds or tests is no part of the image."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    waiting = [p["id"] for p in metadata["packages"] if p["name"] in PROGRAMS and p["source"] is None]
    edges = {}
    while waiting:
        identity = waiting.pop()
        if identity not in edges:
            normal = [d["pkg"] for d in nodes[identity]["deps"] if any(kind["kind"] is None for kind in d["dep_kinds"])]
            edges[identity] = normal
            waiting += normal
    return edges


def component(package, sums):
    reference = f"pkg:cargo/{package['name']}@{package['version']}"
    found = {"type": "library", "bom-ref": reference, "name": package["name"], "version": package["version"], "purl": reference}
    if package["license"]:
        found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if total := sums.get((package["name"], package["version"])):
        found["hashes"] = [{"alg": "SHA-256", "content": total}]
    return found


def main():
    metadata = resolved()
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    sums = {(p["name"], p["version"]): p.get("checksum") for p in lock}
    packages = {p["id"]: p for p in metadata["packages"]}
    edges = linked(metadata)
    parts = {identity: component(packages[identity], sums) for identity in edges}
    version = next(p["version"] for p in metadata["packages"] if p["name"] == "naba")
    bill = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {"type": "container", "bom-ref": "naba", "name": "naba", "version": version}},
        "components": sorted(parts.values(), key=lambda part: part["bom-ref"]),
        "dependencies": sorted(
            ({"ref": parts[i]["bom-ref"], "dependsOn": sorted(parts[d]["bom-ref"] for d in found)} for i, found in edges.items()),
            key=lambda row: row["ref"],
        ),
    }
    print(json.dumps(bill, indent=1))


main()
