"""Scores naba's extraction on pages with known answers, beside other extractors, against pinned floors.

The scorer is the corpora's own score.py, for naba and the peers alike; this adds what it leaves out: leaks, comments, tags,
images, roles, the share of bodies that are exact, the worst pages with a diff, and paired bootstrap tests against the peers.
"""
import argparse
import collections
import difflib
import json
import pathlib
import random
import statistics
import sys
import tomllib

import corpus
import leak

FLOORS = corpus.ROOT / "eval" / "floors.toml"
SLACK = 0.0005
LESS_IS_BETTER = ("leak.", "pages under .5")
BODY_CORPORA = ("zyte", "trafilatura", "fundus", "fundus_eval", "daniel", "wcxb", "zh_web", "multi")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=corpus.DEFAULT, help="folder with pages.jsonl.gz and html/")
    parser.add_argument("--out", help="also write the predictions here, in the scorer's form")
    parser.add_argument("--pred", help="score these predictions instead of running naba")
    parser.add_argument("--worst", type=int, default=5, help="how many of the worst pages to list with a diff")
    parser.add_argument("--corpus", nargs="*", help="only these corpora")
    parser.add_argument("--json", help="also write all figures here ('-' prints only them)")
    parser.add_argument("--peers", action="store_true", help="run the peers on the same pages, and test the bars")
    parser.add_argument("--pin", action="store_true", help="raise the floors to what is reached now")
    parser.add_argument("--lower", action="store_true", help="with --pin: allow floors to be lowered")
    return parser.parse_args()


def load(path):
    with open(path, encoding="utf8") as lines:
        return {row["id"]: row for row in map(json.loads, lines)}


def pages_of(data, predictions):
    return [data.scorer.score_page(row, predictions.get(row["id"], {})) for row in data.rows]


def mean(values):
    values = [v for v in values if v is not None]
    return statistics.fmean(values) if values else None


def recall(wanted, got):
    return sum(w in got for w in wanted) / len(wanted) if wanted else None


def more(data, row, prediction):
    """Scores of one page that the scorer does not give."""
    expected, out = row["expected"], {}
    body = data.scorer.clean(prediction.get("body"))
    if expected.get("body"):
        out["exact"] = float(leak.key(expected["body"]) == leak.key(body))
    if expected.get("comments"):
        said = " ".join(leak.key(c["text"]) for c in prediction.get("comments", []))
        wanted = [w for w in map(leak.key, expected["comments"]) if w]
        # What stands among the comments too is a sentence of the article that a reader quotes.
        out["comments.kept out"] = float(not any(w in leak.key(body) and w not in said for w in wanted))
        out["comments.found"] = recall(wanted, said)
    units = collections.defaultdict(str)
    for role, _, text in prediction.get("units", []):
        units[role.removeprefix("BLOCK_ROLE_")] += leak.key(text) + " "
    if units and expected.get("paragraphs"):
        wanted = [k for k in map(leak.key, expected["paragraphs"]) if k]
        inside = units["PARAGRAPH"] + units["SUBHEAD"] + units["LIST_ITEM"] + units["QUOTE"] + units["TABLE"] + units["STANDFIRST"] + units["DECK"]
        out["roles.paragraph"] = recall(wanted, inside)
    if units and expected.get("summary"):
        wanted = [k for k in map(leak.key, expected["summary"]) if k]
        out["roles.lead"] = recall(wanted, units["STANDFIRST"] + units["DECK"] + units["PARAGRAPH"])
    if units and expected.get("images"):
        wanted = [k for k in (leak.key(i.get("caption")) for i in expected["images"]) if k]
        out["roles.caption"] = recall(wanted, units["CAPTION"] + units["CREDIT"])
    if "tags" in prediction and (expected.get("topics") or expected.get("tags")):
        wanted = [leak.key(t) for t in expected.get("topics") or expected["tags"]]
        out["tags"] = recall(wanted, {leak.key(t) for t in prediction["tags"]})
    return out


