"""The pages of a folder in the form of ../shared/corpora/extract, unpacked into a cache of this project's."""
import gzip
import hashlib
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
CACHE = ROOT / "target" / "eval-cache"
DEFAULT = ROOT.parent / "shared" / "corpora" / "extract"


class Corpus:
    """Rows of truth, and where their pages lie."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        name = "pages.jsonl.gz" if (self.folder / "pages.jsonl.gz").exists() else "pages.jsonl"
        source = self.folder / name
        if not source.exists():
            sys.exit(f"{source} is missing: DATA must be a folder like {DEFAULT}")
        with (gzip.open if name.endswith(".gz") else open)(source, "rt", encoding="utf8") as lines:
            self.rows = [json.loads(line) for line in lines]
        key = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        self.cache = CACHE / f"{self.folder.name}-{key}"
        self._unpack()
        scorer = self.folder / "score.py"
        self.scorer = _module("score", scorer if scorer.exists() else DEFAULT / "score.py")

    def _unpack(self):
        self.cache.mkdir(parents=True, exist_ok=True)
        archives = sorted((self.folder / "html").glob("*.tar.zst"))
        want = "\n".join(f"{a.name} {a.stat().st_size}" for a in archives)
        done = self.cache / ".done"
        if done.exists() and done.read_text() == want:
            return
        for archive in archives:
            unzip = subprocess.Popen(["zstd", "-dc", "--long=25", archive], stdout=subprocess.PIPE)
            subprocess.run(["tar", "x", "-C", self.cache], stdin=unzip.stdout, check=True)
            if unzip.wait():
                sys.exit(f"{archive} cannot be unpacked")
        done.write_text(want)

    def page(self, row):
        """Returns the path of a row's page."""
        cached = self.cache / row["html"]
        return cached if cached.exists() else self.folder / row["html"]

    def list(self, decoded=False, rows=None):
        """Returns the list of pages that the extractors read; decoded ones are in UTF-8."""
        lines = []
        for row in self.rows if rows is None else rows:
            page = self.page(row)
            page = self.decoded / page.name if decoded else page
            lines.append(f"{row['id']}\t{page}\t{row.get('url') or ''}\n")
        return "".join(lines)

    @property
    def decoded(self):
        return self.cache / "utf8"


def _module(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(command, pages, out):
    """Runs an extractor over a list of pages, its lines into a file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with open(out, "w", encoding="utf8") as lines:
        subprocess.run([str(part) for part in command], input=pages, stdout=lines, text=True, check=True)
    return out


NABA = TARGET / "release" / "examples" / "corpus"
RUST = TARGET / "peers" / "release" / "peers"
PYTHON = ROOT / ".tools" / "peers" / "bin" / "python"
PEERS = {
    "trafilatura": [PYTHON, ROOT / "eval" / "peers.py"],
    "rust_trafilatura": [RUST],
    "libreadability": [RUST],
    "readability_lxml": [PYTHON, ROOT / "eval" / "peers.py"],
    "dom_smoothie": [RUST],
    "resiliparse": [PYTHON, ROOT / "eval" / "peers.py"],
}


def peer(name, mode, pages, out, *more):
    """Runs a peer: `predict`, or `time` with the number of passes."""
    return run([*PEERS[name], mode, name, *more], pages, out)
