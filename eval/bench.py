"""Measures naba's extraction beside other extractors, one after another on one thread, on the same pages in memory.

Time is processor time. naba reads the raw bytes and gives the whole article with metadata, roles and comments; the others read
the text already decoded, and give what they give. A page's time is the least of its passes: what the machine adds is not theirs.
"""
import argparse
import collections
import json
import statistics

import corpus


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=corpus.DEFAULT, help="folder with pages.jsonl.gz and html/")
    parser.add_argument("--pages", type=int, default=300, help="how many pages to time, evenly out of all (0: all)")
    parser.add_argument("--passes", type=int, default=3, help="passes for the times")
    parser.add_argument("--memory-passes", type=int, default=10, help="passes of naba over all pages, for its memory (0: none)")
    parser.add_argument("--peers", nargs="*", default=list(corpus.PEERS), help="which peers to run beside naba")
    parser.add_argument("--json", help="also write the figures here")
    return parser.parse_args()


def read(path):
    times, memory = collections.defaultdict(list), []
    with open(path, encoding="utf8") as lines:
        for row in map(json.loads, lines):
            times[row["id"]].append(row["us"]) if "id" in row else memory.append(row)
    return {page: min(us) / 1000 for page, us in times.items()}, memory


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def summary(path):
    times, memory = read(path)
    values = list(times.values())
    slowest = max(times, key=times.get)
    return {
        "pages_per_s": 1000 * len(values) / sum(values),
        "p50_ms": statistics.median(values),
        "p99_ms": percentile(values, 0.99),
        "worst_ms": times[slowest],
        "worst_page": slowest,
        "loaded_mib": memory[0]["loaded_kib"] / 1024,
        "peak_mib": memory[-1]["peak_kib"] / 1024,
    }


def main():
    options = arguments()
    data = corpus.Corpus(options.data)
    # Copies of a page stand in several corpora: each is timed once.
    rows = list({row["html_sha256"]: row for row in data.rows}.values())
    timed = rows[:: max(1, len(rows) // options.pages)] if options.pages else rows
    folder, passes = data.cache / "bench", str(options.passes)
    corpus.run([corpus.NABA, "decode", data.decoded], data.list(rows=rows), data.cache / "decode.log")
    results = {"naba": summary(corpus.run([corpus.NABA, "time", passes], data.list(rows=timed), folder / "naba.jsonl"))}
    for name in options.peers:
        results[name] = summary(corpus.peer(name, "time", data.list(decoded=True, rows=timed), folder / f"{name}.jsonl", passes))
    print(f"{len(timed)} pages, {options.passes} passes, one thread, processor time\n")
    base = results.get("trafilatura", {}).get("pages_per_s")
    print("| extractor | pages/s | × trafilatura | p50 ms | p99 ms | p99 / p50 | worst ms | memory beyond the pages, MiB |\n|---|--:|--:|--:|--:|--:|--:|--:|")
    for name, r in results.items():
        times = f"{r['pages_per_s'] / base:.1f}" if base else "–"
        grown = r["peak_mib"] - r["loaded_mib"]
        print(f"| {name} | {r['pages_per_s']:.0f} | {times} | {r['p50_ms']:.2f} | {r['p99_ms']:.1f} | {r['p99_ms'] / r['p50_ms']:.1f} | {r['worst_ms']:.1f} | {grown:.0f} |")
    print(f"\nnaba's worst page: {results['naba']['worst_page']}")
    if options.memory_passes:
        path = corpus.run([corpus.NABA, "time", str(options.memory_passes)], data.list(rows=rows), folder / "memory.jsonl")
        whole, memory = summary(path), read(path)[1]
        held = [f"{row['rss_kib'] / 1024:.0f}" for row in memory[1:]]
        print(f"naba over all {len(rows)} pages ({whole['loaded_mib']:.0f} MiB with the pages loaded): peak {whole['peak_mib']:.0f} MiB")
        print(f"  after each of {options.memory_passes} passes: {' '.join(held)} MiB")
        print(f"  p50 {whole['p50_ms']:.2f} ms, p99 {whole['p99_ms']:.1f} ms, worst {whole['worst_ms']:.1f} ms ({whole['worst_page']})")
        results["naba, all pages"] = {**whole, "rss_mib_by_pass": held}
    if options.json:
        with open(options.json, "w", encoding="utf8") as out:
            json.dump(results, out, indent=1)


if __name__ == "__main__":
    main()
