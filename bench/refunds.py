"""The whole way when charges live on: some are held and captured later, some are refunded, all at the same time."""

import time
from contextlib import closing
from typing import Final, NamedTuple

from bench import follow_up, load
from bench.agreement import findings
from bench.figures import Figure, show
from bench.follow_up import CAPTURED_FROM_MINOR, REFUNDED_FROM_MINOR, FollowedUp, Order
from bench.installation import Installation, installation
from bench.load import Body, Load, LoadResult
from bench.progress import Backlog, Progress
from bench.store import Store
from bench.watch import SETTLING_SECONDS, drained, in_settled_seconds, print_seconds, watch
from bench.whole_way import CONNECTIONS, FLAT_SHARE, PSP_P50_MS, PSP_P99_MS, ROLES_BEHIND_THE_API

RATE: Final = 300.0
SECONDS: Final = 20.0
OPERATIONS_PER_CHARGE: Final = 1.2
"""A charge itself, and a capture or a refund of two in ten."""

_CHARGE: Final = '{"amount_minor":%d{n},"currency":"usd","payment_method":"%s","capture":%s,"metadata":{"order_id":"order-{n}"}}'
_TEN_THOUSAND: Final = 10_000
"""What a digit before the four of a request's number stands for."""
BODIES: Final = (
    Body(content=_CHARGE % (1, "pm_card_visa", "true"), weight=15),
    Body(content=_CHARGE % (1, "pm_card_visa_chargeDeclined", "true"), weight=1),
    Body(content=_CHARGE % (REFUNDED_FROM_MINOR // _TEN_THOUSAND, "pm_card_visa", "true"), weight=2),
    Body(content=_CHARGE % (CAPTURED_FROM_MINOR // _TEN_THOUSAND, "pm_card_visa", "false"), weight=2),
)


class Run(NamedTuple):
    """What came of the load. `began` is in seconds since 1970, `samples` are taken once a second."""

    began: float
    samples: list[Backlog]
    charges: LoadResult
    followed_up: FollowedUp
    costs: list[str]
    drain_seconds: float
    findings: list[str]


def measure(store: Store) -> None:
    """Offer charges, have a tenth captured later and a tenth refunded, and check that all of it agrees."""
    with installation(store) as fincore:
        api_port = fincore.start_role("api")
        fincore.start_slow_sandbox(p50_ms=PSP_P50_MS, p99_ms=PSP_P99_MS)
        for role in ROLES_BEHIND_THE_API:
            fincore.start_role(role)
        with closing(Progress(fincore.dsn)) as progress:
            run = _run(fincore, api_port, progress)
            print_seconds("Refunds", run.samples, progress.by_second(began=run.began))
            _show(run, progress)


def _run(fincore: Installation, api_port: int, progress: Progress) -> Run:
    charges = Load(
        port=api_port,
        method="POST",
        path="/v1/charges",
        connections=CONNECTIONS,
        rates=((RATE, SECONDS),),
        bodies=BODIES,
        headers={"Authorization": f"Bearer {fincore.secret_key}"},
        idempotency_prefix="refunds",
    )
    back_end = follow_up.start(Order(dsn=fincore.dsn, api_port=api_port, secret_key=fincore.secret_key))
    try:
        began = time.time()
        generator = load.start(charges)
        samples, costs = watch(
            fincore,
            progress,
            charges.rates,
            thing="operation",
            things_per_charge=OPERATIONS_PER_CHARGE,
        )
        result = load.result_of(generator, charges)
        drain_seconds = drained(progress)
        followed_up = follow_up.result_of(back_end)
    finally:
        back_end.kill()
    drain_seconds += drained(progress)
    return Run(
        began=began,
        samples=samples,
        charges=result,
        followed_up=followed_up,
        costs=costs,
        drain_seconds=drain_seconds,
        findings=findings(
            fincore, progress, charges=result.sent - result.unanswered, refunds=followed_up.refunds
        ),
    )


def _show(run: Run, progress: Progress) -> None:
    measured_seconds = SECONDS - SETTLING_SECONDS
    counted = in_settled_seconds(progress.by_second(began=run.began), count=SECONDS)
    times = {
        one.type: one
        for one in progress.times_of_operations(began=run.began + SETTLING_SECONDS, ended=run.began + SECONDS)
    }
    followed_up = run.followed_up
    show(
        "Refunds",
        f"The whole way with {RATE:g} charges a second offered by the clock for {SECONDS:g} s. One in ten is held and "
        f"captured by a request of its own, one in ten refunded by half, by a back end that asks as soon as the log has "
        f"the charge so far; one of twenty is declined. Rates are read from the log after {SETTLING_SECONDS} s of "
        f"settling.",
        [
            Figure(
                name=f"charges decided while {RATE:g}/s are offered",
                value=sum(second.decided for second in counted) / measured_seconds,
                unit="/s",
                target=RATE * (1 - FLAT_SHARE),
                reference="offered",
                reference_value=RATE,
            ),
            Figure(
                name="captures carried out",
                value=sum(second.captures_done for second in counted) / measured_seconds,
                unit="/s",
                reference="asked for",
                reference_value=sum(second.captures_asked for second in counted) / measured_seconds,
            ),
            Figure(
                name="refunds carried out",
                value=sum(second.refunds_done for second in counted) / measured_seconds,
                unit="/s",
                reference="asked for",
                reference_value=sum(second.refunds_asked for second in counted) / measured_seconds,
            ),
        ],
        [
            *(
                f"{name}, asked for to outcome: p50 {times[kind].p50_ms:.0f} ms, p99 {times[kind].p99_ms:.0f} ms, of "
                f"which the PSP takes {PSP_P50_MS:g} and {PSP_P99_MS:g}"
                for name, kind in (("capture", "charge.capture_requested"), ("refund", "refund.requested"))
                if kind in times
            ),
            *run.costs,
            f"drained {run.drain_seconds:.1f} s after the last charge was offered",
            f"answers to charges: {run.charges.stages[0].statuses}, unanswered: {run.charges.unanswered}; accepted "
            f"{followed_up.captures} captures and {followed_up.refunds} refunds, POST p50 {followed_up.p50_ms:.1f} ms, "
            f"p99 {followed_up.p99_ms:.1f} ms; refused {followed_up.refused}"
            + (f": {followed_up.first_error}" if followed_up.first_error else ""),
            *run.findings,
        ],
    )
