"""The whole way of a charge: accepted, sent to the PSP, heard of by webhook, seen in the view and booked in the ledger."""

import time
from contextlib import closing
from typing import Final, NamedTuple

from bench import load
from bench.agreement import findings
from bench.figures import Figure, show
from bench.installation import Installation, installation
from bench.load import Body, Load, LoadResult
from bench.progress import Backlog, Progress
from bench.store import Store
from bench.watch import SETTLING_SECONDS, drained, in_settled_seconds, print_seconds, watch

RATES: Final = ((200.0, 6.0), (400.0, 6.0), (800.0, 20.0))
"""Offered charges a second, and for how long."""
TARGET_PER_SECOND: Final = 800.0
PSP_P50_MS: Final = 120.0
PSP_P99_MS: Final = 380.0
CONNECTIONS: Final = 64
ROLES_BEHIND_THE_API: Final = ("worker", "projectionist", "ledger", "notify", "risk")
"""All but the auditor: the invariants are checked when the load is over."""
FLAT_SHARE: Final = 0.02
"""A backlog that grows by less than this share of the offered rate is flat."""

_CHARGE: Final = (
    '{"amount_minor":1{n},"currency":"usd","payment_method":"%s","metadata":{"order_id":"order-{n}"}}'
)
BODIES: Final = (
    Body(content=_CHARGE % "pm_card_visa", weight=19),
    Body(content=_CHARGE % "pm_card_visa_chargeDeclined", weight=1),
)


class Run(NamedTuple):
    """What came of the load, and what was found when all was done.

    `began` is in seconds since 1970, `samples` are taken once a second, `costs` tell what each stage took of the machine.
    """

    began: float
    samples: list[Backlog]
    result: LoadResult
    costs: list[str]
    drain_seconds: float
    findings: list[str]


def measure(store: Store) -> None:
    """Offer charges at growing rates, watch the backlog, wait until all is done, and check that all of it agrees."""
    with installation(store) as fincore:
        api_port = fincore.start_role("api")
        fincore.start_slow_sandbox(p50_ms=PSP_P50_MS, p99_ms=PSP_P99_MS)
        for role in ROLES_BEHIND_THE_API:
            fincore.start_role(role)
        with closing(Progress(fincore.dsn)) as progress:
            run = _run(fincore, api_port, progress)
            print_seconds("Whole way", run.samples, progress.by_second(began=run.began))
            _show(run, progress)


def _run(fincore: Installation, api_port: int, progress: Progress) -> Run:
    charges = Load(
        port=api_port,
        method="POST",
        path="/v1/charges",
        connections=CONNECTIONS,
        rates=RATES,
        bodies=BODIES,
        headers={"Authorization": f"Bearer {fincore.secret_key}"},
        idempotency_prefix="whole-way",
    )
    began = time.time()
    generator = load.start(charges)
    samples, costs = watch(fincore, progress, RATES)
    result = load.result_of(generator, charges)
    return Run(
        began=began,
        samples=samples,
        result=result,
        costs=costs,
        drain_seconds=drained(progress),
        findings=findings(fincore, progress, charges=result.sent - result.unanswered),
    )


def _show(run: Run, progress: Progress) -> None:
    stages = [_stage(run, progress, number) for number in range(len(RATES))]
    statuses = {status for stage in run.result.stages for status in stage.statuses}
    show(
        "Whole way",
        f"One process each of API, worker, projectionist, ledger, notify and risk, one PSP sandbox with a log-normal latency of "
        f"p50 {PSP_P50_MS:g} ms and p99 {PSP_P99_MS:g} ms, which also delivers signed webhooks; charges offered by the "
        f"clock, one of twenty declined by its card. The rate of outcomes is read from the log, after "
        f"{SETTLING_SECONDS} s of settling; the backlog counts as flat if they keep within {FLAT_SHARE:.0%} of the offer.",
        [figure for figure, _ in stages],
        [
            *(note for _, note in stages),
            *run.costs,
            f"drained {run.drain_seconds:.1f} s after the last charge was offered",
            f"answers to the client: {', '.join(sorted(statuses))}; unanswered: {run.result.unanswered}",
            *run.findings,
        ],
    )


def _stage(run: Run, progress: Progress, number: int) -> tuple[Figure, str]:
    rate, seconds = RATES[number]
    offset = sum(earlier for _, earlier in RATES[:number])
    first, last = run.began + offset + SETTLING_SECONDS, run.began + offset + seconds
    measured_seconds = seconds - SETTLING_SECONDS
    counted = in_settled_seconds(progress.by_second(began=run.began + offset), count=seconds)
    decided = sum(second.decided for second in counted)
    times = progress.times_to_outcome(began=first, ended=last)
    posted = run.result.stages[number]
    figure = Figure(
        name=f"charges decided while {rate:g}/s are offered",
        value=decided / measured_seconds,
        unit="/s",
        target=rate * (1 - FLAT_SHARE) if rate == TARGET_PER_SECOND else None,
        reference="offered",
        reference_value=rate,
    )
    note = (
        f"at {rate:g}/s: POST p50 {posted.p50_ms:.1f} ms, p99 {posted.p99_ms:.1f} ms; accepted to outcome "
        f"p50 {times.p50_ms:.0f} ms, p99 {times.p99_ms:.0f} ms, of which the PSP takes {PSP_P50_MS:g} and "
        f"{PSP_P99_MS:g}"
    )
    return figure, note
