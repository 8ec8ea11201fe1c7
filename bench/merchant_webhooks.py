"""Webhooks to merchants: how many a second arrive while charges go their whole way, and how soon after the event."""

import json
import time
import urllib.request
from contextlib import closing
from typing import Final, NamedTuple

from bench import load
from bench.agreement import findings
from bench.figures import Figure, show
from bench.installation import Installation, installation
from bench.load import Load, LoadResult
from bench.progress import Backlog, Deliveries, Progress
from bench.receiver import Received, ReceiverProcess
from bench.store import Store
from bench.watch import SETTLING_SECONDS, drained, print_seconds, watch
from bench.whole_way import BODIES, CONNECTIONS, PSP_P50_MS, PSP_P99_MS, ROLES_BEHIND_THE_API

RATE: Final = 200.0
SECONDS: Final = 15.0


class Run(NamedTuple):
    """What came of the load. `arrived_per_second` and `settled` are of the seconds after settling, `all_told` of the whole."""

    began: float
    samples: list[Backlog]
    charges: LoadResult
    costs: list[str]
    drain_seconds: float
    arrived_per_second: float
    settled: Deliveries
    all_told: Deliveries
    received: Received
    findings: list[str]


def measure(store: Store) -> None:
    """Offer charges to an installation with one merchant that wants every event."""
    receiver = ReceiverProcess()
    try:
        with installation(store, FINCORE_WEBHOOKS_ALLOW_LOOPBACK="true") as fincore:
            api_port = fincore.start_role("api")
            receiver.use_secret(registered(fincore, api_port, receiver.url))
            fincore.start_slow_sandbox(p50_ms=PSP_P50_MS, p99_ms=PSP_P99_MS)
            for role in ROLES_BEHIND_THE_API:
                fincore.start_role(role)
            with closing(Progress(fincore.dsn)) as progress:
                run = _run(fincore, api_port, progress, receiver)
                print_seconds("Webhooks to merchants", run.samples, progress.by_second(began=run.began))
                _show(run)
    finally:
        receiver.kill()


def registered(fincore: Installation, api_port: int, url: str) -> str:
    """Register an endpoint for all events; its secret."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{api_port}/v1/webhook_endpoints",
        data=json.dumps({"url": url}).encode(),
        headers={"Authorization": f"Bearer {fincore.secret_key}", "Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own API
        return str(json.load(answer)["secret"])


def _run(fincore: Installation, api_port: int, progress: Progress, receiver: ReceiverProcess) -> Run:
    charges = Load(
        port=api_port,
        method="POST",
        path="/v1/charges",
        connections=CONNECTIONS,
        rates=((RATE, SECONDS),),
        bodies=BODIES,
        headers={"Authorization": f"Bearer {fincore.secret_key}"},
        idempotency_prefix="webhooks",
    )
    began = time.time()
    generator = load.start(charges)
    samples, costs = watch(fincore, progress, charges.rates)
    result = load.result_of(generator, charges)
    drain_seconds = drained(progress)
    first, last = began + SETTLING_SECONDS, began + SECONDS
    return Run(
        began=began,
        samples=samples,
        charges=result,
        costs=costs,
        drain_seconds=drain_seconds,
        arrived_per_second=progress.deliveries_ended(began=first, ended=last) / (last - first),
        settled=progress.deliveries(began=first, ended=last),
        all_told=progress.deliveries(began=began, ended=time.time()),
        received=receiver.stop(),
        findings=findings(fincore, progress, charges=result.sent - result.unanswered),
    )


def _show(run: Run) -> None:
    settled, all_told, received = run.settled, run.all_told, run.received
    agreed = all_told.events == all_told.delivered == received.distinct and (
        received.verified == received.attempts
    )
    show(
        "Webhooks to merchants",
        f"The whole way with {RATE:g} charges a second offered by the clock for {SECONDS:g} s, and one endpoint of the "
        f"merchant for all events, at a server in a process of its own that verifies each signature. Rates and times are of "
        f"the seconds after {SETTLING_SECONDS} s of settling; a time is from the event's record in the log to the end of "
        f"its delivery.",
        [
            Figure(
                name="webhooks arrived",
                value=run.arrived_per_second,
                unit="/s",
                reference="events written",
                reference_value=settled.events / (SECONDS - SETTLING_SECONDS),
            ),
            Figure(name="event to delivery p50", value=settled.p50_ms, unit="ms"),
            Figure(name="event to delivery p99", value=settled.p99_ms, unit="ms"),
        ],
        [
            *run.costs,
            f"drained {run.drain_seconds:.1f} s after the last charge was offered; {all_told.repeated} sent again",
            f"answers to charges: {run.charges.stages[0].statuses}, unanswered: {run.charges.unanswered}",
            f"{received.distinct:,} webhooks of {all_told.events:,} events arrived in {received.attempts:,} attempts, "
            f"every signature verified"
            if agreed
            else f"DISAGREEMENT: {all_told.events:,} events, {all_told.delivered:,} delivered, {received}",
            *run.findings,
        ],
    )
