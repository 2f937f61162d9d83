#!/usr/bin/env bash
# A real Apache Kafka 4.x (KRaft, combined mode) on loopback, from Maven coordinates.
#
#   kafka.sh libs             fetch the jars (once)
#   kafka.sh start N          start an N-broker cluster (1 or 3), formatting it the first time; prints the bootstrap list
#   kafka.sh stop             SIGTERM to every node, SIGKILL after 30 s
#   kafka.sh wipe             stop, then delete all data
#   kafka.sh status           one line a node
#   kafka.sh bootstrap [N]    the bootstrap list
#   kafka.sh node-start I | node-stop I (SIGTERM) | node-kill I (SIGKILL) | node-pause I | node-resume I
#   kafka.sh wait             wait until every node that should run is up
#
# Environment
#   KHOME             data, logs and pids of this cluster                          [run/ beside this script]
#   KAFKA_LIBS        the jars; many clusters share one folder                     [run/libs beside this script]
#   KAFKA_BASE_PORT   broker I listens on BASE+(I-1)*10, its controller one above  [19092]
#   KAFKA_PROXY_PORT  adds a listener at BASE+(I-1)*10+2 that is advertised as PROXY+(I-1)*10, so that clients that
#                     come through a fault proxy stay behind it                    [none]
#   KAFKA_HEAP        heap of a node                                               [512m for one, 384m for three]
#   KAFKA_JVM         further JVM flags                                            [-XX:TieredStopAtLevel=1]
#   KAFKA_EXTRA       further lines for server.properties                          [none]
#   KAFKA_WATCH_PID   the nodes end when this process is gone (a test must not leave brokers behind)  [none]
#   KAFKA_WAIT        seconds to wait for a node                                   [120]
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KHOME=${KHOME:-$HERE/run}
LIBS=${KAFKA_LIBS:-$HERE/run/libs}
BASE=${KAFKA_BASE_PORT:-19092}
PROXY=${KAFKA_PROXY_PORT:-}
JAVA=${JAVA_HOME:+$JAVA_HOME/bin/}java
HOST=127.0.0.1
# Classes as the JVM has parsed them, which halves the time to start (9 s to 5 s on a busy machine). A JVM that does not fit
# to it goes without.
ARCHIVE=$LIBS/kafka.jsa
# The largest message of any topic (deploy/topics.toml); a check in `make check` compares the two.
MAX_MESSAGE_BYTES=9437184

die() { echo "kafka.sh: $*" >&2; exit 1; }
bport() { echo $((BASE + ($1 - 1) * 10)); }
cport() { echo $((BASE + ($1 - 1) * 10 + 1)); }
join_nodes() { # FORMAT_FUNCTION N
  local i s=; for i in $(seq 1 "$2"); do s+="${s:+,}$("$1" "$i")"; done; echo "$s"
}
voter() { echo "$1@$HOST:$(cport "$1")"; }
address() { echo "$HOST:$(bport "$1")"; }
nodes() { # how many nodes this cluster was started with
  [ -s "$KHOME/nodes" ] || die "no cluster in $KHOME: run 'kafka.sh start N' first"
  cat "$KHOME/nodes"
}
# A zombie counts as gone: in a container nobody may reap it.
pid_lives() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }
running() { local pid; pid=$(cat "$KHOME/n$1/pid" 2>/dev/null) && [ -n "$pid" ] && pid_lives "$pid"; }

# Prints the JVM arguments one a line: "libs/*" must reach java unexpanded, so callers read them into an array.
jvm() { # HEAP
  local cds=("-XX:SharedArchiveFile=$ARCHIVE" -Xlog:cds=off -Xlog:cds+dynamic=off)
  if [ -n "${KAFKA_ARCHIVING:-}" ]; then cds=("-XX:ArchiveClassesAtExit=$KAFKA_ARCHIVING"); elif [ ! -e "$ARCHIVE" ]; then cds=(-Xshare:auto); fi
  # shellcheck disable=SC2086  # KAFKA_JVM is a list of flags
  printf '%s\n' -Xms128m "-Xmx$1" -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:ActiveProcessorCount=2 \
    -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true ${KAFKA_JVM--XX:TieredStopAtLevel=1} "${cds[@]}" \
    "-Dlog4j2.configurationFile=$HERE/log4j2.properties" "-Dkafka.logs.dir=$KHOME" -cp "$LIBS/*"
}

