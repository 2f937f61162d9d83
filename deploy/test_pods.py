"""Runs the pods that the chart renders, as containers in network namespaces of their own, on a real Kafka beside them.

What a kubelet would do is done here by podman and this script: configuration mounted, probes asked, SIGTERM with the pod's grace
period. The topic job comes first, then the services, then `helm test`'s pod; then every pod is replaced, one after the other,
with its disk gone, while the newsroom publishes. In the end no article may be missing.

PODMAN is the command with its options, IMAGE the image. Needs root.
"""

import json
import os
import pathlib
import shlex
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import yaml

from ports import free_ports

ROOT = pathlib.Path(__file__).resolve().parent.parent
PODMAN = shlex.split(os.environ["PODMAN"])
IMAGE = os.environ["IMAGE"]
NETWORK = f"naba-{os.getpid()}"
USER = 65532
# On a machine that others use too.
PATIENCE_SECONDS = 240
ARTICLES, DURATION = 60, "45s"
FARM_PORT, DATABASE = 8800, "articles.db"
# A container may not raise limits, so they are named.
LIMITS = ["--ulimit", "nofile=8192:8192", "--ulimit", "nproc=8192:8192"]


def fail(message):
    sys.exit(f"pods: {message}")


def podman(*arguments, check=True):
    done = subprocess.run([*PODMAN, *arguments], capture_output=True, text=True)
    if check and done.returncode:
        fail(f"podman {arguments[0]} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout.strip()


def address(container):
    networks = json.loads(podman("inspect", container))[0]["NetworkSettings"]["Networks"]
    return networks[NETWORK]["IPAddress"]


def until(what, condition):
    ends = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > ends:
            fail(f"no {what} in time")
        time.sleep(0.5)


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


class Pods:
    """The pods of a rendering, and what stands in for their volumes."""

    def __init__(self, folder, documents):
        self.folder = folder
        self.configs = {d["metadata"]["name"]: d["data"] for d in documents if d["kind"] == "ConfigMap"}
        # A claim outlives its pod.
        self.claims = {}
        self.running = {}
        self.generation = 0

    def volume(self, pod, volume):
        """Makes what a volume is on this machine."""
        place = self.folder / f"{pod}-{self.generation}" / volume["name"]
        place.mkdir(parents=True)
        if "configMap" in volume:
            for key, text in self.configs[volume["configMap"]["name"]].items():
                (place / key).write_text(text)
        elif "emptyDir" in volume:
            os.chown(place, USER, USER)
        else:
            fail(f"{pod} has a volume that is not known here: {volume}")
        return place

    def claim(self, pod, template):
        place = self.folder / f"{template['metadata']['name']}-{pod}"
        if not place.exists():
            place.mkdir()
            os.chown(place, USER, USER)
        self.claims[pod] = place
        return place

    def command(self, name, spec, claims=()):
        (container,) = spec["containers"]
        places = {volume["name"]: self.volume(name, volume) for volume in spec["volumes"]}
        places |= {template["metadata"]["name"]: self.claim(name, template) for template in claims}
        own, pod = container["securityContext"], spec["securityContext"]
        given = ["--name", name, "--network", NETWORK, "--user", f"{pod['runAsUser']}:{pod['runAsGroup']}", *LIMITS,
                 "--memory", container["resources"]["limits"]["memory"].replace("Mi", "m")]
        given += ["--read-only"] if own["readOnlyRootFilesystem"] else []
        given += ["--security-opt", "no-new-privileges"] if own["allowPrivilegeEscalation"] is False else []
        given += [flag for drop in own["capabilities"]["drop"] for flag in ("--cap-drop", drop)]
        for variable in container.get("env", []):
            value = variable["value"] if "value" in variable else {"metadata.name": name}[variable["valueFrom"]["fieldRef"]["fieldPath"]]
            given += ["--env", f"{variable['name']}={value}"]
        for mount in container["volumeMounts"]:
            source = places[mount["name"]] / mount.get("subPath", "")
            given += ["--volume", f"{source}:{mount['mountPath']}{':ro' if mount.get('readOnly') else ''}"]
        return [*given, IMAGE, *container["command"], *container["args"]]

    def run_once(self, name, spec):
        """Runs a pod to its end."""
        self.generation += 1
        done = subprocess.run([*PODMAN, "run", "--rm", *self.command(name, spec)], capture_output=True, text=True)
        if done.returncode:
            fail(f"{name} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")

    def start(self, name, spec, claims):
        self.generation += 1
        podman("run", "--detach", *self.command(name, spec, claims))
        self.running[name] = (spec, address(name), claims)

    def url(self, name, probe):
        spec, ip, _ = self.running[name]
        (container,) = spec["containers"]
        asked = container[probe]["httpGet"]
        port = next(p["containerPort"] for p in container["ports"] if p["name"] == asked["port"])
        return f"http://{ip}:{port}{asked['path']}"

    def ready(self, name):
        return get(self.url(name, "readinessProbe"))[0] == 200

    def stop(self, name):
        """Ends a pod as a kubelet does; it must drain within its grace period."""
        grace = self.running[name][0]["terminationGracePeriodSeconds"]
        podman("stop", "--time", str(grace), name)
        code = podman("inspect", "--format", "{{.State.ExitCode}}", name)
        if code != "0":
            fail(f"{name} ended with {code} on SIGTERM:\n{self.log(name)}")
        podman("rm", name)
        return self.running.pop(name)

    def ends(self, name):
        """How records ended in a pod, without those that went on."""
        rows = get(self.url(name, "readinessProbe").replace("/readyz", "/metrics"))[1].splitlines()
        return [row for row in rows if row.startswith("naba_records_total") and "emitted" not in row]

    def log(self, name):
        done = subprocess.run([*PODMAN, "logs", "--tail", "8", name], capture_output=True, text=True)
        return done.stdout + done.stderr


def newsroom(folder):
    """Starts the newsroom as a container, which also brings the bridge up; returns its address and that of the bridge."""
    place = folder / "farm"
    place.mkdir()
    os.chown(place, USER, USER)
    podman("run", "--detach", "--name", "newsfarm", "--network", NETWORK, "--user", f"{USER}:{USER}", *LIMITS, "--volume", f"{place}:/farm", IMAGE,
           "newsfarm", "serve", "--sites", "6", "--articles", str(ARTICLES), "--schedule", "live", "--duration", DURATION,
           "--min-interval", "1s", "--listen", f"0.0.0.0:{FARM_PORT}", "--out", "/farm")
    gateway = json.loads(podman("network", "inspect", NETWORK))[0]["subnets"][0]["gateway"]
    until("newsroom", lambda: (place / "sources.toml").exists() and (place / "truth.jsonl").exists())
    return address("newsfarm"), gateway


def kafka(folder, gateway):
    """Starts a broker that also listens on the bridge."""
    base = free_ports()
    # Two listeners may not share a port.
    inside, outside = f"127.0.0.1:{base}", f"{gateway}:{base + 5}"
    extra = [
        f"listeners=PLAINTEXT://{inside},CONTROLLER://127.0.0.1:{base + 1},BRIDGE://{outside}",
        f"advertised.listeners=PLAINTEXT://{inside},BRIDGE://{outside}",
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,BRIDGE:PLAINTEXT",
    ]
    environment = {**os.environ, "KHOME": str(folder / "kafka"), "KAFKA_LIBS": str(ROOT / "deploy/kafka/run/libs"),
                   "KAFKA_BASE_PORT": str(base), "KAFKA_EXTRA": "\n".join(extra), "KAFKA_WATCH_PID": str(os.getpid())}
    script = str(ROOT / "deploy/kafka/kafka.sh")
    subprocess.run([script, "start", "1"], env=environment, check=True, stdout=subprocess.DEVNULL)
    return outside, lambda: subprocess.run([script, "stop"], env=environment, check=False)


def render(folder, bootstrap, farm):
    contact = {"contact": "mailto:operator@localhost.example", "delay": "50ms", "min_interval": "1s", "allow_addresses": [f"{farm}/32"]}
    values = {
        "kafka": {"bootstrapServers": bootstrap},
        "services": {
            # On disks that are lost with the pod.
            "fetcher": {"state": False, "config": {"fetcher": contact, "fetcher.hosts": {"*.example": f"{farm}:{FARM_PORT}"}}},
            "enricher": {"state": False},
            # The store keeps what it has, on a claim; a file of its own for each instance, so one.
            "sink": {"replicas": 1, "state": True, "config": {"sink": {"store": "sqlite"}, "sqlite": {"path": f"/var/lib/naba/{DATABASE}"}}},
        },
        "stateVolume": {"persistent": True},
    }
    (folder / "values.yaml").write_text(yaml.safe_dump(values))
    command = ["helm", "template", "news", str(ROOT / "helm/naba"), "--namespace", "news", "--values", str(folder / "values.yaml")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        fail(f"the chart does not render: {done.stderr}")
    return [d for d in yaml.safe_load_all(done.stdout) if d]


def missing(database, truth):
    """Lists the articles that must be in the sink and are not, by any of their addresses."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        found = {address for row in connection.execute("SELECT canonical_url, url FROM articles") for address in row}
    return [addresses for addresses in truth if not found & set(addresses)]


def line(folder, pods, documents):
    job = next(d for d in documents if d["kind"] == "Job")
    spec = job["spec"]["template"]["spec"]
    pods.run_once("topics", spec)
    # Sources come from the command line, with the job's configuration.
    importing = json.loads(json.dumps(spec))
    importing["containers"][0]["args"] = ["sources", "import", "/farm/sources.toml", "--config", "/etc/naba/naba.toml"]
    command = pods.command("sources", importing)
    command[command.index(IMAGE) : command.index(IMAGE)] = ["--volume", f"{folder}/farm:/farm:ro"]
    # New topics have no leader for a moment, and the command line does not wait for one.
    until("sources", lambda: subprocess.run([*PODMAN, "run", "--rm", *command], capture_output=True).returncode == 0)

    sets = [d for d in documents if d["kind"] == "StatefulSet"]
    names = {f"{d['metadata']['name']}-{i}": d["spec"] for d in sets for i in range(d["spec"]["replicas"])}
    for name, spec in names.items():
        pods.start(name, spec["template"]["spec"], spec.get("volumeClaimTemplates", []))
    until("readiness of all pods", lambda: all(pods.ready(name) for name in names))
    test = next(d for d in documents if d["kind"] == "Pod")
    pods.run_once("test", test["spec"])

    # As a roll-out does: the highest ordinal first, the next when this one is ready. A deleted pod loses its emptyDir.
    for name in sorted(names, reverse=True):
        spec, _, claims = pods.stop(name)
        pods.start(name, spec, claims)
        until(f"readiness of {name}", lambda name=name: pods.ready(name))
    rows = [json.loads(row) for row in (folder / "farm/truth.jsonl").read_text().splitlines()]
    truth = {row["article"]: [row["canonical_url"], *row["urls"]] for row in rows if row["fate"] == "must_appear"}
    truth = list(truth.values())
    (sink,) = [name for name in names if "-sink-" in name]
    database = pods.claims[sink] / DATABASE
    ends = time.monotonic() + PATIENCE_SECONDS
    while missing(database, truth):
        if time.monotonic() > ends:
            fail(f"{len(missing(database, truth))} of {len(truth)} articles are missing: {missing(database, truth)[:5]}")
        time.sleep(1)
    for name in names:
        if get(pods.url(name, "livenessProbe"))[0] != 200:
            fail(f"{name} is not alive")
    for name in sorted(pods.running):
        pods.stop(name)
    return len(names), len(truth)


def main():
    with tempfile.TemporaryDirectory(prefix="naba-pods.") as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        podman("network", "create", NETWORK)
        stop, pods = None, None
        try:
            farm, gateway = newsroom(folder)
            bootstrap, stop = kafka(folder, gateway)
            documents = render(folder, bootstrap, farm)
            pods = Pods(folder, documents)
            count, articles = line(folder, pods, documents)
        except SystemExit:
            for name in pods.running if pods else []:
                print(f"--- {name}", *pods.ends(name), pods.log(name), sep="\n", file=sys.stderr)
            raise
        finally:
            for name in ["newsfarm", *(pods.running if pods else [])]:
                podman("rm", "--force", "--time", "0", name, check=False)
            podman("network", "rm", NETWORK, check=False)
            if stop:
                stop()
    print(f"pods: {count} pods of the chart came up, were each replaced under load, and lost none of {articles} articles")


main()