def figures(data, predictions):
    """Returns all figures of a set of predictions, flat: "fundus.F1", "lang.ar.F1", "leak.title", "title", …."""
    scorer, flat = data.scorer, {}
    pages = pages_of(data, predictions)
    metrics = {row["corpus"]: row["metric"] for row in data.rows}
    for name, metric in metrics.items():
        score = scorer.aggregate([p for p in pages if p["corpus"] == name], metric)
        for key, label in (("P", "P"), ("R", "R"), ("F1", "F1"), ("contains", "contains"), ("title_norm", "title"), ("date", "date"), ("auth_F1", "author F1")):
            if score.get(key) is not None:
                flat[f"{name}.{label}"] = score[key]
    body = [flat[f"{name}.F1"] for name in BODY_CORPORA if f"{name}.F1" in flat]
    if body:
        flat["body.mean F1"] = statistics.fmean(body)
    full = [p for p in pages if "common" in p]
    if full:
        flat["body.common F1"] = mean([p["common"][2] for p in full])
        flat["body.pages under .5"] = mean([float(p["common"][2] < 0.5) for p in full])
    meta = scorer.aggregate([{k: v for k, v in p.items() if k not in ("body", "common", "prefix")} for p in pages], "none")
    for key, label in (("title_norm", "title"), ("title", "title to the letter"), ("date", "date"), ("auth_F1", "author F1"), ("lang_ok", "language")):
        if meta.get(key) is not None:
            flat[f"all.{label}"] = meta[key]
    languages = collections.defaultdict(list)
    for page in full:
        languages[page["lang"]].append(page["common"])
    for language, scores in languages.items():
        if language and len(scores) >= 8:
            for at, label in enumerate(("P", "R", "F1")):
                flat[f"lang.{language}.{label}"] = mean([s[at] for s in scores])
    others = collections.defaultdict(list)
    leaks = []
    for row in data.rows:
        prediction = predictions.get(row["id"], {})
        for label, value in more(data, row, prediction).items():
            others[label].append(value)
        found = leak.of_page(scorer, row, prediction, data.page(row))
        if found is not None:
            leaks.append(found)
    flat.update({label: mean(values) for label, values in others.items() if mean(values) is not None})
    for sort in (*leak.SORTS, "any", "lead") if leaks else ():
        flat[f"leak.{sort}"] = mean([float(sort in found) for found in leaks])
    return flat, pages


def table(flat, metrics, counts):
    show = lambda v: "  .  " if v is None else f"{v:.3f}"
    print(f"{'corpus':<15} {'n':>5}  {'P':<5} {'R':<5} {'F1':<5}  {'title':<5} {'date':<5} author F1")
    for name in metrics:
        get = lambda label: flat.get(f"{name}.{label}")
        f1 = get("F1") if get("F1") is not None else get("contains")
        print(f"{name:<15} {counts[name]:>5} ", show(get("P")), show(get("R")), show(f1), "", show(get("title")), show(get("date")), show(get("author F1")))
    print(f"{'all':<15} {sum(counts.values()):>5} ", " " * 17, "", show(flat.get("all.title")), show(flat.get("all.date")), show(flat.get("all.author F1")))
    print("(postlight, goose, snacktory: the share whose known first words are in the body stands under F1)\n")
    for label, value in flat.items():
        if not label.startswith(("lang.", "all.title", "all.date", "all.author")) and label.split(".")[0] not in metrics:
            print(f"  {label:<24} {value:.3f}")
    languages = sorted({label.split(".")[1] for label in flat if label.startswith("lang.")})
    for name in languages:
        print(f"  language {name:<4} P {flat[f'lang.{name}.P']:.3f}  R {flat[f'lang.{name}.R']:.3f}  F1 {flat[f'lang.{name}.F1']:.3f}")


def worst(data, pages, predictions, count):
    rows = {row["id"]: row for row in data.rows}
    full = sorted((p for p in pages if "common" in p), key=lambda p: p["common"][2])
    for page in full[:count]:
        row, said = rows[page["id"]], predictions.get(page["id"], {})
        print(f"\n{page['common'][2]:.3f} {page['id']} ({row.get('lang')}) {row.get('url') or ''} {said.get('error', '')}")
        lines = lambda text: [line[:160] for line in (text or "").split("\n") if line.strip()]
        diff = difflib.unified_diff(lines(row["expected"]["body"]), lines(said.get("body")), "truth", "naba", n=0, lineterm="")
        for line in list(diff)[2:14]:
            print("   ", line)


def below(floors, flat):
    out = []
    for name, floor in floors.items():
        less, value = name.startswith(LESS_IS_BETTER) or name.endswith(LESS_IS_BETTER), flat.get(name)
        if value is None:
            out.append(f"{name}: is no longer reported; its floor is {floor}")
        elif (value - floor if less else floor - value) > SLACK:
            out.append(f"{name}: {value:.3f}, at {'most' if less else 'least'} {floor}")
    return out


