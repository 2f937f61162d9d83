#!/usr/bin/env bash
# Measures throughput: parse and enrich on one core, the line on the local log and on Kafka, and beside them what a bare client
# reaches with the same bytes in the same run. Arguments go to the benchmark: --articles N, --json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
TARGET=${CARGO_TARGET_DIR:-target}/release

# Both at once: apart, each would build what they share with other features.
cargo build --release --locked -p naba -p naba-log-kafka --example bench --example bare --example hop

# A broker of its own, empty, so that neither old topics nor another user count; with the whole JIT, as in production.
export KHOME KAFKA_JVM='' KAFKA_HEAP=1g KAFKA_BASE_PORT=${KAFKA_BASE_PORT:-29192} KAFKA_WATCH_PID=$$
KHOME=$(mktemp -d "${TMPDIR:-/tmp}/naba-bench.XXXXXX")
trap 'deploy/kafka/kafka.sh wipe; rm -rf "$KHOME"' EXIT
bootstrap=$(deploy/kafka/kafka.sh start 1)
"$TARGET/examples/bench" --kafka "$bootstrap" --bare "$TARGET/examples/bare" --hop "$TARGET/examples/hop" \
  --broker "$(cat "$KHOME/n1/pid")" "$@"