fetch_libs() {
  command -v mvn >/dev/null || die "mvn is missing: run 'make setup'"
  mvn -q -B -f "$HERE/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime "-DoutputDirectory=$LIBS" >&2
  compgen -G "$LIBS/kafka_2.13-*.jar" >/dev/null || die "no broker among the jars in $LIBS"
  # Two logging backends on one class path make slf4j choose one by chance.
  if find "$LIBS" -name '*.jar' | grep -E '/(reload4j|slf4j-(reload4j|log4j12|simple|nop)|logback)'; then
    die "a second slf4j backend is among the jars"
  fi
  cksum < "$HERE/pom.xml" > "$LIBS/.done"
}
# Lets a throwaway broker write the archive as it ends. Without it everything works, only slower, so a failure is no error.
write_archive() {
  local home; home=$(mktemp -d)
  (
    export KHOME=$home KAFKA_LIBS=$LIBS KAFKA_ARCHIVING=$home/kafka.jsa KAFKA_BASE_PORT=$((30000 + RANDOM % 2000)) KAFKA_WATCH_PID=$BASHPID
    "$HERE/kafka.sh" start 1 && "$HERE/kafka.sh" stop && mv "$home/kafka.jsa" "$ARCHIVE"
  ) > /dev/null 2>&1 || true
  rm -rf "$home"
}
libs() { # under a lock: tests start clusters at the same time
  [ -z "${KAFKA_ARCHIVING:-}" ] || return 0
  mkdir -p "$LIBS"
  (
    flock 9
    if [ "$(cat "$LIBS/.done" 2>/dev/null)" != "$(cksum < "$HERE/pom.xml")" ]; then
      find "$LIBS" -name '*.jar' -delete
      rm -f "$ARCHIVE"
      fetch_libs
    fi
    [ -e "$ARCHIVE" ] || write_archive
  ) 9>"$LIBS/.lock"
}

conf() { # I N
  local i=$1 n=$2 rf=1 isr=1 listeners advertised map
  if [ "$n" -ge 3 ]; then rf=3 isr=2; fi
  listeners="PLAINTEXT://$(address "$i"),CONTROLLER://$HOST:$(cport "$i")"
  advertised="PLAINTEXT://$(address "$i")"
  map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
  if [ -n "$PROXY" ]; then
    listeners+=",PROXIED://$HOST:$(($(bport "$i") + 2))"
    advertised+=",PROXIED://$HOST:$((PROXY + (i - 1) * 10))"
    map+=,PROXIED:PLAINTEXT
  fi
  mkdir -p "$KHOME/n$i"
  cat > "$KHOME/n$i/server.properties" <<P
process.roles=broker,controller
node.id=$i
controller.quorum.voters=$(join_nodes voter "$n")
controller.listener.names=CONTROLLER
listeners=$listeners
advertised.listeners=$advertised
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=$map
log.dirs=$KHOME/n$i/data
auto.create.topics.enable=false
num.partitions=4
default.replication.factor=$rf
min.insync.replicas=$isr
offsets.topic.replication.factor=$rf
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=$rf
transaction.state.log.min.isr=$isr
transaction.state.log.num.partitions=8
transaction.partition.verification.enable=true
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
share.coordinator.state.topic.replication.factor=$rf
share.coordinator.state.topic.min.isr=$isr
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# A killed node may come back only when its old session has ended (9 s by default).
broker.session.timeout.ms=5000
broker.heartbeat.interval.ms=1000
message.max.bytes=$MAX_MESSAGE_BYTES
replica.fetch.max.bytes=$MAX_MESSAGE_BYTES
num.network.threads=2
num.io.threads=4
log.segment.bytes=134217728
log.cleaner.dedupe.buffer.size=16777216
log.retention.check.interval.ms=30000
${KAFKA_EXTRA:-}
P
}

