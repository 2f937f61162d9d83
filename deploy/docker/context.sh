#!/usr/bin/env bash
# Lays out the build context of Dockerfile.scratch: `deploy/docker/context.sh CONTEXT PROGRAM...`.
# Programs come from static.sh; one that is not static brings its libraries and its loader along.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
CONTEXT=${1:?the folder to write to}; shift
AUTHORITIES=/etc/ssl/certs/ca-certificates.crt   # Debian's ca-certificates
[ -e "$AUTHORITIES" ] || { echo "$AUTHORITIES is missing: install ca-certificates" >&2; exit 1; }

root=$CONTEXT/rootfs
mkdir -p "$root"/usr/local/bin "$root"/usr/share/doc/naba "$root"/etc/ssl/certs "$root"/tmp "$root"/var/lib/naba "$CONTEXT"/state/farm
for program in "$@"; do
  strip -o "$root/usr/local/bin/$(basename "$program")" "$program"
  # "name => /path (address)", and the loader as a bare path; of a static program nothing.
  libraries=$(ldd "$program" 2>/dev/null | grep -o '/[^ ]*') || continue
  for library in $libraries; do install -D -m 755 "$library" "$root$library"; done
done
install -m 644 "$AUTHORITIES" "$root/etc/ssl/certs/"
install -m 644 LICENSE "$root/usr/share/doc/naba/"
python3 deploy/docker/sbom.py > "$root/usr/share/doc/naba/sbom.cdx.json"
printf 'root:x:0:0::/:\nnaba:x:65532:65532::/var/lib/naba:\n' > "$root/etc/passwd"
# Static programs read names as everybody does: files, then DNS.
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
