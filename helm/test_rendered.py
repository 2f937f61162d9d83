"""Checks what schemas of Kubernetes cannot, in every rendering of the folder given.

Operators' objects against their schemas, pods against the restricted Pod Security Standard, instances against partitions, grace
periods against drain deadlines, and with NABA set to the program, every rendered configuration against the program itself.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

import jsonschema
import yaml
from cloudcoil.models.keda import v1alpha1 as keda
from cloudcoil.models.prometheus_operator import v1 as operator

ROOT = pathlib.Path(__file__).resolve().parent
DRAIN_MARGIN_SECONDS = 5
DEFAULT_DEADLINE_SECONDS = 25
# What the restricted standard allows as volumes: https://kubernetes.io/docs/concepts/security/pod-security-standards
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
MODELS = {"ScaledObject": keda.ScaledObject, "TriggerAuthentication": keda.TriggerAuthentication,
          "PodMonitor": operator.PodMonitor, "PrometheusRule": operator.PrometheusRule}
STRIMZI = json.loads((ROOT / "strimzi-v1.schema.json").read_text())
TOPICS = yaml.safe_load((ROOT / "naba/files/topics.yaml").read_text())


def check(condition, message):
    if not condition:
        sys.exit(f"chart: {message}")


def unknown(given, known, path=""):
    """Yields the keys that a model has dropped."""
    if isinstance(given, dict) and isinstance(known, dict):
        for key, value in given.items():
            if key not in known:
                yield f"{path}.{key}"
            else:
                yield from unknown(value, known[key], f"{path}.{key}")
    elif isinstance(given, list) and isinstance(known, list):
        for index, (value, other) in enumerate(zip(given, known)):
            yield from unknown(value, other, f"{path}[{index}]")


def wrong(document):
    """Lists what is wrong with an operator's object, unknown keys among it."""
    kind = document["kind"]
    if document["apiVersion"].startswith("kafka.strimzi.io/"):
        schema = {**STRIMZI["definitions"][kind], "definitions": STRIMZI["definitions"]}
        return [f"{e.json_path} {e.message}" for e in jsonschema.Draft7Validator(schema).iter_errors(document)]
    if kind not in MODELS:
        return [f"no schema for {document['apiVersion']} {kind}"]
    try:
        # Through JSON, so that a number is no string.
        model = MODELS[kind].model_validate_json(json.dumps(document), strict=True)
    except ValueError as error:
        return [str(error)]
    known = json.loads(model.model_dump_json(by_alias=True, exclude_unset=True))
    return [f"unknown key {path}" for path in unknown(document, known)]


def breaks(document):
    """Yields an operator's object with one thing wrong each."""
    yield {**document, "spec": {**document["spec"], "misspelt": 1}}
    for key, value in document["spec"].items():
        yield {**document, "spec": {**document["spec"], key: "text" if not isinstance(value, str) else {"no": "text"}}}


def custom(where, document):
    """Validates an operator's object, and shows that the schema would see it broken."""
    found = wrong(document)
    check(not found, f"{where}: {found}")
    for broken in breaks(document):
        check(wrong(broken), f"{where} is accepted when broken: {broken['spec']}")


def seconds(text):
    check(text.endswith("s"), f"deadline {text!r} is not in seconds")
    return int(text[:-1])


def restricted(where, spec):
    """Holds a pod to the restricted Pod Security Standard, and to a little more."""
    for key in ["hostNetwork", "hostPID", "hostIPC"]:
        check(not spec.get(key), f"{where} uses {key}")
    for volume in spec["volumes"]:
        check(len(volume.keys() - {"name"} & VOLUMES) == 1, f"{where}: volume {volume} is not allowed")
    context = spec["securityContext"]
    check(context["runAsNonRoot"] and context["runAsUser"] == 65532, f"{where} may run as root")
    check(context["seccompProfile"]["type"] == "RuntimeDefault", f"{where} has no seccomp profile")
    check(spec["automountServiceAccountToken"] is False, f"{where} mounts a token")
    for container in spec["containers"] + spec.get("initContainers", []):
        own = container["securityContext"]
        check(not own.get("privileged") and own.get("runAsUser", 65532) != 0, f"{where} is privileged")
        check(own["readOnlyRootFilesystem"] and own["allowPrivilegeEscalation"] is False, f"{where} is not locked down")
        check(own["capabilities"] == {"drop": ["ALL"]}, f"{where} keeps capabilities")
        check(all("hostPort" not in port for port in container.get("ports", [])), f"{where} takes a port of the host")
        check("cpu" not in container["resources"]["limits"], f"{where} has a CPU limit")
        check("memory" in container["resources"]["limits"], f"{where} has no memory limit")


def mounted(where, spec, claims=()):
    (container,) = spec["containers"]
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume["name"] for volume in spec["volumes"]} | set(claims)
    check(mounts == volumes, f"{where}: mounts {mounts} are not the volumes {volumes}")