format_node() { # I
  [ -e "$KHOME/n$1/data/meta.properties" ] && return 0
  local args; mapfile -t args < <(jvm 128m)
  "$JAVA" "${args[@]}" kafka.tools.StorageTool format -t "$(cat "$KHOME/cluster.id")" \
    -c "$KHOME/n$1/server.properties" --ignore-formatted > "$KHOME/n$1/format.log" 2>&1 ||
    { cat "$KHOME/n$1/format.log" >&2; die "could not format node $1"; }
}
# Waits a little: the threads of a killed JVM outlive its main thread by some milliseconds, and hold the port.
port_free() { # I
  for _ in $(seq 1 30); do
    (exec 3<>"/dev/tcp/$HOST/$(bport "$1")") 2>/dev/null || return 0
    sleep 0.1
  done
  return 1
}
node_start() { # I
  local n args; n=$(nodes)
  if running "$1"; then return 0; fi
  # A stray broker on our port would answer in place of ours.
  port_free "$1" || die "port $(bport "$1") is taken by another process: set KAFKA_BASE_PORT or stop it"
  conf "$1" "$n"
  format_node "$1"
  mapfile -t args < <(jvm "${KAFKA_HEAP:-$([ "$n" -ge 3 ] && echo 384m || echo 512m)}")
  if [ -s "$KHOME/n$1/server.log" ]; then mv "$KHOME/n$1/server.log" "$KHOME/n$1/server.old.log"; fi
  # A session of its own: Ctrl-C in the terminal must reach the services, not the broker below them.
  setsid nohup "$JAVA" "${args[@]}" kafka.Kafka "$KHOME/n$1/server.properties" \
    > "$KHOME/n$1/server.log" 2>&1 < /dev/null 9>&- &
  echo $! > "$KHOME/n$1/pid"
  if [ -n "${KAFKA_WATCH_PID:-}" ]; then watch_parent "$!" "$KAFKA_WATCH_PID"; fi
}
watch_parent() { # BROKER_PID PARENT_PID
  setsid nohup bash -c 'while kill -0 "$2" 2>/dev/null && kill -0 "$1" 2>/dev/null; do sleep 0.5; done; kill -KILL "$1"' \
    watch "$1" "$2" > /dev/null 2>&1 < /dev/null 9>&- &
}
node_up() { # I: says so itself, and answers on its port
  grep -q 'Kafka Server started' "$KHOME/n$1/server.log" 2>/dev/null &&
    (exec 3<>"/dev/tcp/$HOST/$(bport "$1")") 2>/dev/null
}
wait_up() {
  local limit=$((SECONDS + ${KAFKA_WAIT:-120})) i
  for i in $(seq 1 "$(nodes)"); do
    [ -e "$KHOME/n$i/pid" ] || continue
    until node_up "$i"; do
      running "$i" || { tail -n 40 "$KHOME/n$i/server.log" >&2; die "node $i died"; }
      [ $SECONDS -lt $limit ] || { tail -n 40 "$KHOME/n$i/server.log" >&2; die "node $i is not up in time"; }
      sleep 0.2
    done
  done
}
node_stop() { # I
  local pid; running "$1" || { rm -f "$KHOME/n$1/pid"; return 0; }
  pid=$(cat "$KHOME/n$1/pid")
  kill -TERM "$pid" 2>/dev/null || true
  for _ in $(seq 1 150); do
    pid_lives "$pid" || { rm -f "$KHOME/n$1/pid"; return 0; }
    sleep 0.2
  done
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$KHOME/n$1/pid"
}
node_signal() { # SIGNAL I
  running "$2" || die "node $2 does not run"
  kill "-$1" "$(cat "$KHOME/n$2/pid")"
}
node_kill() { # I: returns when it is gone, so that its port and its lock are free
  local pid; running "$1" || die "node $1 does not run"
  pid=$(cat "$KHOME/n$1/pid")
  kill -KILL "$pid"
  while pid_lives "$pid"; do sleep 0.05; done
  port_free "$1" || die "node $1 was killed and its port $(bport "$1") still answers"
  rm -f "$KHOME/n$1/pid"
}
start() { # N
  case $1 in 1 | 3) ;; *) die "1 or 3 nodes, not '$1'" ;; esac
  local had; had=$(cat "$KHOME/nodes" 2>/dev/null || echo "$1")
  [ "$had" = "$1" ] || die "$KHOME holds a cluster of $had: 'kafka.sh wipe' first"
  command -v "$JAVA" >/dev/null || die "java is missing: run 'make setup'"
  libs
  mkdir -p "$KHOME"; echo "$1" > "$KHOME/nodes"
  # 22 characters of URL-safe base64 over 16 bytes, as StorageTool random-uuid prints them.
  [ -s "$KHOME/cluster.id" ] || head -c 16 /dev/urandom | base64 | tr '+/' 'AZ' | tr -d '=\n' > "$KHOME/cluster.id"
  local i; for i in $(seq 1 "$1"); do node_start "$i"; done
  wait_up
  join_nodes address "$1"
}
stop() {
  [ -s "$KHOME/nodes" ] || return 0
  local i; for i in $(seq 1 "$(nodes)"); do node_stop "$i" & done; wait
}
status() {
  local i state; for i in $(seq 1 "$(nodes)"); do
    state=down; if running "$i"; then state=starting; if node_up "$i"; then state=up; fi; fi
    echo "node $i $(address "$i") $state"
  done
}

case ${1:-} in
  libs) libs ;;
  start) start "${2:-1}" ;;
  stop) stop ;;
  wipe) stop; rm -rf "$KHOME"/n[0-9]* "$KHOME/cluster.id" "$KHOME/nodes" ;;
  status) status ;;
  bootstrap) join_nodes address "${2:-$(nodes)}" ;;
  node-start) node_start "$2"; wait_up ;;
  node-stop) node_stop "$2" ;;
  node-kill) node_kill "$2" ;;
  node-pause) node_signal STOP "$2" ;;
  node-resume) node_signal CONT "$2" ;;
  wait) wait_up ;;
  *) sed -n '2,/^set -euo/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
