"""What `docs/guides/aws.md` prints of the tables here. Pure but for reading the example of a pipeline."""

from infra.arrows import arrows
from infra.functions import FUNCTIONS, REPLACED, WORKS, replaced_roles
from infra.pipeline_settings import read_pipeline
from infra.pipeline_stages import Action, stages
from infra.roles import SERVICES
from infra.sizes import SIZES
from infra.sources import PIPELINE_EXAMPLE

Row = tuple[str, ...]


def roles_table() -> list[Row]:
    """Each role: where it runs, what is in front of it, what it reaches, and its tasks by size."""
    rows: list[Row] = [
        ("role", "subnets", "behind", "stores", "calls outside", "tasks at 10, 100, 1,000 charges a second")
    ]
    for one in SERVICES:
        tasks = ", ".join(
            f"{size.tasks[one.role].count} x {size.tasks[one.role].cpu / 1_024:g} vCPU"
            for size in SIZES.values()
        )
        if one.role in replaced_roles(WORKS):
            tasks += "; none where functions do its work"
        calls = "; ".join(f"{protocol}: {why}" for protocol, why in one.calls.items())
        stores = (
            ", ".join(one.stores)
            + (", DynamoDB" if one.counts_attempts else "")
            + (", S3" if one.keeps_evidence else "")
            + (", Kinesis" if one.carries_events else "")
            + (", SQS" if one.sends_jobs or one.takes_jobs else "")
            + (", SNS" if one.tells_operations else "")
            + (", KMS" if one.wraps_keys else "")
        )
        rows.append((f"`{one.role}`", one.subnets, one.balancer or "", stores, calls, tasks))
    return rows


def functions_table() -> list[Row]:
    """Each function: what invokes it, what it reaches, and which service has no tasks where it is deployed."""
    rows: list[Row] = [
        ("function", "handler", "is invoked by", "stores", "at most at once", "`functions` names", "replaces")
    ]
    for one in FUNCTIONS:
        sources = " and ".join(_SOURCES[source] for source in one.sources)
        at_once = _BOUNDS[one.sources[0]] if one.reserved is None else f"{one.reserved}"
        stores = (
            ", ".join(one.stores)
            + (", DynamoDB" if one.counts_attempts else "")
            + (", S3" if one.keeps_evidence else "")
            + (", SNS" if one.tells_operations else "")
        )
        role = REPLACED.get(one.work)
        rows.append(
            (
                f"`{one.name}`",
                f"`{one.handler}`",
                sources,
                stores,
                at_once,
                f"`{one.work}`",
                "" if role is None else f"`{role}`",
            )
        )
    return rows


_SOURCES = {
    "stream": "the stream",
    "queue": "the queue of jobs",
    "minute": "a schedule, each minute",
    "roles": "`api` and `worker`, which wait for its answer",
}
_BOUNDS = {
    "stream": "one for a shard",
    "queue": ", ".join(str(size.job_functions) for size in SIZES.values()) + " by size",
    "minute": "",
    "roles": ", ".join(str(2 * size.risk_functions) for size in SIZES.values())
    + " by size, of which half have started before they are asked",
}


def arrows_table() -> list[Row]:
    """Each connection that is allowed, several sources of one kind in one row."""
    sources: dict[tuple[str, int, str], list[str]] = {}
    for one in arrows():
        sources.setdefault((one.target, one.port, one.carries), []).append(one.source)
    rows = sorted(
        (", ".join(f"`{source}`" for source in found), f"`{target}`", str(port), carries)
        for (target, port, carries), found in sources.items()
    )
    return [("from", "to", "port", "carries"), *rows]


def pipeline_table() -> list[Row]:
    """Each action of the pipeline, in the order in which they run; those of one row number run side by side."""
    rows: list[Row] = [("stage", "order", "action", "does", "with the rights of")]
    for stage in stages(read_pipeline(PIPELINE_EXAMPLE), "approvals"):
        rows += [
            (stage.name, str(one.order), f"`{one.name}`", _does(one), _rights(one)) for one in stage.actions
        ]
    return rows


def _does(action: Action) -> str:
    given = action.configuration
    match action.provider:
        case "CodeBuild":
            return f"runs `infra/builds/{str(given['ProjectName']).split('-')[1]}.yml`"
        case "CloudFormation":
            return f"deploys `{given['StackName']}` with the new image"
        case "Manual":
            return "waits for a person"
    return "takes the newest commit"


def _rights(action: Action) -> str:
    match action.provider:
        case "CodeBuild":
            return f"`fincore-build-{str(action.configuration['ProjectName']).removeprefix('fincore-')}`"
        case "CloudFormation":
            return f"`{str(action.configuration['RoleArn']).rpartition('/')[2]}`"
    return "`fincore-pipeline`"
