#!/usr/bin/env bash
# Tests the chart without a cluster: lint and render with Helm 3 and 4, golden renderings, schemas of Kubernetes and of the
# operators, hardening, rendered configuration, refused values. `helm/test.sh --update` writes the golden renderings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/.tools/bin:$PWD/.tools/py/bin:$PATH"
for tool in helm helm3 kubernetes-validate yamllint; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: run 'make setup'" >&2; exit 1; }
done
# Two ends of the supported range.
VERSIONS="1.27 1.36"
UPDATE=${1:-}
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT
mkdir "$OUT/rendered" "$OUT/golden"

if [ "$UPDATE" = --update ]; then python3 helm/generate.py; rm -f helm/golden/*.yaml; mkdir -p helm/golden; fi
python3 helm/generate.py --check
yamllint -s -c helm/yamllint.yaml helm/naba/Chart.yaml helm/naba/values.yaml helm/naba/ci
# minimal comes first: the golden renderings of the others show what differs from it.
for values in helm/naba/ci/minimal-values.yaml helm/naba/ci/*-values.yaml; do
  name=$(basename "$values" -values.yaml)
  if [ -e "$OUT/golden/$name.yaml" ]; then continue; fi
  base=()
  if [ "$name" != minimal ]; then base=("$OUT/rendered/minimal.yaml"); fi
  for helm in helm helm3; do
    $helm lint --strict --quiet helm/naba --values "$values"
    $helm template news helm/naba --namespace news --values "$values" > "$OUT/$helm.yaml"
    python3 helm/normalise.py "${base[@]}" < "$OUT/$helm.yaml" > "$OUT/$helm.golden"
  done
  cmp -s "$OUT/helm.golden" "$OUT/helm3.golden" || { diff "$OUT/helm3.golden" "$OUT/helm.golden"; echo "$name: Helm 3 and 4 render different things" >&2; exit 1; }
  cp "$OUT/helm.yaml" "$OUT/rendered/$name.yaml"
  mv "$OUT/helm.golden" "$OUT/golden/$name.yaml"
done
if [ "$UPDATE" = --update ]; then cp "$OUT"/golden/*.yaml helm/golden/; fi
diff -ru helm/golden "$OUT/golden" || { echo "renderings differ from helm/golden: look, then run helm/test.sh --update" >&2; exit 1; }
for version in $VERSIONS; do
  # Operators' objects are unknown to it; test_rendered.py has their schemas and knows no exception.
  kubernetes-validate --quiet -k "$version" --strict "$OUT"/rendered/*.yaml > "$OUT/said" 2>&1 || { cat "$OUT/said" >&2; exit 1; }
  if grep -vE "^WARN .* kind (ScaledObject|TriggerAuthentication|PodMonitor|PrometheusRule|KafkaTopic|KafkaUser) " "$OUT/said" >&2; then exit 1; fi
done
python3 helm/test_rendered.py "$OUT/rendered"

# What is given away is the package: it must render like the folder, without the tests.
helm package --destination "$OUT" helm/naba > /dev/null
helm template news "$OUT"/naba-*.tgz --namespace news --values helm/naba/ci/monitoring-values.yaml | cmp - "$OUT/rendered/monitoring.yaml"
if tar tzf "$OUT"/naba-*.tgz | grep '/ci/' >&2; then echo "tests are in the package" >&2; exit 1; fi

refused=0
for values in helm/naba/ci/refused/*.yaml; do
  path=$(sed -n '1s/^# refused: //p' "$values")
  for helm in helm helm3; do
    if said=$($helm template news helm/naba --values "$values" 2>&1); then
      echo "$values was not refused by $helm" >&2; exit 1
    fi
    # The wording differs between versions, the path of the wrong value does not.
    grep -q "$path" <<< "$said" || { printf '%s was refused without naming %s:\n%s\n' "$values" "$path" "$said" >&2; exit 1; }
  done
  refused=$((refused + 1))
done
echo "chart: $(ls "$OUT/golden" | wc -l) renderings by Helm 3 and 4, valid for Kubernetes $VERSIONS, $refused wrong values refused"
