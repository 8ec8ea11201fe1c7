"""Signed webhooks of the PSP: how many a second one API process takes in, and how many a worker reads."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Final, NamedTuple

import psycopg

from bench import load
from bench.cpu import CpuUse
from bench.figures import Figure, show
from bench.history import write_history
from bench.installation import Installation, installation
from bench.load import Load, LoadResult, write_requests
from bench.progress import Progress
from bench.store import Store
from bench.watch import DRAIN_SECONDS_MAX
from fincore.domain.ids import StreamId, charge_of

CHARGES: Final = 30_000
"""Each is at the PSP; the webhook that says it is paid is the first to tell."""
MERCHANTS: Final = 100
REPEATED_EVERY: Final = 10
"""After so many webhooks the last of them comes once more."""
CONNECTIONS: Final = 128
SECONDS: Final = 3.0
WARMUP_SECONDS: Final = 0.5
DESCRIPTION: Final = "An order of two books and a map, to be sent to the customer's address. " * 8
"""Makes the body about as long as Stripe's are, 1.5 kB."""

_EVENT: Final = (
    '{"id":"evt_%(number)024d","object":"event","api_version":"2025-09-30.clover","created":%(now)d,"data":{"object":'
    '{"id":"pi_%(number)024d","object":"payment_intent","amount":%(amount)d,"amount_capturable":0,"amount_received":'
    '%(amount)d,"capture_method":"automatic_async","confirmation_method":"automatic","created":%(now)d,'
    '"currency":"usd","description":"%(description)s","latest_charge":"ch_%(number)024d","livemode":false,'
    '"metadata":{"fincore_charge_id":"%(charge_id)s"},"next_action":null,"payment_method":"pm_%(number)024d",'
    '"payment_method_types":["card"],"status":"succeeded"}},"livemode":false,"pending_webhooks":1,'
    '"request":{"id":null,"idempotency_key":null},"type":"payment_intent.succeeded"}'
)


class Taken(NamedTuple):
    """Webhooks delivered to the API; `distinct` counts each once. `no_op` is GET /healthz of the same server."""

    result: LoadResult
    no_op: LoadResult
    use: CpuUse
    distinct: int


class Read(NamedTuple):
    """Webhooks read by the worker while it was measured; `captured` are the charges that the log has paid at the end."""

    webhooks: int
    seconds: float
    use: CpuUse
    captured: int


def measure(store: Store) -> None:
    """Deliver webhooks to an API alone, some of them twice; then let a worker read what was taken in."""
    with installation(store) as fincore:
        asyncio.run(write_history(fincore.dsn, charges=CHARGES, merchants=MERCHANTS, is_captured=False))
        taken = _taken(fincore, store, fincore.start_role("api"))
        with closing(Progress(fincore.dsn)) as progress:
            _show(taken, _read(fincore, progress))


def _taken(fincore: Installation, store: Store, api_port: int) -> Taken:
    file = store.folder / "webhooks"
    webhooks = Load(
        port=api_port,
        method="POST",
        path="/webhooks/stripe/test",
        connections=CONNECTIONS,
        seconds=SECONDS,
        warmup_seconds=WARMUP_SECONDS,
        requests_file=str(file),
    )
    deliveries = list(_deliveries(fincore))
    write_requests(file, webhooks, deliveries)
    no_op = load.run(
        Load(
            port=api_port,
            method="GET",
            path="/healthz",
            connections=CONNECTIONS,
            seconds=SECONDS,
            warmup_seconds=WARMUP_SECONDS,
        )
    )
    meter = fincore.cpu_meter()
    result = load.run(webhooks)
    use = meter.use(generator=result.cpu_seconds)
    if result.first_error or result.unanswered:
        raise RuntimeError(f"{result.unanswered} webhooks were not answered; {result.first_error}")
    if result.sent == len(deliveries):
        raise RuntimeError(f"{result.sent:,} webhooks were too few for {SECONDS:g} s: raise CHARGES")
    return Taken(result, no_op, use, distinct=len({body for _, body in deliveries[: result.sent]}))


