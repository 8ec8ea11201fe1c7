"""What the services hold at the end, compared with what FinCore says: a row for each, and what is wrong, in sentences."""

import time
import urllib.request
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from uuid import UUID

from demo.aws.emulator import Emulator
from demo.aws.functions import HANDLERS
from demo.aws.processes import AwsProcesses
from demo.aws.resources import BUCKET, STREAM, TABLE, Resources
from demo.aws.user_pool import EMAIL, GROUP, who_is
from fincore.domain.ids import parse_event_id
from fincore.relay.stream_record import Relayed, read_record

PATIENCE_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.5
COLUMNS: Final = ("service", "holds", "is")
_TAKEN: Final = 'fincore_relay_job_messages_total{result="taken"} '


class Held(NamedTuple):
    """What a service holds: a figure, and in words; `flaws` is what is wrong with it."""

    service: str
    figure: str
    what: str
    flaws: tuple[str, ...] = ()


def look(
    emulator: Emulator, processes: AwsProcesses, resources: Resources, told: frozenset[str]
) -> list[Held]:
    """Look at every service. `told`: the events that the shop was told of."""
    return [
        _jobs(emulator, processes, resources),
        _events(emulator, told),
        _attempts(emulator),
        _secrets(emulator, processes),
        _evidence(emulator, processes),
        _notices(emulator, resources),
        _person(processes),
        _functions(processes),
    ]


def _jobs(emulator: Emulator, processes: AwsProcesses, resources: Resources) -> Held:
    with urllib.request.urlopen(f"{processes.ops_url('relay')}/metrics", timeout=10) as answer:  # noqa: S310 -- our own process
        lines = answer.read().decode().splitlines()
    sent = sum(int(float(line.removeprefix(_TAKEN))) for line in lines if line.startswith(_TAKEN))
    attribute = "ApproximateNumberOfMessages"
    found = emulator.client("sqs").get_queue_attributes(
        QueueUrl=resources.dead_jobs_url, AttributeNames=[attribute]
    )
    dead = int(found["Attributes"][attribute])
    flaws = [] if sent else ["no job went through SQS"]
    if dead:
        flaws.append(f"{dead} messages about jobs are dead letters")
    return Held("SQS", f"{sent}", "messages about jobs that the queue took", tuple(flaws))


def _events(emulator: Emulator, told: frozenset[str]) -> Held:
    wanted = {UUID(str(parse_event_id(one))) for one in told}
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        records = list(_records(emulator))
        carried = {event.event_id for record in records for event in record.events or ()}
        if wanted <= carried or time.monotonic() > until:
            break
        time.sleep(LOOK_SECONDS)
    flaws = []
    if missing := wanted - carried:
        flaws.append(f"{len(missing)} of {len(wanted)} events that the shop was told of are not in Kinesis")
    if broken := broken_streams(records):
        flaws.append(f"{len(broken)} streams of events have a gap or another order in Kinesis")
    return Held("Kinesis", f"{len(carried)}", "events of the log, as the shards carry them", tuple(flaws))


def _records(emulator: Emulator) -> Iterator[Relayed]:
    kinesis = emulator.client("kinesis")
    for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]:
        place = kinesis.get_shard_iterator(
            StreamName=STREAM, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while True:
            page: dict[str, Any] = kinesis.get_records(ShardIterator=place)
            if not page["Records"]:
                break
            for record in page["Records"]:
                yield read_record(record["Data"])
            place = page["NextShardIterator"]


def broken_streams(records: list[Relayed]) -> set[UUID]:
    """The streams that are not carried from their first version on, each next version after the one before it; repetitions count for nothing."""
    reached: dict[UUID, int] = {}
    broken: set[UUID] = set()
    for record in records:
        before = reached.get(record.stream_id, 0)
        if record.first_version > before + 1:
            broken.add(record.stream_id)
        reached[record.stream_id] = max(before, record.last_version)
    return broken


def _attempts(emulator: Emulator) -> Held:
    count = emulator.client("dynamodb").scan(TableName=TABLE, Select="COUNT")["Count"]
    flaws = () if count else ("no attempt to pay is counted in DynamoDB",)
    return Held("DynamoDB", f"{count}", "items that count attempts to pay", flaws)


def _secrets(emulator: Emulator, processes: AwsProcesses) -> Held:
    count = len(emulator.client("secretsmanager").list_secrets(MaxResults=100)["SecretList"])
    in_files = [str(path) for path in (processes.folder / "accounts").glob("*-*secret*")]
    flaws = tuple(f"a secret is in a file: {path}" for path in in_files)
    return Held("Secrets Manager", f"{count}", "secrets of accounts at PSPs", flaws)


def _evidence(emulator: Emulator, processes: AwsProcesses) -> Held:
    s3, keys = emulator.client("s3"), processes.kept_keys()
    unlocked = [
        key for key in keys if s3.head_object(Bucket=BUCKET, Key=key).get("ObjectLockMode") != "COMPLIANCE"
    ]
    flaws = [f"{key} is not locked in S3" for key in unlocked]
    if not keys:
        flaws.append("no settlement file is in S3")
    return Held(
        "S3",
        f"{len(keys)}",
        "objects of evidence under Object Lock",
        tuple(flaws),
    )


def _notices(emulator: Emulator, resources: Resources) -> Held:
    found = emulator.client("sqs").receive_message(
        QueueUrl=resources.told_url, MaxNumberOfMessages=10, WaitTimeSeconds=5
    )
    count = len(found.get("Messages", ()))
    flaws = () if count else ("operations were told nothing by SNS",)
    return Held("SNS", f"{count}", "notices to operations", flaws)


def _functions(processes: AwsProcesses) -> Held:
    """Each function has done something. The one of reconciliation is rung here, since the sources were declared after the roles began."""
    functions = processes.functions
    functions.require_invoking()
    rung = functions.ring("reconciliation", processes.environment_of_functions())
    flaws = [
        f"the function {name} was never invoked and well" for name in HANDLERS if not functions.invoked[name]
    ]
    if rung.error_type is not None:
        flaws.append(f"the function of reconciliation fails: {rung.error_text}")
    elif '"reconciliation.run"' not in processes.log_file("functions").read_text(encoding="utf-8"):
        flaws.append("the function of reconciliation made no run")
    count = functions.invoked.total()
    each = ", ".join(f"{name} {functions.invoked[name]}" for name in HANDLERS)
    return Held("Lambda", f"{count}", f"invocations: {each}", tuple(flaws))


def _person(processes: AwsProcesses) -> Held:
    me = who_is(processes.staff_url, processes.user_pool.log_in())
    roles = {str(grant["role"]) for grant in me["grants"]}
    flaws = (
        ()
        if (me["username"], roles) == (EMAIL, {GROUP})
        else (f"Cognito's person is {me['username']} with {roles}",)
    )
    return Held("Cognito", f"{len(roles)}", f"role of {me['name']}, who logged in at the user pool", flaws)
