"""The functions of Lambda that may do the work of roles: what invokes each, and which role it has the settings and stores of. Pure.

`docs/guides/event-stream.md`, `job-queue.md`, `settlement.md` and `risk.md` say why each is invoked as it is.
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

import msgspec

from fincore.bootstrap.roles import Role
from infra.roles import SERVICE_OF, Outside

Work = Literal["projectionist", "fan-out", "ledger", "worker", "reconciliation", "risk"]
"""What an installation may have done by functions."""
WORKS: Final[tuple[Work, ...]] = get_args(Work)
REPLACED: Final[Mapping[Work, Role]] = {
    "projectionist": "projectionist",
    "ledger": "ledger",
    "reconciliation": "reconciliation",
}
"""The roles that have nothing to do where functions do their work. `notify` sends what fan-out makes, `worker` purges, and `risk` counts what became of charges."""

Source = Literal["stream", "queue", "minute", "roles"]
"""`minute`: a schedule, once a minute. `roles`: roles that wait for its answer."""

ALIAS: Final = "live"
"""What roles invoke: the version of the release, with processes that have started before it is asked."""

RECORDS_MAX: Final = 500
"""Of the stream, in one invocation."""
JOBS_MAX: Final = 10
"""Messages in one invocation: one claim of rows."""
CONNECTIONS_OF_JOBS: Final = 6
"""How many connections to PostgreSQL one process that does jobs has at most."""


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A function. `handler`: in `fincore.bootstrap.functions`. `reserved`: how many of it may run at once, where that is bounded by what it does. `counts`: whether it counts attempts to pay, beside what its role does."""

    name: str
    work: Work
    role: Role
    handler: str
    sources: tuple[Source, ...]
    timeout_seconds: int
    memory_mib: int = 512
    storage_mib: int = 512
    reserved: int | None = None
    counts: bool = False

    @property
    def group(self) -> str:
        """Its security group, as the arrows name it."""
        return f"{self.name}-function"

    @property
    def stores(self) -> tuple[str, ...]:
        """The stores that it reaches."""
        return SERVICE_OF[self.role].stores

    @property
    def calls(self) -> Mapping[Outside, str]:
        """What it calls on the internet. Of what `notify` does, sending is left to the role."""
        return {} if self.work == "fan-out" else SERVICE_OF[self.role].calls

    @property
    def counts_attempts(self) -> bool:
        """Whether it reaches the table of attempts to pay."""
        return self.counts or SERVICE_OF[self.role].counts_attempts

    @property
    def keeps_evidence(self) -> bool:
        """Whether it reaches the bucket of settlement files."""
        return SERVICE_OF[self.role].keeps_evidence

    @property
    def tells_operations(self) -> bool:
        """Whether it sends notices to the topic of operations."""
        return SERVICE_OF[self.role].tells_operations

    @property
    def asks_risk(self) -> bool:
        """Whether it asks the function of risk, where there is one."""
        return SERVICE_OF[self.role].asks_risk


FUNCTIONS: Final = (
    Function(
        name="projectionist",
        work="projectionist",
        role="projectionist",
        handler="projectionist.by_shard",
        sources=("stream",),
        timeout_seconds=60,
    ),
    Function(
        name="projectionist-doorbell",
        work="projectionist",
        role="projectionist",
        handler="projectionist.by_doorbell",
        sources=("minute",),
        timeout_seconds=300,
        reserved=1,
    ),
    Function(
        name="fan-out",
        work="fan-out",
        role="notify",
        handler="fan_out.by_shard",
        sources=("stream",),
        timeout_seconds=60,
    ),
    Function(
        name="fan-out-doorbell",
        work="fan-out",
        role="notify",
        handler="fan_out.by_doorbell",
        sources=("minute",),
        timeout_seconds=300,
        reserved=1,
    ),
    # Entries are numbered and chained by one writer.
    Function(
        name="ledger",
        work="ledger",
        role="ledger",
        handler="ledger.by_doorbell",
        sources=("stream", "minute"),
        timeout_seconds=60,
        reserved=1,
    ),
    Function(
        name="worker",
        work="worker",
        role="worker",
        handler="worker.by_message",
        sources=("queue",),
        timeout_seconds=30,
        memory_mib=1_024,
    ),
    # As long as Lambda allows, with one whole CPU, and storage for the largest file that is fetched.
    Function(
        name="reconciliation",
        work="reconciliation",
        role="reconciliation",
        handler="reconciliation.tick",
        sources=("minute",),
        timeout_seconds=900,
        memory_mib=1_769,
        storage_mib=5_120,
        reserved=1,
    ),
    # A charge waits for it, so it has a whole CPU.
    Function(
        name="risk",
        work="risk",
        role="risk",
        handler="risk.assess",
        sources=("roles",),
        timeout_seconds=5,
        memory_mib=1_769,
        counts=True,
    ),
)
"""Every function. Where nothing else bounds it, as many run at once as the stream has shards, or as the size of the installation says."""


def functions_of(works: tuple[Work, ...]) -> tuple[Function, ...]:
    """The functions that do some works."""
    return tuple(one for one in FUNCTIONS if one.work in works)


def replaced_roles(works: tuple[Work, ...]) -> frozenset[Role]:
    """The roles that have nothing to do, of which no task runs: their services stay, so that going back is a change of a number."""
    return frozenset(role for work, role in REPLACED.items() if work in works)
