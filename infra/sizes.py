"""How large each part is, by the charges a second that an installation is to carry. Pure.

The figures follow from those of `docs/performance.md`, with a reserve of three times as much; a load test of the stage `staging` decides.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class TaskSize(msgspec.Struct, frozen=True):
    """How many tasks a role has, at least and at most, and how large one is: CPU in units of 1/1,024, memory in MiB."""

    count: int
    count_max: int
    cpu: int
    memory_mib: int


class DatabaseSize(msgspec.Struct, frozen=True):
    """A class of instances of RDS, and its storage."""

    instance: str
    storage_gib: int


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """One size of an installation. `tasks` by role; `databases` by store; `shards` of the stream of events; `job_functions`: how many may do jobs at once; `risk_functions`: how many wait for charges."""

    charges_per_second: int
    nat_gateways: int
    tasks: Mapping[str, TaskSize]
    databases: Mapping[str, DatabaseSize]
    cache: str
    shards: int
    job_functions: int
    risk_functions: int
    backups_kept_days: int = 35


def _tasks(
    serving: TaskSize, working: TaskSize, following: TaskSize, checking: TaskSize
) -> Mapping[str, TaskSize]:
    """The tasks of all roles. What follows the log has one writer, and a second task that takes over."""
    return MappingProxyType(
        {
            "api": serving,
            "worker": working,
            "projectionist": following,
            "ledger": following,
            "notify": working,
            "auditor": checking,
            "checkout": serving,
            "card-edge": serving,
            "risk": following,
            "reconciliation": checking,
            "staff": TaskSize(2, 4, 256, 512),
            "relay": TaskSize(1, 1, following.cpu, following.memory_mib),
        }
    )


SIZES: Final[Mapping[int, Size]] = MappingProxyType(
    {
        10: Size(
            charges_per_second=10,
            nat_gateways=1,
            tasks=_tasks(
                TaskSize(2, 4, 256, 512),
                TaskSize(2, 4, 256, 512),
                TaskSize(2, 2, 256, 512),
                TaskSize(1, 1, 256, 1_024),
            ),
            databases=MappingProxyType(
                {
                    "eventstore": DatabaseSize("t4g.medium", 100),
                    "paymentdb": DatabaseSize("t4g.small", 50),
                    "ledgerdb": DatabaseSize("t4g.small", 50),
                }
            ),
            cache="cache.t4g.small",
            shards=1,
            job_functions=4,
            risk_functions=2,
        ),
        100: Size(
            charges_per_second=100,
            nat_gateways=2,
            tasks=_tasks(
                TaskSize(3, 9, 512, 1_024),
                TaskSize(3, 9, 512, 1_024),
                TaskSize(2, 2, 512, 1_024),
                TaskSize(1, 1, 1_024, 2_048),
            ),
            databases=MappingProxyType(
                {
                    "eventstore": DatabaseSize("m7g.large", 500),
                    "paymentdb": DatabaseSize("m7g.large", 250),
                    "ledgerdb": DatabaseSize("m7g.large", 250),
                }
            ),
            cache="cache.m7g.large",
            shards=2,
            job_functions=10,
            risk_functions=10,
        ),
        1_000: Size(
            charges_per_second=1_000,
            nat_gateways=3,
            tasks=_tasks(
                TaskSize(6, 18, 1_024, 2_048),
                TaskSize(6, 18, 1_024, 2_048),
                TaskSize(2, 2, 1_024, 2_048),
                TaskSize(1, 1, 2_048, 4_096),
            ),
            databases=MappingProxyType(
                {
                    "eventstore": DatabaseSize("r7g.2xlarge", 2_000),
                    "paymentdb": DatabaseSize("r7g.xlarge", 1_000),
                    "ledgerdb": DatabaseSize("r7g.xlarge", 1_000),
                }
            ),
            cache="cache.m7g.xlarge",
            shards=8,
            job_functions=40,
            risk_functions=60,
        ),
    }
)
"""By charges a second."""