def hold(flat, pin, lower):
    """Fails when a figure is below its floor; with pin raises the floors, with lower also lowers them."""
    floors = tomllib.loads(FLOORS.read_text(encoding="utf8")) if FLOORS.exists() else {}
    missed = below(floors, flat)
    if missed and not lower:
        sys.exit("below the floor:\n  " + "\n  ".join(missed) + "\nMend it, or state the loss with PIN=lower.")
    if not pin:
        print(f"floors: all {len(floors)} held" if floors else "no floors are pinned: run with PIN=1")
        return
    head = (
        "# Floors of `make eval-extract`, as measured on its default pages. PIN=1 raises them; lowering one needs PIN=lower, and a\n"
        "# reason in the commit. Of leaks and of pages under .5, less is better. The pages were seen during development.\n\n"
    )
    better = lambda name, a, b: min(a, b) if name.startswith(LESS_IS_BETTER) or name.endswith(LESS_IS_BETTER) else max(a, b)
    kept = {name: value if lower or name not in floors else better(name, value, floors[name]) for name, value in sorted(flat.items())}
    FLOORS.write_text(head + "".join(f'"{name}" = {value:.3f}\n' for name, value in kept.items()), encoding="utf8")
    print(f"pinned {len(kept)} floors in {FLOORS}")


def page_score(page):
    if "snip" in page:
        return None
    return page["body"][2] if "body" in page else None


def bootstrap(data, ours, theirs, name, draws=1000):
    """Returns the difference of a corpus's body F1 and its 95 % interval, over pages drawn with replacement."""
    metric = next(row["metric"] for row in data.rows if row["corpus"] == name)
    mine, other = ([p for p in pages if p["corpus"] == name] for pages in (ours, theirs))
    score = lambda pages: data.scorer.aggregate(pages, metric).get("F1", 0.0)
    chance, differences = random.Random(1), []
    for _ in range(draws):
        drawn = chance.choices(range(len(mine)), k=len(mine))
        differences.append(score([mine[i] for i in drawn]) - score([other[i] for i in drawn]))
    differences.sort()
    return score(mine) - score(other), differences[int(draws * 0.025)], differences[int(draws * 0.975)]


def against_peers(data, ours, our_pages):
    """Runs the peers, prints their figures beside naba's, and tests the bars of each corpus."""
    from corpus import NABA, PEERS, peer, run  # noqa: F401

    pages = data.list(decoded=True)
    run([NABA, "decode", data.decoded], data.list(), data.cache / "decode.log")
    peers = {}
    for name in PEERS:
        file = data.cache / "peers" / f"{name}.jsonl"
        if not file.exists() or sum(1 for _ in open(file, encoding="utf8")) != len(data.rows):
            peer(name, "predict", pages, file)
        peers[name] = figures(data, load(file))
    names = [c for c in BODY_CORPORA if f"{c}.F1" in ours]
    columns = [f"{c}.F1" for c in names] + ["body.mean F1", "body.common F1", "body.pages under .5", "all.title", "all.date", "all.author F1"]
    columns += [label for label in ours if label.startswith("leak.")]
    print("\n| | " + " | ".join(c.removesuffix(".F1").removesuffix(" F1").removeprefix("all.").removeprefix("body.") for c in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name, flat in [("naba", ours), *((n, f[0]) for n, f in peers.items())]:
        print(f"| {name} | " + " | ".join(f"{flat[c]:.3f}" if flat.get(c) else "–" for c in columns) + " |")
    print("\nbody F1 against the best peer of each corpus (difference, 95 % interval of a paired bootstrap over pages):")
    for corpus_name in names:
        best = max(peers, key=lambda n: peers[n][0].get(f"{corpus_name}.F1", 0.0))
        gap, low, high = bootstrap(data, our_pages, peers[best][1], corpus_name)
        print(f"  {corpus_name:<12} {gap:+.3f} [{low:+.3f}, {high:+.3f}] against {best}")
    return {name: flat for name, (flat, _) in peers.items()}


def main():
    options = arguments()
    quiet = options.json == "-"
    data = corpus.Corpus(options.data)
    if options.corpus:
        data.rows = [row for row in data.rows if row["corpus"] in options.corpus]
    out = pathlib.Path(options.pred or options.out or data.cache / "predictions.jsonl")
    if not options.pred:
        corpus.run([corpus.NABA, "predict"], data.list(), out)
    predictions = load(out)
    flat, pages = figures(data, predictions)
    metrics = list(dict.fromkeys(row["corpus"] for row in data.rows))
    counts = collections.Counter(row["corpus"] for row in data.rows)
    result = {"naba": flat}
    if not quiet:
        table(flat, metrics, counts)
        worst(data, pages, predictions, options.worst)
        failed = collections.Counter(p["error"] for p in predictions.values() if p.get("error"))
        print("\npages refused:", ", ".join(f"{code} {n}" for code, n in failed.most_common()) or "none")
    if options.peers:
        result["peers"] = against_peers(data, flat, pages)
    if options.json:
        text = json.dumps(result, indent=1, ensure_ascii=False)
        print(text) if quiet else pathlib.Path(options.json).write_text(text, encoding="utf8")
    whole = data.folder == corpus.DEFAULT.resolve() and not options.corpus and not options.pred
    if whole and not quiet:
        hold(flat, options.pin, options.lower)


if __name__ == "__main__":
    main()
