"""Gives each service the rights that the chart renders for it, on a real Kafka that grants nothing else, and runs the line so.

Too few rights show as a line that does not deliver. Too many would show here: a service under another's name must not get ready,
and no service may make a topic. BIN is the folder of the programs.
"""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import yaml
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, AdminClient, ResourcePatternType, ResourceType

from ports import free_ports

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ["BIN"])
STAGES = ["fetcher", "parser", "enricher", "sink"]
PATIENCE_SECONDS = 120
PASSWORD = "not-a-secret"
TYPES = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP, "transactionalId": ResourceType.TRANSACTIONAL_ID}
PATTERNS = {"literal": ResourcePatternType.LITERAL, "prefix": ResourcePatternType.PREFIXED}
OPERATIONS = {"Read": AclOperation.READ, "Write": AclOperation.WRITE, "Create": AclOperation.CREATE,
              "Describe": AclOperation.DESCRIBE, "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS}


def fail(message):
    sys.exit(f"rights: {message}")


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def users():
    """Renders the chart's KafkaUsers: name of the component to its rules."""
    command = ["helm", "template", "news", "helm/naba", "--values", "helm/naba/ci/strimzi-scram-values.yaml", "--show-only", "templates/strimzi.yaml"]
    rendered = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = [d for d in yaml.safe_load_all(rendered) if d and d["kind"] == "KafkaUser"]
    return {d["metadata"]["labels"]["app.kubernetes.io/component"]: d["spec"]["authorization"]["acls"] for d in found}


def broker(folder, names):
    """Starts a broker that knows these users and grants them nothing."""
    known = " ".join(f'user_{name}="{PASSWORD}"' for name in ["broker", *names])
    extra = [
        "listener.security.protocol.map=PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms=PLAIN",
        "sasl.mechanism.inter.broker.protocol=PLAIN",
        "listener.name.plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required"
        f' username="broker" password="{PASSWORD}" {known};',
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found=false",
        # The controller's listener has no users; only the broker itself speaks to it.
        "super.users=User:broker;User:ANONYMOUS",
    ]
    environment = {**os.environ, "KHOME": str(folder / "kafka"), "KAFKA_LIBS": str(ROOT / "deploy/kafka/run/libs"),
                   "KAFKA_BASE_PORT": str(free_ports()), "KAFKA_EXTRA": "\n".join(extra), "KAFKA_WATCH_PID": str(os.getpid())}
    script = [str(ROOT / "deploy/kafka/kafka.sh")]
    started = subprocess.run([*script, "start", "1"], env=environment, check=True, capture_output=True, text=True)
    return started.stdout.strip(), lambda: subprocess.run([*script, "stop"], env=environment, check=False)


def grant(bootstrap, rules):
    """Creates the access control lists, as the operator does."""
    client = AdminClient({"bootstrap.servers": bootstrap, "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN",
                          "sasl.username": "broker", "sasl.password": PASSWORD})
    bindings = {
        AclBinding(TYPES[acl["resource"]["type"]], acl["resource"]["name"], PATTERNS[acl["resource"]["patternType"]],
                   f"User:{user}", "*", OPERATIONS[operation], AclPermissionType.ALLOW)
        for user, acls in rules.items() for acl in acls for operation in acl["operations"]
    }
    for created in client.create_acls(list(bindings), request_timeout=30).values():
        created.result()
    return len(bindings)


def config(folder, bootstrap, user, more=""):
    file = folder / f"{user}-{len(more)}.toml"
    file.write_text(
        f'[kafka]\nbootstrap = "{bootstrap}"\nsasl_password_file = "{folder}/password"\n'
        f'[kafka.extra]\n"security.protocol" = "SASL_PLAINTEXT"\n"sasl.mechanism" = "PLAIN"\n"sasl.username" = "{user}"\n{more}'
    )
    return str(file)


def ask(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return f"not ready: {error.read().decode()}"
    except OSError as error:
        return f"no answer: {error}"


def until(what, condition, programs):
    ends = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        for name, program in programs.items():
            if program.poll() is not None:
                fail(f"{name} ended with {program.returncode} while waiting for {what}")
        if time.monotonic() > ends:
            fail(f"no {what} in time")
        time.sleep(0.5)


def service(folder, bootstrap, stage, user, sections, instance="0"):
    """Starts a service as a user, and returns it with its admin port."""
    port = free_port()
    more = f'[admin]\nlisten = "127.0.0.1:{port}"\n[stage]\ninstance = "{stage}-{instance}"\nstate_dir = "{folder}/state-{instance}"\n{sections}'
    with open(folder / f"{stage}-{instance}.log", "w") as log:
        program = subprocess.Popen([BIN / f"naba-{stage}", "--config", config(folder, bootstrap, user, more)], stdout=log, stderr=log)
    return program, port


def delivered(port):
    lines = ask(port, "/metrics").splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith('naba_records_total{stage="sink",disposition="emitted"'))


def line(folder, bootstrap, rules, programs):
    with open(folder / "farm.log", "w") as log:
        farm = [BIN / "newsfarm", "serve", "--sites", "4", "--articles", "40", "--schedule", "live", "--duration", "1m",
                "--listen", f"127.0.0.1:{free_port()}", "--out", str(folder / "farm")]
        programs["newsfarm"] = subprocess.Popen(farm, stdout=log, stderr=log)
    until("newsroom", lambda: (folder / "farm/hosts.toml").exists() and (folder / "farm/sources.toml").exists(), programs)
    naba = [str(BIN / "naba")]
    own = ["--config", config(folder, bootstrap, "admin")]
    subprocess.run([*naba, "topics", "apply", *own], check=True, stdout=subprocess.DEVNULL)
    # New topics have no leader for a moment, and the command line does not wait for one.
    importing = [*naba, "sources", "import", str(folder / "farm/sources.toml"), *own]
    until("sources", lambda: subprocess.run(importing, capture_output=True).returncode == 0, programs)

    hosts = (folder / "farm/hosts.toml").read_text()
    hosts = hosts.replace("[fetcher]", '[fetcher]\ncontact = "mailto:operator@localhost.example"\ndelay = "50ms"', 1)
    sections = {"fetcher": hosts, "sink": f'[sink]\nstore = "sqlite"\n[sqlite]\npath = "{folder}/naba.db"\n'}
    ports = {}
    for stage in STAGES:
        programs[stage], ports[stage] = service(folder, bootstrap, stage, stage, sections.get(stage, ""))
    until("articles in the sink", lambda: delivered(ports["sink"]) >= 5, programs)
    for stage in STAGES:
        if ask(ports[stage], "/readyz") != "ok\n":
            fail(f"{stage} is {ask(ports[stage], '/readyz')}")
    # Another's name opens nothing. It may end at once, or wait without getting ready.
    stranger, port = service(folder, bootstrap, "parser", "sink", "", instance="stranger")
    ends = time.monotonic() + 10
    said = ""
    while time.monotonic() < ends and stranger.poll() is None:
        said = ask(port, "/readyz")
        if said == "ok\n":
            stranger.kill()
            fail("the parser gets ready as the sink's user")
        time.sleep(0.5)
    if stranger.poll() is None:
        stranger.kill()
    else:
        said = f"ended with {stranger.returncode}: {(folder / 'parser-stranger.log').read_text().splitlines()[-1]}"
    stranger.wait()
    for stage in STAGES:
        extra = config(folder, bootstrap, stage, '[stage]\ntopic_prefix = "other."\n')
        done = subprocess.run([*naba, "topics", "apply", "--config", extra], capture_output=True, text=True)
        if done.returncode == 0:
            fail(f"the {stage}'s user may make topics")
    return delivered(ports["sink"]), said


def main():
    rules = users()
    if sorted(rules) != sorted(["admin", *STAGES]):
        fail(f"the chart renders users for {sorted(rules)}")
    with tempfile.TemporaryDirectory(prefix="naba-rights.") as folder:
        folder = pathlib.Path(folder)
        (folder / "password").write_text(PASSWORD)
        bootstrap, stop = broker(folder, rules)
        programs = {}
        try:
            granted = grant(bootstrap, rules)
            count, said = line(folder, bootstrap, rules, programs)
        except SystemExit:
            for log in sorted(folder.glob("*.log")):
                print(f"--- {log.name}", "\n".join(log.read_text().splitlines()[-6:]), sep="\n", file=sys.stderr)
            raise
        finally:
            for program in programs.values():
                if program.poll() is None:
                    program.send_signal(signal.SIGTERM)
            for program in programs.values():
                program.wait(timeout=60)
            stop()
    print(f"rights: {granted} rules suffice for {count:.0f} articles, and open nothing to others (a stranger {said.strip()})")


main()
