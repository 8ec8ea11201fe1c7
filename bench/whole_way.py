"""The whole way of a charge: accepted, sent to the PSP, heard of by webhook, seen in the view and booked in the ledger."""

import subprocess
import time
from contextlib import closing
from itertools import accumulate
from typing import Final, NamedTuple

from rich.table import Table

from bench import load
from bench.agreement import disagreements
from bench.figures import Figure, out, show
from bench.installation import Installation, installation
from bench.load import Body, Load, LoadResult
from bench.progress import Backlog, Progress, SecondOfCharges
from bench.store import Store

RATES: Final = ((200.0, 6.0), (400.0, 6.0), (800.0, 20.0))
"""Offered charges a second, and for how long."""
TARGET_PER_SECOND: Final = 800.0
PSP_P50_MS: Final = 120.0
PSP_P99_MS: Final = 380.0
CONNECTIONS: Final = 64
DRAIN_SECONDS_MAX: Final = 120.0
FLAT_SHARE: Final = 0.02
"""A backlog that grows by less than this share of the offered rate is flat."""
SETTLING_SECONDS: Final = 4
"""The first seconds of a stage, in which as many charges come to be under way as its rate calls for."""

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
    quarrels: list[str]
    laws: "subprocess.CompletedProcess[str]"


def measure(store: Store) -> None:
    """Offer charges at growing rates, watch the backlog, wait until all is done, and check that all of it agrees."""
    with installation(store) as fincore:
        api_port = fincore.start_role("api")
        fincore.start_sandbox(api_port, p50_ms=PSP_P50_MS, p99_ms=PSP_P99_MS)
        for role in ("worker", "projectionist", "ledger"):
            fincore.start_role(role)
        with closing(Progress(fincore.dsn)) as progress:
            run = _run(fincore, api_port, progress)
            _print_seconds(run.samples, progress.by_second(began=run.began))
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
    samples, costs = _watch(fincore, progress)
    result = load.result_of(generator, charges)
    return Run(
        began=began,
        samples=samples,
        result=result,
        costs=costs,
        drain_seconds=_drained(progress),
        quarrels=disagreements(fincore, progress, accepted=result.sent - result.unanswered),
        laws=fincore.fincore("check"),
    )


def _watch(fincore: Installation, progress: Progress) -> tuple[list[Backlog], list[str]]:
    """The backlog once a second, and what each stage took of the machine."""
    ends = list(accumulate(seconds for _, seconds in RATES))
    samples: list[Backlog] = []
    costs: list[str] = []
    meter = fincore.cpu_meter()
    began = time.monotonic()
    while len(samples) < ends[-1]:
        time.sleep(max(0.0, began + len(samples) + 1 - time.monotonic()))
        samples.append(progress.backlog())
        if len(samples) in ends:
            rate, seconds = RATES[ends.index(len(samples))]
            use = meter.use()
            each = use.microseconds_each(int(rate * seconds))
            costs.append(
                f"at {rate:g}/s: cores: {use}; CPU a charge: "
                + ", ".join(f"{name} {used:.0f} us" for name, used in each.items())
            )
            meter = fincore.cpu_meter()
    return samples, costs


def _drained(progress: Progress) -> float:
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


def _print_seconds(samples: list[Backlog], log: list[SecondOfCharges]) -> None:
    by_second = {second.second: second for second in log}
    table = Table(
        "second", "accepted", "decided", "queued", "at work", "view behind", "ledger behind", box=None
    )
    for second, backlog in enumerate(samples):
        counted = by_second.get(second, SecondOfCharges(second, 0, 0))
        row = (
            counted.accepted,
            counted.decided,
            backlog.jobs_queued,
            backlog.jobs_at_work,
            backlog.view_behind_events,
            backlog.ledger_behind_events,
        )
        table.add_row(str(second + 1), *map(str, row))
    out.print("\n[bold]Whole way, second by second[/bold] (queued and at work in jobs, behind in events)")
    out.print(table)


def _show(run: Run, progress: Progress) -> None:
    stages = [_stage(run, progress, number) for number in range(len(RATES))]
    statuses = {status for stage in run.result.stages for status in stage.statuses}
    show(
        "Whole way",
        f"One process each of API, worker, projectionist and ledger, one PSP sandbox with a log-normal latency of "
        f"p50 {PSP_P50_MS:g} ms and p99 {PSP_P99_MS:g} ms, which also delivers signed webhooks; charges offered by the "
        f"clock, one of twenty declined by its card. The rate of outcomes is read from the log, after "
        f"{SETTLING_SECONDS} s of settling; the backlog counts as flat if they keep within {FLAT_SHARE:.0%} of the offer.",
        [figure for figure, _ in stages],
        [
            *(note for _, note in stages),
            *run.costs,
            f"drained {run.drain_seconds:.1f} s after the last charge was offered",
            f"answers to the client: {', '.join(sorted(statuses))}; unanswered: {run.result.unanswered}",
            *_findings(run),
        ],
    )


def _stage(run: Run, progress: Progress, number: int) -> tuple[Figure, str]:
    rate, seconds = RATES[number]
    offset = sum(earlier for _, earlier in RATES[:number])
    first, last = run.began + offset + SETTLING_SECONDS, run.began + offset + seconds
    measured_seconds = seconds - SETTLING_SECONDS
    decided = sum(
        second.decided for second in progress.by_second(began=first) if second.second < measured_seconds
    )
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


def _findings(run: Run) -> list[str]:
    laws = (
        f"`fincore check` says: {run.laws.stdout.strip().splitlines()[-1]}"
        if not run.laws.returncode
        else f"LAWS BROKEN OR NOT CHECKED:\n{(run.laws.stdout + run.laws.stderr)[-1_500:]}"
    )
    agreement = [f"DISAGREEMENT: {quarrel}" for quarrel in run.quarrels] or [
        "the client, the log, the PSP sandbox, the view and the ledger agree on every charge and amount"
    ]
    return [laws, *agreement]
