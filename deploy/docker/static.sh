#!/usr/bin/env bash
# Links the programs statically, for an image without anything else: `deploy/docker/static.sh OUT`.
#
#   PROFILE=dev   cargo's profile; release for images that are given away
#
# crt-static decides only what the linker takes, so libraries that were compiled without it serve as they are: the crates of
# others are not compiled again. glibc's resolver works in static programs for files and DNS, which is all that is needed here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
OUT=${1:?the folder to write to}
PROFILE=${PROFILE:-dev}
case $PROFILE in dev) folder=debug ;; *) folder=$PROFILE ;; esac
PROGRAMS=(naba naba-fetcher naba-parser naba-enricher naba-sink newsfarm)

RUSTC_WORKSPACE_WRAPPER=$PWD/deploy/docker/rustc-static.sh \
  "${CARGO:-cargo}" build --quiet --workspace --bins --locked --profile "$PROFILE"
mkdir -p "$OUT"
for program in "${PROGRAMS[@]}"; do
  cp "${CARGO_TARGET_DIR:-target}/$folder/$program" "$OUT/"
  if ldd "$OUT/$program" 2>/dev/null | grep -q '=>'; then echo "$program is not static: $(ldd "$OUT/$program")" >&2; exit 1; fi
done
