"""What starts the migration of an installation: it waits for its end, and ends as it did. ECS is a server on loopback that answers by its protocol."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from infra.run_migration import OUTPUTS, MigrationFailed, main, migrate, outputs_of

from aws_templates.templates import INSTALLATIONS, template

OUTPUT = {name: name.lower() for name in OUTPUTS} | {"MigrationSubnets": "subnet-1,subnet-2"}
TASK = "arn:aws:ecs:eu-central-1:111111111111:task/fincore-production/new"
BEFORE = "arn:aws:ecs:eu-central-1:111111111111:task/fincore-production/before"


class Ecs(ThreadingHTTPServer):
    """Answers calls of ECS: tasks by their ARN, each with the states that it goes through; the last one stays."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.states: dict[str, list[dict[str, Any]]] = {TASK: [stopped(0)]}
        self.running: list[str] = []
        self.failures: list[dict[str, str]] = []

    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer to one call."""
        self.calls.append((operation, asked))
        match operation:
            case "ListTasks":
                return {"taskArns": self.running}
            case "RunTask":
                return {
                    "tasks": [] if self.failures else [{"taskArn": TASK}],
                    "failures": self.failures,
                }
            case "DescribeTasks":
                (task,) = asked["tasks"]
                states = self.states.get(task, [])
                found = [states.pop(0)] if len(states) > 1 else states
                return {"tasks": [{"taskArn": task, **one} for one in found]}
        raise AssertionError(operation)


class _Handler(BaseHTTPRequestHandler):
    server: Ecs

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        answer = json.dumps(self.server.answer(operation, json.loads(body))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 -- named by http.server
        """Keep quiet."""


def stopped(code: int | None, reason: str = "Essential container in task exited") -> dict[str, Any]:
    """A task that has ended; None: its container did not start."""
    container: dict[str, Any] = {"name": "migrate"} if code is None else {"name": "migrate", "exitCode": code}
    return {"lastStatus": "STOPPED", "stoppedReason": reason, "containers": [container]}


RUNNING = {"lastStatus": "RUNNING", "containers": [{"name": "migrate"}]}


@pytest.fixture
def ecs() -> Iterator[Ecs]:
    with Ecs() as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def client(server: Ecs) -> Any:
    """Botocore's client of it."""
    return botocore.session.get_session().create_client(
        "ecs",
        region_name="eu-central-1",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"max_attempts": 0}, proxies={}),
    )


def run(server: Ecs, *, wait_seconds: float = 60) -> str:
    """Run it without waiting between two looks."""
    return migrate(client(server), OUTPUT, wait_seconds=wait_seconds, poll_seconds=0)


def test_migration_that_ends_with_0_is_a_success(ecs: Ecs) -> None:
    ecs.states[TASK] = [{**RUNNING, "lastStatus": "PROVISIONING"}, RUNNING, stopped(0)]
    assert run(ecs) == TASK
    (started,) = (asked for operation, asked in ecs.calls if operation == "RunTask")
    assert started["taskDefinition"] == OUTPUT["MigrationTask"]
    network = started["networkConfiguration"]["awsvpcConfiguration"]
    assert network == {
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": [OUTPUT["MigrationGroup"]],
        "assignPublicIp": "DISABLED",
    }


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (stopped(1), "migrate: 1"),
        (stopped(None, "CannotPullContainerError"), "no exit code"),
        (stopped(137), "137"),
    ],
    ids=["refused", "no image", "killed"],
)
def test_migration_that_fails_is_said_with_its_reason(ecs: Ecs, ended: dict[str, Any], said: str) -> None:
    ecs.states[TASK] = [ended]
    with pytest.raises(MigrationFailed, match=said) as failed:
        run(ecs)
    assert ended["stoppedReason"] in str(failed.value)


def test_migration_that_is_not_started_is_no_success(ecs: Ecs) -> None:
    ecs.failures = [{"arn": "some", "reason": "RESOURCE:ENI"}]
    with pytest.raises(MigrationFailed, match="RESOURCE:ENI"):
        run(ecs)


def test_migration_that_runs_too_long_is_left_running(ecs: Ecs) -> None:
    ecs.states[TASK] = [RUNNING]
    with pytest.raises(MigrationFailed, match="still runs"):
        run(ecs, wait_seconds=0)
    assert "StopTask" not in {operation for operation, _ in ecs.calls}


def test_migration_that_is_forgotten_is_no_success(ecs: Ecs) -> None:
    ecs.states[TASK] = []
    with pytest.raises(MigrationFailed, match="not known any more"):
        run(ecs)


def test_migration_under_way_is_waited_for_first(ecs: Ecs) -> None:
    ecs.running = [BEFORE]
    ecs.states[BEFORE] = [RUNNING, RUNNING, stopped(1)]
    run(ecs)
    operations = [(operation, asked.get("tasks")) for operation, asked in ecs.calls]
    assert operations == [
        ("ListTasks", None),
        *[("DescribeTasks", [BEFORE])] * 3,
        ("RunTask", None),
        ("DescribeTasks", [TASK]),
    ]


@pytest.mark.parametrize("stage", INSTALLATIONS)
def test_stack_says_all_that_the_migration_needs(stage: str) -> None:
    outputs = template(stage, "migration")["Outputs"]
    assert set(OUTPUTS) <= outputs.keys()


class Stack:
    """What CloudFormation says of a stack."""

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 -- named by AWS
        assert StackName == "some"
        return {"Stacks": [{"Outputs": [{"OutputKey": "MigrationCluster", "OutputValue": "one"}]}]}


def test_stack_without_an_output_is_refused_by_name() -> None:
    with pytest.raises(MigrationFailed, match="no output MigrationFamily"):
        outputs_of(Stack(), "some")


def test_failure_is_one_sentence_and_the_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    assert (
        main(["--role", "arn:aws:iam::111111111111:role/a", "--stack", "b", "--region", "eu-central-1"]) == 1
    )
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "credentials" in said.err
