"""Looks at an installation under load second by second, and waits until nothing is left to do."""

import time
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from rich.table import Table

from bench.figures import out
from bench.installation import Installation
from bench.progress import Backlog, Progress, SecondOfCharges

DRAIN_SECONDS_MAX: Final = 120.0
SETTLING_SECONDS: Final = 4
"""The first seconds of a stage, in which as many charges come to be under way as its rate calls for."""


def watch(
    fincore: Installation,
    progress: Progress,
    rates: Sequence[tuple[float, float]],
    *,
    thing: str = "charge",
    things_per_charge: float = 1.0,
) -> tuple[list[Backlog], list[str]]:
    """The backlog once a second while charges are offered, and what each stage took of the machine.

    `rates` are pairs of (charges a second, seconds). CPU time is told for each `thing`, of which a charge makes
    `things_per_charge`.
    """
    ends = list(accumulate(seconds for _, seconds in rates))
    samples: list[Backlog] = []
    costs: list[str] = []
    meter = fincore.cpu_meter()
    began = time.monotonic()
    while len(samples) < ends[-1]:
        time.sleep(max(0.0, began + len(samples) + 1 - time.monotonic()))
        samples.append(progress.backlog())
        if len(samples) in ends:
            rate, seconds = rates[ends.index(len(samples))]
            use = meter.use()
            each = use.microseconds_each(int(rate * seconds * things_per_charge))
            costs.append(
                f"at {rate:g}/s: cores: {use}; CPU a {thing}: "
                + ", ".join(f"{name} {used:.0f} us" for name, used in each.items())
            )
            meter = fincore.cpu_meter()
    return samples, costs


def drained(progress: Progress) -> float:
    """Seconds until nothing waits any more; the bound if it never came to that."""
    began = time.monotonic()
    while time.monotonic() - began < DRAIN_SECONDS_MAX:
        # Twice, because a webhook may be on its way while nothing waits here.
        if progress.backlog().is_empty:
            seconds = time.monotonic() - began
            time.sleep(1.0)
            if progress.backlog().is_empty:
                return seconds
        time.sleep(0.1)
    return DRAIN_SECONDS_MAX


def in_settled_seconds(seconds: Sequence[SecondOfCharges], *, count: float) -> list[SecondOfCharges]:
    """The seconds of a stage of `count` seconds that are measured; the stage begins with second 0."""
    return [second for second in seconds if SETTLING_SECONDS <= second.second < count]


def print_seconds(title: str, samples: Sequence[Backlog], log: Sequence[SecondOfCharges]) -> None:
    """What came into the log and what waited, second by second."""
    by_second = {second.second: second for second in log}
    columns = ("second", "accepted", "decided", "captured", "refunded", "queued", "at work")
    behind = ("view", "ledger", "notify", "webhooks")
    table = Table(*columns, *behind, box=None)
    for second, backlog in enumerate(samples):
        counted = by_second.get(second, SecondOfCharges(second))
        row = (
            counted.accepted,
            counted.decided,
            counted.captures_done,
            counted.refunds_done,
            backlog.jobs_queued,
            backlog.jobs_at_work,
            backlog.view_behind_events,
            backlog.ledger_behind_events,
            backlog.notify_behind_events,
            backlog.webhooks_due,
        )
        table.add_row(str(second + 1), *map(str, row))
    out.print(
        f"\n[bold]{title}, second by second[/bold]\ncaptured: what was held before; queued, at work: jobs; "
        "view, ledger, notify: events they have not had; webhooks: not delivered to merchants yet"
    )
    out.print(table)