def workload(where, document, configs):
    check(document["spec"]["podManagementPolicy"] == "Parallel", f"{where}: pods start one by one")
    spec = document["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    for probe, path in {"livenessProbe": "/livez", "readinessProbe": "/readyz", "startupProbe": "/livez"}.items():
        check(container[probe]["httpGet"]["path"] == path, f"{where}: {probe} asks another path than {path}")
    mounted(where, spec, [claim["metadata"]["name"] for claim in document["spec"].get("volumeClaimTemplates", [])])
    check(spec["topologySpreadConstraints"], f"{where} does not spread")
    config = tomllib.loads(configs[document["metadata"]["name"]])
    check(config["kafka"]["bootstrap"], f"{where} has no brokers")
    check(config["admin"]["listen"].endswith(":9464"), f"{where}: the admin port is not the probed one")
    deadline = seconds(config.get("shutdown", {}).get("deadline", f"{DEFAULT_DEADLINE_SECONDS}s"))
    check(
        spec["terminationGracePeriodSeconds"] >= deadline + DRAIN_MARGIN_SECONDS,
        f"{where} is killed before its drain deadline of {deadline} s",
    )


def scaling(where, documents):
    """Each workload has one who counts its instances, and never more instances than partitions."""
    counts = {topic["role"]: topic["partitions"] for topic in TOPICS["topics"]}
    scalers = {}
    for document in documents:
        if document["kind"] in ("HorizontalPodAutoscaler", "ScaledObject"):
            target = document["spec"]["scaleTargetRef"]["name"]
            check(target not in scalers, f"{where}: {target} is scaled twice")
            scalers[target] = document["spec"].get("maxReplicas") or document["spec"]["maxReplicaCount"]
    for document in documents:
        if document["kind"] == "StatefulSet":
            name, spec = document["metadata"]["name"], document["spec"]
            component = document["metadata"]["labels"]["app.kubernetes.io/component"]
            check(("replicas" in spec) != (name in scalers), f"{where}: {name} has replicas and a scaler, or neither")
            most = scalers.pop(name, None) or spec["replicas"]
            partitions = counts[TOPICS["access"][component]["input"]]
            check(most <= partitions, f"{where}: {name} has {most} instances for {partitions} partitions")
    check(not scalers, f"{where}: {scalers} scale nothing")


def rights(where, documents):
    """A user may write only what its service writes, and only its own transactions and group."""
    for user in [d for d in documents if d["kind"] == "KafkaUser"]:
        component = user["metadata"]["labels"]["app.kubernetes.io/component"]
        if component == "admin":
            continue
        for acl in user["spec"]["authorization"]["acls"]:
            resource, name = acl["resource"], acl["resource"].get("name", "")
            check(not {"All", "Alter", "Create", "Delete"} & set(acl["operations"]), f"{where}: {component} may {acl}")
            if resource["type"] == "topic":
                check(resource["patternType"] == "literal", f"{where}: {component} has rights on {name}*")
            elif resource["type"] == "transactionalId":
                check(name.endswith(f"naba-{component}."), f"{where}: {component} may use transactions of {name}")


def accepted(where, service, text):
    """Asks the program whether it would start with this configuration; secrets stand in a folder of our own."""
    with tempfile.TemporaryDirectory() as folder:
        for secret in re.findall(r"/etc/naba/([a-z/-]+)", text):
            path = pathlib.Path(folder) / secret
            path.parent.mkdir(exist_ok=True)
            path.write_text("secret")
        file = pathlib.Path(folder) / "naba.toml"
        file.write_text(text.replace("/etc/naba", folder))
        command = [os.environ["NABA"], "check-config", "--service", service, "--config", str(file)]
        environment = {"PATH": os.environ["PATH"]}
        if service == "up":
            environment["NABA__FETCHER__CONTACT"] = "mailto:crawler@news.example"
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
    check(done.returncode == 0, f"{where}: the {service} refuses its configuration:\n{done.stderr}")


def rendering(file):
    documents = [d for d in yaml.safe_load_all(file.read_text()) if d]
    configs = {d["metadata"]["name"]: (d.get("data") or {}).get("naba.toml") for d in documents if d["kind"] == "ConfigMap"}
    pods = 0
    for document in documents:
        where = f"{file.name}: {document['kind']} {document['metadata']['name']}"
        if "." in document["apiVersion"] and not re.search(r"(^|\.)k8s\.io/|^(apps|policy|batch)/", document["apiVersion"]):
            custom(where, document)
        spec = document["spec"]["template"]["spec"] if document["kind"] in ("StatefulSet", "Job") else document.get("spec")
        if spec and "containers" in spec:
            restricted(where, spec)
            pods += 1
        if document["kind"] in ("Job", "Pod"):
            mounted(where, spec)
        if document["kind"] == "StatefulSet":
            workload(where, document, configs)
    check(pods, f"{file.name} has no pod")
    scaling(file.name, documents)
    rights(file.name, documents)
    if os.environ.get("NABA"):
        for name, text in configs.items():
            if text:
                service = name.rsplit("-", 1)[1]
                accepted(f"{file.name}: {name}", service if service in TOPICS["access"] else "up", text)
    return len(documents)


print(f"chart: {sum(rendering(file) for file in sorted(pathlib.Path(sys.argv[1]).glob('*.yaml')))} objects checked")
