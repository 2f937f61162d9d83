"""Checks what schemas cannot: hardening, grace periods and configuration of every rendered pod.

With NABA set to the program, every rendered configuration is also put before it.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import tomllib

import yaml

DRAIN_MARGIN_SECONDS = 5
DEFAULT_DEADLINE_SECONDS = 25
# Keys of the Secret that the values under ci/ name.
SECRETS = ["postgres-password"]


def check(condition, message):
    if not condition:
        sys.exit(f"chart: {message}")


def seconds(text):
    check(text.endswith("s"), f"deadline {text!r} is not in seconds")
    return int(text[:-1])


def pod(where, workload, configs):
    spec = workload["spec"]["template"]["spec"]
    context = spec["securityContext"]
    check(context["runAsNonRoot"] and context["runAsUser"] == 65532, f"{where} may run as root")
    check(context["seccompProfile"]["type"] == "RuntimeDefault", f"{where} has no seccomp profile")
    check(spec["automountServiceAccountToken"] is False, f"{where} mounts a token")
    (container,) = spec["containers"]
    own = container["securityContext"]
    check(own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"], f"{where} is not locked down")
    check(own["capabilities"]["drop"] == ["ALL"], f"{where} keeps capabilities")
    check("cpu" not in container["resources"]["limits"], f"{where} has a CPU limit")
    for probe, path in {"livenessProbe": "/livez", "readinessProbe": "/readyz", "startupProbe": "/livez"}.items():
        check(container[probe]["httpGet"]["path"] == path, f"{where}: {probe} asks another path than {path}")
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume["name"] for volume in spec["volumes"]}
    volumes |= {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
    check(mounts == volumes, f"{where}: mounts {mounts} are not the volumes {volumes}")
    config = tomllib.loads(configs[workload["metadata"]["name"]])
    check(config["kafka"]["bootstrap"], f"{where} has no brokers")
    check(config["admin"]["listen"].endswith(":9464"), f"{where}: the admin port is not the probed one")
    deadline = seconds(config.get("shutdown", {}).get("deadline", f"{DEFAULT_DEADLINE_SECONDS}s"))
    check(
        spec["terminationGracePeriodSeconds"] >= deadline + DRAIN_MARGIN_SECONDS,
        f"{where} is killed before its drain deadline of {deadline} s",
    )


def accepted(where, service, text):
    """Asks the program whether it would start with this configuration; secrets stand in a folder of our own."""
    with tempfile.TemporaryDirectory() as folder:
        for name in SECRETS:
            (pathlib.Path(folder) / name).write_text("secret")
        file = pathlib.Path(folder) / "naba.toml"
        file.write_text(text.replace("/etc/naba/secrets", folder))
        command = [os.environ["NABA"], "check-config", "--service", service, "--config", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    check(done.returncode == 0, f"{where}: the {service} refuses its configuration:\n{done.stderr}")


def main(folder):
    for file in sorted(pathlib.Path(folder).glob("*.yaml")):
        documents = [d for d in yaml.safe_load_all(file.read_text()) if d]
        configs = {d["metadata"]["name"]: d["data"]["naba.toml"] for d in documents if d["kind"] == "ConfigMap"}
        workloads = [d for d in documents if d["kind"] == "StatefulSet"]
        check(workloads, f"{file.name} has no workload")
        for workload in workloads:
            check(workload["spec"]["podManagementPolicy"] == "Parallel", f"{file.name}: pods start one by one")
            name = workload["metadata"]["name"]
            pod(f"{file.name}: {name}", workload, configs)
            if os.environ.get("NABA"):
                accepted(file.name, workload["metadata"]["labels"]["app.kubernetes.io/component"], configs[name])


main(sys.argv[1])
