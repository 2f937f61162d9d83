#!/usr/bin/env bash
# Builds Dockerfile.scratch and runs it as a cluster would: read-only, as uid 65532, without capabilities, in little memory.
# The whole line must deliver articles in it, and SIGTERM to process 1 must drain it; with PODS=1 test_pods.py runs the chart's pods with it.
# Needs root, buildah, podman and runc.
#
#   PODS=1         run the chart's pods with it too (test_pods.py)
#   PROGRAMS=DIR   a folder with the programs; unset: static.sh links them
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
MAX_MB=60
WORK=$(mktemp -d "${TMPDIR:-/tmp}/naba-image.XXXXXX")
STORE=(--root "$WORK/store" --runroot "$WORK/run" --storage-driver vfs)
IMAGE=localhost/naba:test
PORT=${ADMIN_PORT:-19465}

podman_() { podman "${STORE[@]}" --cgroup-manager=cgroupfs --runtime runc "$@"; }
fail() { echo "image: $*" >&2; if [ -n "${CONTAINER:-}" ]; then podman_ logs --tail 20 "$CONTAINER" >&2 || true; fi; exit 1; }
clean() {
  if [ -n "${CONTAINER:-}" ]; then podman_ rm -f -t 0 "$CONTAINER" > /dev/null 2>&1 || true; fi
  podman_ unmount --all > /dev/null 2>&1 || true
  rm -rf "$WORK"
}
trap clean EXIT
for tool in buildah podman runc curl; do command -v "$tool" > /dev/null || fail "$tool is missing: run 'deploy/setup.sh images'"; done

if [ -z "${PROGRAMS:-}" ]; then PROGRAMS=$WORK/programs; deploy/docker/static.sh "$PROGRAMS"; fi
deploy/docker/context.sh "$WORK/context" "$PROGRAMS"/*
buildah "${STORE[@]}" bud --isolation chroot --quiet -t "$IMAGE" -f deploy/docker/Dockerfile.scratch \
  --build-arg VERSION=test --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)" "$WORK/context" > /dev/null
rm -rf "$WORK/context"

# Its size as a registry keeps it and a node pulls it.
buildah "${STORE[@]}" push --quiet "$IMAGE" "oci:$WORK/oci:test" > /dev/null
bytes=$(find "$WORK/oci/blobs" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
rm -rf "$WORK/oci"
[ "$bytes" -le $((MAX_MB * 1000000)) ] || fail "has $((bytes / 1000000)) MB, more than $MAX_MB"

buildah "${STORE[@]}" inspect --type image "$IMAGE" | python3 -c '
import json, sys
config = json.load(sys.stdin)["OCIv1"]["config"]
wrong = []
if config["User"] != "65532:65532": wrong.append("runs as " + config["User"])
if config.get("StopSignal") != "SIGTERM": wrong.append("is not stopped by SIGTERM")
for label in ["title", "description", "licenses", "source", "version", "revision", "created"]:
    if not config["Labels"].get("org.opencontainers.image." + label): wrong.append("has no label " + label)
sys.exit("image: " + ", ".join(wrong) if wrong else 0)'

# As the restricted standard asks. The limits of files and processes are named, because a container may not raise its own.
HARD=(--read-only --cap-drop ALL --security-opt no-new-privileges --memory 512m --pids-limit 512
  --ulimit nofile=8192:8192 --ulimit nproc=8192:8192 --network host)
for stage in fetcher parser enricher sink; do
  own=()
  if [ "$stage" = fetcher ]; then own=(-e NABA__FETCHER__CONTACT=mailto:operator@localhost.example); fi
  podman_ run --rm "${HARD[@]}" "${own[@]}" "$IMAGE" naba check-config --service "$stage" > /dev/null \
    || fail "the $stage's configuration is refused in it"
  podman_ run --rm "${HARD[@]}" "$IMAGE" "naba-$stage" --help > /dev/null || fail "naba-$stage does not start in it"
done
python3 deploy/docker/resolver.py podman "${STORE[@]}" --cgroup-manager=cgroupfs --runtime runc run --rm "${HARD[@]}" --dns 127.0.0.77 \
  "$IMAGE" naba topics list --kafka broker.test:PORT || fail "its programs do not find names by DNS"
if podman_ run --rm "${HARD[@]}" "$IMAGE" naba up --demo --data /somewhere > /dev/null 2>&1; then fail "its root file system can be written"; fi

# A folder of the pod's own user, as an emptyDir with fsGroup is.
install -d -o 65532 -g 65532 "$WORK/state"
CONTAINER=$(podman_ run -d "${HARD[@]}" -v "$WORK/state:/var/lib/naba" --tmpfs /tmp -e "NABA__ADMIN__LISTEN=127.0.0.1:$PORT" \
  "$IMAGE" naba up --demo --data /var/lib/naba/data --quiet)
status=/proc/$(podman_ inspect --format '{{.State.Pid}}' "$CONTAINER")/status
grep -q '^Uid:.65532.65532' "$status" || fail "runs as $(grep ^Uid "$status")"
grep -q '^CapEff:.0*$' "$status" || fail "has capabilities: $(grep ^CapEff "$status")"
grep -q '^NoNewPrivs:.1' "$status" || fail "may gain privileges"
delivered() { curl -s "http://127.0.0.1:$PORT/metrics" | awk '/^naba_records_total{stage="sink",disposition="emitted"/ { n += $2 } END { exit n < 3 }'; }
for _ in $(seq 1 240); do if delivered; then break; fi; sleep 0.5; done
delivered || fail "the line delivers nothing in it"
curl -sf "http://127.0.0.1:$PORT/readyz" > /dev/null || fail "is not ready: $(curl -s "http://127.0.0.1:$PORT/readyz")"
# Process 1 has no default for SIGTERM: without a handler of its own it would be killed after the wait, with 137.
podman_ stop -t 30 "$CONTAINER" > /dev/null
code=$(podman_ inspect --format '{{.State.ExitCode}}' "$CONTAINER")
[ "$code" -eq 0 ] || fail "ends with $code on SIGTERM"
podman_ rm "$CONTAINER" > /dev/null
CONTAINER=
echo "image: $((bytes / 1000000)) MB packed, ran read-only as 65532 without capabilities, found names, delivered, and drained on SIGTERM"
# Not by default: on a starved machine the newsroom takes articles off its listings before a replaced fetcher asks again.
if [ -n "${PODS:-}" ]; then
  PODMAN="podman ${STORE[*]} --cgroup-manager=cgroupfs --runtime runc" IMAGE=$IMAGE python3 deploy/test_pods.py
fi
