"""Run `fincore migrate` in one installation: start the task of the stack `migration`, wait until it ends, and end as it did.

`python infra/run_migration.py --role ARN --stack NAME --region REGION`. It needs botocore and nothing of FinCore. A migration is never started
beside another one: a task that runs already is waited for, and then this one is started.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

WAIT_SECONDS: Final = 3_600
"""How long one task may take. It is not ended then: a migration that is killed within a transaction is undone, and others may hold locks."""
POLL_SECONDS: Final = 10
OUTPUTS: Final = (
    "MigrationCluster",
    "MigrationFamily",
    "MigrationTask",
    "MigrationSubnets",
    "MigrationGroup",
)


class MigrationFailed(Exception):
    """The task did not end with 0; the text says what is known of it."""


Clients = Callable[[str], Any]


def clients(role: str, region: str) -> Clients:
    """Clients of services, in the account of a role, with its rights."""
    session = botocore.session.get_session()
    sts = session.create_client("sts", region_name=region)
    given = sts.assume_role(RoleArn=role, RoleSessionName="migrate")["Credentials"]

    def client(service: str) -> Any:
        return session.create_client(
            service,
            region_name=region,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )

    return client


def outputs_of(cloudformation: Any, stack: str) -> Mapping[str, str]:
    """What the stack says of its task. Raises `MigrationFailed` where something is missing."""
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
    if missing := [name for name in OUTPUTS if name not in outputs]:
        raise MigrationFailed(f"The stack {stack} has no output {missing[0]}. Deploy its template again.")
    return outputs


def migrate(
    ecs: Any,
    outputs: Mapping[str, str],
    *,
    wait_seconds: float = WAIT_SECONDS,
    poll_seconds: float = POLL_SECONDS,
) -> str:
    """Run the task to its end; its ARN. Raises `MigrationFailed`."""
    cluster = outputs["MigrationCluster"]
    for before in ecs.list_tasks(cluster=cluster, family=outputs["MigrationFamily"], desiredStatus="RUNNING")[
        "taskArns"
    ]:
        _wait(ecs, cluster, before, wait_seconds, poll_seconds)
    started = ecs.run_task(
        cluster=cluster,
        taskDefinition=outputs["MigrationTask"],
        launchType="FARGATE",
        platformVersion="1.4.0",
        count=1,
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": outputs["MigrationSubnets"].split(","),
                "securityGroups": [outputs["MigrationGroup"]],
                "assignPublicIp": "DISABLED",
            }
        },
    )
    if not started["tasks"]:
        reasons = "; ".join(one.get("reason", "no reason given") for one in started.get("failures", []))
        raise MigrationFailed(f"The task was not started: {reasons}. Repeat the action.")
    task: str = started["tasks"][0]["taskArn"]
    _require_success(task, _wait(ecs, cluster, task, wait_seconds, poll_seconds))
    return task


def _wait(ecs: Any, cluster: str, task: str, wait_seconds: float, poll_seconds: float) -> Mapping[str, Any]:
    """The task once it has stopped."""
    ends = time.monotonic() + wait_seconds
    while True:
        answer = ecs.describe_tasks(cluster=cluster, tasks=[task])
        if not answer["tasks"]:
            raise MigrationFailed(
                f"The task {task} is not known any more. Look into its log group, then repeat the action."
            )
        found: Mapping[str, Any] = answer["tasks"][0]
        if found["lastStatus"] == "STOPPED":
            return found
        if time.monotonic() >= ends:
            raise MigrationFailed(
                f"The task {task} still runs after {wait_seconds:g} s. It was not stopped: look into its log group, then repeat the action."
            )
        time.sleep(poll_seconds)


def _require_success(task: str, ended: Mapping[str, Any]) -> None:
    codes = {one["name"]: one.get("exitCode") for one in ended["containers"]}
    if not codes or any(code != 0 for code in codes.values()):
        said = ", ".join(
            f"{name}: {'no exit code' if code is None else code}" for name, code in codes.items()
        )
        raise MigrationFailed(
            f"The task {task} ended with {said or 'no container'} ({ended.get('stoppedReason', 'no reason given')}). "
            "Look into its log group; the release before still runs."
        )


def main(arguments: list[str]) -> int:
    """The exit code: 0 where the stores are migrated."""
    parser = argparse.ArgumentParser(prog="run_migration", description=__doc__)
    for name in ("--role", "--stack", "--region"):
        parser.add_argument(name, required=True)
    parsed = parser.parse_args(arguments)
    try:
        client = clients(parsed.role, parsed.region)
        task = migrate(client("ecs"), outputs_of(client("cloudformation"), parsed.stack))
    except (MigrationFailed, ClientError, BotoCoreError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"migrated by {task}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
