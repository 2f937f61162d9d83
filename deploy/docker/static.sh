#!/usr/bin/env bash
# Links the programs of this target folder statically, for an image without anything else: `deploy/docker/static.sh OUT`.
#
# Only the last step differs from `cargo build`: crt-static decides what the linker takes, so that nothing is compiled twice but the
# programs' own crates. glibc's resolver works in static programs for files and DNS, which is all that is needed here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
OUT=${1:?the folder to write to}
PROFILE=${PROFILE:-dev}
case $PROFILE in dev) folder=debug ;; *) folder=$PROFILE ;; esac
PROGRAMS=(naba naba-fetcher naba-parser naba-enricher naba-sink newsfarm)

mkdir -p "$OUT"
for program in "${PROGRAMS[@]}"; do
  package=$program
  [ "$program" != newsfarm ] || package=naba-newsfarm
  cargo rustc --quiet --locked --profile "$PROFILE" -p "$package" --bin "$program" -- -C target-feature=+crt-static
  strip -o "$OUT/$program" "${CARGO_TARGET_DIR:-target}/$folder/$program"
  if ldd "$OUT/$program" 2>/dev/null | grep -q '=>'; then echo "$program is not static: $(ldd "$OUT/$program")" >&2; exit 1; fi
done