def _deliveries(fincore: Installation) -> Iterator[tuple[dict[str, str], bytes]]:
    """Headers and body of each delivery, signed now as Stripe signs: HMAC-SHA-256 of time and body."""
    now, secret = int(time.time()), fincore.webhook_secret.encode()
    with psycopg.connect(fincore.dsn) as connection:
        rows = connection.execute(
            "select stream_id, (data ->> 'amount_minor')::int from eventstore.events where type = 'charge.created'"
        ).fetchall()
    for number, (stream_id, amount) in enumerate(rows, start=1):
        facts = {
            "number": number,
            "now": now,
            "amount": amount,
            "description": DESCRIPTION,
            "charge_id": charge_of(StreamId(stream_id)),
        }
        body = (_EVENT % facts).encode()
        signature = hmac.new(secret, b"%d.%b" % (now, body), hashlib.sha256).hexdigest()
        delivery = {"Stripe-Signature": f"t={now},v1={signature}"}, body
        yield delivery
        if number % REPEATED_EVERY == 0:
            yield delivery


def _read(fincore: Installation, progress: Progress) -> Read:
    """Start a worker and measure it from when it is ready until no job is left, within the bound."""
    fincore.start_role("worker")
    captured_before = _captured(progress)
    meter = fincore.cpu_meter()
    began = time.monotonic()
    while time.monotonic() - began < DRAIN_SECONDS_MAX:
        backlog = progress.backlog()
        if not backlog.jobs_queued and not backlog.jobs_at_work:
            break
        time.sleep(0.1)
    seconds, use, captured = time.monotonic() - began, meter.use(), _captured(progress)
    return Read(captured - captured_before, seconds, use, captured)


def _captured(progress: Progress) -> int:
    return sum(minor > 0 for minor in progress.charges().values())


def _show(taken: Taken, read: Read) -> None:
    stage = taken.result.stages[0]
    each_taken = taken.use.microseconds_each(taken.result.sent)
    each_read = read.use.microseconds_each(max(read.webhooks, 1))
    show(
        "Webhooks of the PSP",
        f"POST /webhooks/stripe/test to one API process on {CONNECTIONS} kept-alive connections, closed loop, "
        f"{SECONDS:g} s after {WARMUP_SECONDS:g} s of warm-up: signed `payment_intent.succeeded` of {len(DESCRIPTION) + 900:,} "
        f"bytes, each about a charge of its own that the log has, one of {REPEATED_EVERY + 1} a repetition; answered when "
        f"the event and the job that will read it are durable. Then one worker alone reads them: it loads each charge and "
        f"writes that it is paid.",
        [
            Figure(
                name="webhooks taken in",
                value=stage.rate,
                unit="/s",
                reference="GET /healthz, same server",
                reference_value=taken.no_op.stages[0].rate,
            ),
            Figure(
                name="webhooks read",
                value=read.webhooks / read.seconds,
                unit="/s",
                reference="taken in",
                reference_value=stage.rate,
            ),
        ],
        [
            f"taken in: p50 {stage.p50_ms:.1f} ms, p99 {stage.p99_ms:.1f} ms; answers {stage.statuses}",
            f"taken in: CPU a webhook: {_listed(each_taken)}; cores: {taken.use}",
            f"read: CPU a webhook: {_listed(each_read)}; cores: {read.use}",
            f"{taken.result.sent:,} deliveries of {taken.distinct:,} webhooks were taken in, and each paid its charge once"
            if read.captured == taken.distinct
            else f"DISAGREEMENT: {taken.distinct:,} webhooks were taken in, {read.captured:,} charges are paid",
        ],
    )


def _listed(each: dict[str, float]) -> str:
    return ", ".join(f"{name} {used:.0f} us" for name, used in each.items())
