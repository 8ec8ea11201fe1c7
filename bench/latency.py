"""What FinCore adds to a payment when there is nothing else to do."""

import time
from typing import Final

from bench import load
from bench.accept import BODY
from bench.figures import Figure, show
from bench.installation import installation
from bench.load import Load, Stage
from bench.progress import Progress
from bench.store import Store
from bench.whole_way import ROLES_BEHIND_THE_API

RATE: Final = 10.0
WARMUP_SECONDS: Final = 3.0
SECONDS: Final = 15.0
DRAIN_SECONDS: Final = 2.0


def measure(store: Store) -> None:
    """Ten charges a second through an idle installation with a PSP that answers at once."""
    with installation(store) as fincore:
        api_port = fincore.start_role("api")
        fincore.start_slow_sandbox(p50_ms=0, p99_ms=0)
        for role in ROLES_BEHIND_THE_API:
            fincore.start_role(role)
        authorization = {"Authorization": f"Bearer {fincore.secret_key}"}
        no_op = _stage(Load(port=api_port, method="GET", path="/healthz", connections=4, rates=_RATES))
        post = Load(
            port=api_port,
            method="POST",
            path="/v1/charges",
            connections=4,
            rates=_RATES,
            bodies=(BODY,),
            headers=authorization,
            idempotency_prefix="latency",
        )
        began = time.time()
        accepted = _stage(post)
        time.sleep(DRAIN_SECONDS)
        progress = Progress(fincore.dsn)
        times = progress.times_to_outcome(began=began + WARMUP_SECONDS, ended=time.time())
        progress.close()
        waited = _stage(
            Load(
                port=api_port,
                method="POST",
                path="/v1/charges",
                connections=4,
                rates=_RATES,
                bodies=(BODY,),
                headers=authorization | {"Prefer": "wait=10"},
                idempotency_prefix="waited",
            )
        )
    show(
        "Latency, unloaded",
        f"{RATE:g} requests a second for {SECONDS:g} s after {WARMUP_SECONDS:g} s of warm-up, all roles but the auditor running, a PSP "
        f"sandbox that answers at once: what is left is FinCore's own. Accepted to outcome is the time between the two "
        f"events in the log; with Prefer: wait the client has the outcome in its answer.",
        [
            Figure(
                name="POST p50",
                value=accepted.p50_ms,
                unit="ms",
                target=5,
                lower_is_better=True,
                reference="GET /healthz p50",
                reference_value=no_op.p50_ms,
            ),
            Figure(
                name="POST p99",
                value=accepted.p99_ms,
                unit="ms",
                reference="GET /healthz p99",
                reference_value=no_op.p99_ms,
            ),
            Figure(
                name="accepted to outcome p50", value=times.p50_ms, unit="ms", target=15, lower_is_better=True
            ),
            Figure(name="accepted to outcome p99", value=times.p99_ms, unit="ms"),
            Figure(name="POST with Prefer: wait p50", value=waited.p50_ms, unit="ms"),
            Figure(name="POST with Prefer: wait p99", value=waited.p99_ms, unit="ms"),
        ],
        [f"answers: {accepted.statuses}, with Prefer: wait {waited.statuses}"],
    )


_RATES: Final = ((RATE, WARMUP_SECONDS), (RATE, SECONDS))


def _stage(requests: Load) -> Stage:
    return load.run(requests).stages[-1]
