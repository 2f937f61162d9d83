#!/usr/bin/env bash
# Tests the chart without a cluster: lint, render, Kubernetes schemas, rendered configuration, refused values.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/.tools/bin:$PWD/.tools/py/bin:$PATH"
for tool in helm kubernetes-validate yamllint; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: run 'make setup'" >&2; exit 1; }
done
# Two ends of the supported range.
VERSIONS="1.27 1.36"
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT

yamllint -s -c helm/yamllint.yaml helm/naba/Chart.yaml helm/naba/values.yaml helm/naba/ci
for values in helm/naba/ci/*-values.yaml; do
  name=$(basename "$values" -values.yaml)
  helm lint --strict --quiet helm/naba --values "$values"
  helm template news helm/naba --namespace news --values "$values" > "$OUT/$name.yaml"
  for version in $VERSIONS; do
    kubernetes-validate --quiet -k "$version" --strict "$OUT/$name.yaml"
  done
done
python3 helm/test_rendered.py "$OUT"

refused=0
for values in helm/naba/ci/refused/*.yaml; do
  path=$(sed -n '1s/^# refused: //p' "$values")
  if said=$(helm template news helm/naba --values "$values" 2>&1); then
    echo "$values was not refused" >&2; exit 1
  fi
  # The wording differs between helm versions, the path of the wrong value does not.
  grep -q "$path" <<< "$said" || { printf '%s was refused without naming %s:\n%s\n' "$values" "$path" "$said" >&2; exit 1; }
  refused=$((refused + 1))
done
echo "chart: $(ls "$OUT" | wc -l) renderings valid for Kubernetes $VERSIONS, $refused wrong values refused"
