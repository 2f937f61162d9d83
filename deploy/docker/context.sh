#!/usr/bin/env bash
# Lays out the build context of Dockerfile.scratch: `deploy/docker/context.sh PROGRAMS CONTEXT`, PROGRAMS from static.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PROGRAMS=${1:?the folder with the programs} CONTEXT=${2:?the folder to write to}
AUTHORITIES=/etc/ssl/certs/ca-certificates.crt   # Debian's ca-certificates
[ -e "$AUTHORITIES" ] || { echo "$AUTHORITIES is missing: install ca-certificates" >&2; exit 1; }

root=$CONTEXT/rootfs
mkdir -p "$root"/usr/local/bin "$root"/usr/share/doc/naba "$root"/etc/ssl/certs "$root"/tmp "$root"/var/lib/naba/farm
install -m 755 "$PROGRAMS"/* "$root/usr/local/bin/"
install -m 644 "$AUTHORITIES" "$root/etc/ssl/certs/"
install -m 644 LICENSE "$root/usr/share/doc/naba/"
python3 deploy/docker/sbom.py > "$root/usr/share/doc/naba/sbom.cdx.json"
printf 'root:x:0:0::/:\nnaba:x:65532:65532::/var/lib/naba:\n' > "$root/etc/passwd"
# Static programs read names as everybody does: files, then DNS.
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
if [ "$(id -u)" -eq 0 ]; then chown -R 65532:65532 "$root/var/lib/naba"; fi
