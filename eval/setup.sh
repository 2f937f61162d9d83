#!/usr/bin/env bash
# Installs the extractors that naba is measured against: Python ones into .tools/peers, Rust ones into target/peers.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=$ROOT/.tools/peers

stamp=$(cksum < "$ROOT/eval/requirements.txt")
if [ "$(cat "$VENV/.done" 2>/dev/null)" != "$stamp" ]; then
  echo "setup: installing the extractors of eval/requirements.txt" >&2
  [ -x "$VENV/bin/pip" ] || python3 -m venv "$VENV"
  # Older resolvers stumble over an extra that two of the packages ask for.
  "$VENV/bin/pip" install -q --disable-pip-version-check 'pip>=24.2'
  "$VENV/bin/pip" install -q --disable-pip-version-check -r "$ROOT/eval/requirements.txt"
  echo "$stamp" > "$VENV/.done"
fi
# One of them states a newer compiler than it uses.
cd "$ROOT/eval/peers"
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$ROOT/target}/peers cargo build --release --locked --quiet --ignore-rust-version
