"""Webhooks to merchants with nothing else to do: what a delivery costs, and whether one endpoint keeps up with the log."""

import asyncio
import time
from contextlib import closing
from typing import Final, NamedTuple

from bench.cpu import CpuUse
from bench.figures import Figure, show
from bench.history import write_history_by_the_clock
from bench.installation import Installation, installation
from bench.merchant_webhooks import registered
from bench.progress import Deliveries, Progress
from bench.receiver import Received, ReceiverProcess
from bench.store import Store
from bench.watch import DRAIN_SECONDS_MAX

EVENTS_PER_SECOND: Final = 400.0
"""What 200 charges a second come to."""
SECONDS: Final = 12.0
CPU_TARGET_MS: Final = 1.0


class Run(NamedTuple):
    """What came of the events; `use` is of the seconds in which they were written, `due` what was left then."""

    use: CpuUse
    delivered_meanwhile: int
    due: int
    drain_seconds: float
    deliveries: Deliveries
    received: Received


def measure(store: Store) -> None:
    """Write events by the clock straight into the log, with one endpoint that wants them all, and only notify running."""
    receiver = ReceiverProcess()
    try:
        with installation(store, FINCORE_WEBHOOKS_ALLOW_LOOPBACK="true") as fincore:
            receiver.use_secret(registered(fincore, fincore.start_role("api"), receiver.url))
            fincore.start_role("notify")
            with closing(Progress(fincore.dsn)) as progress:
                _show(_run(fincore, progress, receiver))
    finally:
        receiver.kill()


def _run(fincore: Installation, progress: Progress, receiver: ReceiverProcess) -> Run:
    began, meter = time.time(), fincore.cpu_meter()
    asyncio.run(
        write_history_by_the_clock(
            fincore.dsn,
            charges=int(EVENTS_PER_SECOND * SECONDS / 2),
            owner=fincore.merchant_id,
            events_per_second=EVENTS_PER_SECOND,
        )
    )
    use, ended = meter.use(), time.time()
    meanwhile = progress.deliveries_ended(began=began, ended=ended)
    backlog = progress.backlog()
    drain_seconds = _drained(progress)
    return Run(
        use=use,
        delivered_meanwhile=meanwhile,
        due=backlog.notify_behind_events + backlog.webhooks_due,
        drain_seconds=drain_seconds,
        deliveries=progress.deliveries(began=began, ended=time.time()),
        received=receiver.stop(),
    )


def _drained(progress: Progress) -> float:
    """Seconds until nothing is left to deliver; the bound if it never came to that. No other consumer is running."""
    began = time.monotonic()
    while (seconds := time.monotonic() - began) < DRAIN_SECONDS_MAX:
        backlog = progress.backlog()
        if not backlog.notify_behind_events and not backlog.webhooks_due:
            return seconds
        time.sleep(0.1)
    return DRAIN_SECONDS_MAX


def _show(run: Run) -> None:
    each = run.use.microseconds_each(max(run.delivered_meanwhile, 1))
    agreed = run.deliveries.events == run.deliveries.delivered == run.received.distinct
    show(
        "Webhooks to merchants, alone",
        f"{EVENTS_PER_SECOND:g} events a second written by the clock straight into the log for {SECONDS:g} s, one endpoint "
        f"that wants them all, one notify process; the server verifies every signature, in a process of its own. CPU time is "
        f"of notify and of PostgreSQL, which also takes the events in.",
        [
            Figure(
                name="webhooks arrived",
                value=run.delivered_meanwhile / run.use.elapsed_seconds,
                unit="/s",
                reference="events written",
                reference_value=run.deliveries.events / run.use.elapsed_seconds,
            ),
            Figure(
                name="CPU time a delivery",
                value=(each.get("notify", 0.0) + each.get("PostgreSQL", 0.0)) / 1_000,
                unit="ms",
                target=CPU_TARGET_MS,
                lower_is_better=True,
            ),
            Figure(name="event to delivery p50", value=run.deliveries.p50_ms, unit="ms"),
            Figure(name="event to delivery p99", value=run.deliveries.p99_ms, unit="ms"),
        ],
        [
            f"CPU a delivery: {', '.join(f'{name} {used:.0f} us' for name, used in each.items())}; cores: {run.use}",
            f"{run.due:,} were due at the end, drained {run.drain_seconds:.1f} s later; {run.deliveries.repeated} sent again",
            f"{run.received.distinct:,} webhooks arrived in {run.received.attempts:,} attempts"
            if agreed
            else f"DISAGREEMENT: {run.deliveries.events:,} events, {run.deliveries.delivered:,} delivered, {run.received}",
        ],
    )
