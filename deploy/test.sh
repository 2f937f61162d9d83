#!/usr/bin/env bash
# Tests what is deployed without deploying it: Prometheus rules, compose file, Dockerfile, scripts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/.tools/bin:$PWD/.tools/py/bin:$PATH"
for tool in promtool hadolint yamllint; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: run 'make setup'" >&2; exit 1; }
done

quietly() { # prints what a program said only when it failed
  local said; said=$("$@" 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }
}
quietly promtool check config deploy/prometheus/prometheus.yml
quietly promtool check rules --lint=all --lint-fatal deploy/prometheus/alerts.yml
quietly promtool test rules deploy/prometheus/alerts_test.yml
# A test suite that cannot fail proves nothing: with a rule broken it must.
broken=$(mktemp -d)
trap 'rm -rf "$broken"' EXIT
cp deploy/prometheus/alerts_test.yml "$broken/"
sed 's/> 14.4 \* 0.01/> 1/; s/unless sum/and sum/' deploy/prometheus/alerts.yml > "$broken/alerts.yml"
if promtool test rules "$broken/alerts_test.yml" >/dev/null 2>&1; then
  echo "alerts_test.yml passes with broken rules" >&2; exit 1
fi
quietly hadolint deploy/docker/Dockerfile
quietly yamllint -s -c helm/yamllint.yaml deploy
for script in deploy/*.sh deploy/kafka/*.sh helm/*.sh .ci/run; do bash -n "$script"; done
python3 deploy/test_deploy.py
