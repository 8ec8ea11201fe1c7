"""The functions of Lambda that may do the work of roles: what invokes each, and which role it has the settings and stores of. Pure.

`docs/guides/event-stream.md` and `docs/guides/job-queue.md` say why each is invoked as it is.
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

import msgspec

from fincore.bootstrap.roles import Role
from infra.roles import SERVICE_OF, Outside

Work = Literal["projectionist", "fan-out", "ledger", "worker"]
"""What an installation may have done by functions."""
WORKS: Final[tuple[Work, ...]] = get_args(Work)
REPLACED: Final[Mapping[Work, Role]] = {"projectionist": "projectionist", "ledger": "ledger"}
"""The roles that have nothing to do where functions do their work. `notify` sends what fan-out makes, and `worker` purges."""

Source = Literal["stream", "queue", "minute"]
"""`minute`: a schedule, once a minute."""

RECORDS_MAX: Final = 500
"""Of the stream, in one invocation."""
JOBS_MAX: Final = 10
"""Messages in one invocation: one claim of rows."""
CONNECTIONS_OF_JOBS: Final = 6
"""How many connections to PostgreSQL one process that does jobs has at most."""


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A function. `handler`: in `fincore.bootstrap.functions`. `reserved`: how many of it may run at once, where that is bounded by what it does."""

    name: str
    work: Work
    role: Role
    handler: str
    sources: tuple[Source, ...]
    timeout_seconds: int
    memory_mib: int = 512
    reserved: int | None = None

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
        return SERVICE_OF[self.role].counts_attempts


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
)
"""Every function. Where nothing else bounds it, as many run at once as the stream has shards, or as the size of the installation says."""


def functions_of(works: tuple[Work, ...]) -> tuple[Function, ...]:
    """The functions that do some works."""
    return tuple(one for one in FUNCTIONS if one.work in works)


def replaced_roles(works: tuple[Work, ...]) -> frozenset[Role]:
    """The roles that have nothing to do, of which no task runs: their services stay, so that going back is a change of a number."""
    return frozenset(role for work, role in REPLACED.items() if work in works)
