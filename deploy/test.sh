#!/usr/bin/env bash
# Tests what is deployed without deploying it: Prometheus rules, dashboards, compose file, Dockerfiles, runbook, scripts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/.tools/bin:$PWD/.tools/py/bin:$PATH"
for tool in promtool hadolint yamllint docker-compose; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: run 'make setup'" >&2; exit 1; }
done

quietly() { # prints what a program said only when it failed
  local said; said=$("$@" 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }
}
quietly promtool check config deploy/prometheus/prometheus.yml
quietly promtool check rules --lint=all --lint-fatal deploy/prometheus/alerts.yml
quietly promtool test rules deploy/prometheus/alerts_test.yml deploy/prometheus/objective_test.yml
python3 deploy/grafana/generate.py --check
quietly docker-compose -f deploy/compose.yaml --profile demo config --quiet
quietly hadolint deploy/docker/Dockerfile deploy/docker/Dockerfile.scratch
quietly yamllint -s -c helm/yamllint.yaml deploy
for script in deploy/*.sh deploy/docker/*.sh deploy/kafka/*.sh helm/*.sh .ci/run; do bash -n "$script"; done
python3 deploy/test_deploy.py
