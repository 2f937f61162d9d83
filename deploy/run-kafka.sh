#!/usr/bin/env bash
# Runs the line as in production, on one machine: a real Kafka, a real PostgreSQL, the four services in two processes each, and a
# virtual newsroom to watch. Ctrl-C drains and stops all of it. `make run-kafka` builds first and calls this.
#
#   ARTICLES=2000 SITES=20 DURATION=10m   what the newsroom publishes, and over which time
#   BIN=target/debug                      where the programs are
#
# Kafka keeps its data between runs, so a second run goes on where the first one stopped; `make kafka-down WIPE=1` starts afresh.
# PostgreSQL starts empty, and holds what comes from then on; docs/operations.md says how to fill it from the start.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BIN=${BIN:-${CARGO_TARGET_DIR:-$ROOT/target}/debug}
RUN=$ROOT/run/kafka
FARM_ADDRESS=127.0.0.1:${FARM_PORT:-8800}
ADMIN_PORT=${ADMIN_PORT:-9470}   # first of eight
PG_PORT=${PG_PORT:-15432}
STAGES=(fetcher parser enricher sink)
PIDS=()
declare -A NAMES

say() { printf 'run-kafka: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# ---- PostgreSQL: a cluster of its own in a temporary folder, gone afterwards ------------------------------------------

# The server refuses to run as root, so root becomes the user that the package made.
as_postgres() { if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
postgres_bin() { find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -n 1; }
postgres_start() {
  local bin; bin=$(postgres_bin)
  [ -n "$bin" ] || die "no PostgreSQL below /usr/lib/postgresql: run 'make setup'"
  PG=$(mktemp -d "${TMPDIR:-/tmp}/naba-postgres.XXXXXX")
  if [ "$(id -u)" -eq 0 ]; then chown postgres "$PG"; fi
  (cd "$PG" && as_postgres "$bin/initdb" -U naba -A trust -E UTF8 --locale=C --no-sync -D "$PG/data" > /dev/null)
  (cd "$PG" && as_postgres "$bin/pg_ctl" -w -s -D "$PG/data" -l "$PG/log" \
    -o "-p $PG_PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories=$PG" start)
  "$bin/createdb" -h 127.0.0.1 -p "$PG_PORT" -U naba naba
}
postgres_stop() {
  [ -n "${PG:-}" ] || return 0
  (cd / && as_postgres "$(postgres_bin)/pg_ctl" -w -s -m fast -D "$PG/data" stop) || true
  rm -rf "$PG"
}

# ---- processes --------------------------------------------------------------------------------------------------------

# In a session of its own, so that a terminal's Ctrl-C reaches only this script: a service takes a second signal for impatience
# and ends at once, with 1.
launch() { # NAME COMMAND... : its log goes to run/kafka/logs/NAME.log
  local name=$1; shift
  setsid "$@" > "$RUN/logs/$name.out" 2> "$RUN/logs/$name.log" &
  PIDS+=($!)
  NAMES[$!]=$name
}
STOPPING=
stop_all() {
  [ -z "$STOPPING" ] || return 0
  STOPPING=1
  trap '' INT TERM
  say "draining"
  local pid code failed=0
  kill -TERM ${VIEWER:+"$VIEWER"} "${PIDS[@]}" 2>/dev/null || true
  for pid in "${PIDS[@]}"; do
    code=0; wait "$pid" || code=$?
    [ "$code" -eq 0 ] || { failed=1; say "${NAMES[$pid]} ended with $code, see $RUN/logs/${NAMES[$pid]}.log"; }
  done
  postgres_stop
  if [ -n "${KAFKA_OURS:-}" ]; then "$ROOT/deploy/kafka/kafka.sh" stop; fi
  say "stopped"
  exit "$failed"
}

for program in naba newsfarm "${STAGES[@]/#/naba-}"; do
  [ -x "$BIN/$program" ] || die "$BIN/$program is missing: run 'make build'"
done
mkdir -p "$RUN/logs" "$RUN/farm"

if "$ROOT/deploy/kafka/kafka.sh" status 2>/dev/null | grep -q ' up$'; then
  BOOTSTRAP=$("$ROOT/deploy/kafka/kafka.sh" bootstrap)
else
  say "starting Kafka"
  KAFKA_OURS=1
  BOOTSTRAP=$("$ROOT/deploy/kafka/kafka.sh" start 1)
fi
trap stop_all INT TERM EXIT
say "starting PostgreSQL"
postgres_start

export NABA__KAFKA__BOOTSTRAP=$BOOTSTRAP
rm -f "$RUN/farm/hosts.toml"
launch newsfarm "$BIN/newsfarm" serve --sites "${SITES:-20}" --articles "${ARTICLES:-2000}" --schedule live \
  --duration "${DURATION:-10m}" --listen "$FARM_ADDRESS" --out "$RUN/farm"
for _ in $(seq 1 100); do [ -s "$RUN/farm/hosts.toml" ] && break; sleep 0.1; done
[ -s "$RUN/farm/hosts.toml" ] || die "the newsroom did not start, see $RUN/logs/newsfarm.log"

"$BIN/naba" topics apply
"$BIN/naba" sources import "$RUN/farm/sources.toml"

# hosts.toml is a fetcher's configuration: the newsroom is reached through its explicit host entries and its explicit exception
# for loopback, and in no other way.
ln -sf farm/hosts.toml "$RUN/fetcher.toml"
# Only for the fetcher: the others refuse variables they do not know.
FETCHER_ENVIRONMENT=(NABA__FETCHER__CONTACT=mailto:operator@localhost.example NABA__FETCHER__DELAY=100ms)
printf '[sink]\nstore = "postgres"\n[postgres]\nurl = "postgres://naba@127.0.0.1:%s/naba"\n' "$PG_PORT" > "$RUN/sink.toml"

port=$ADMIN_PORT
for stage in "${STAGES[@]}"; do
  own=()
  if [ "$stage" = fetcher ]; then own=("${FETCHER_ENVIRONMENT[@]}"); fi
  for instance in 1 2; do
    name=$stage-$instance
    config=()
    if [ -e "$RUN/$stage.toml" ]; then config=(--config "$RUN/$stage.toml"); fi
    launch "$name" env "NABA__STAGE__INSTANCE=$name" "NABA__STAGE__STATE_DIR=$RUN/state/$name" NABA__STAGE__AUDIT=1.0 \
      "NABA__ADMIN__LISTEN=127.0.0.1:$port" "${own[@]}" "$BIN/naba-$stage" "${config[@]}"
    port=$((port + 1))
  done
done

say "Kafka $BOOTSTRAP · PostgreSQL postgres://naba@127.0.0.1:$PG_PORT/naba · metrics on ports $ADMIN_PORT to $((port - 1))"
say "logs and ground truth in $RUN; articles as they come (Ctrl-C stops everything):"
"$BIN/naba" tail &
VIEWER=$!

# The first process that ends by itself ends the run.
code=0
wait -n -p ended "${PIDS[@]}" || code=$?
say "${NAMES[${ended:-0}]:-a process} ended with $code"
tail -n 5 "$RUN/logs/${NAMES[${ended:-0}]:-none}.log" >&2 2>/dev/null || true
stop_all
