"""What a machine finds that reads the OpenAPI document, and tries what it allows and much that it does not.

Schemathesis runs as its users run it: its command line against the served document, with all of its checks.
"""

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Literal

import pytest

from fincore.bootstrap.application import ApplicationOptions
from fincore.domain.events import (
    CancelRequested,
    CaptureRequested,
    ChargeCreated,
    ChargeEvent,
    RefundRequested,
)
from fincore.domain.ids import ChargeId, charge_of
from fincore.domain.log_events import LOG_EVENTS, of_charges
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.write.psp.stripe.limits import STRIPE_LIMITS
from fixtures.merchant_api import (
    Api,
    authorized,
    canceled,
    captured,
    declined,
    refund_report,
    refused,
    serving_api,
)

AMOUNT_MINOR = 99_999_999
"""Of the charges to refund and to capture: the most that Stripe takes in US dollars."""
SAMPLE, ALL = 2, 10
"""How many requests are made up for an operation."""
PUBLIC = ApplicationOptions(public_url="https://pay.example")
CONFIGURATION = """
# 402: the charge failed while the client waited; a good request all the same.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "402", "403", "404"]

# 409: a charge is captured or canceled once, and has a hundred refunds at most.
[[operations]]
include-operation-id = "capture_charge"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "402", "403", "404", "409"]

[[operations]]
include-operation-id = "cancel_charge"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "402", "403", "404", "409"]

[[operations]]
include-operation-id = "create_refund"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "402", "403", "404", "409"]

# 409: an endpoint that an earlier request disabled is told nothing.
[[operations]]
include-operation-id = "replay_failed_webhooks"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409"]

[[operations]]
include-operation-id = "replay_webhook_delivery"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409"]

# 409: a session expires once.
[[operations]]
include-operation-id = "expire_checkout_session"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "402", "403", "404", "409"]

# No generator can sign for a PSP.
[[operations]]
include-operation-id = "receive_webhook"
checks.positive_data_acceptance.expected-statuses = ["400", "404"]
parameters = { psp = "stripe", account = "test" }

# 409: there are as many as there may be.
[[operations]]
include-operation-id = "create_webhook_endpoint"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "409"]
"""


async def be_the_psp(api: Api) -> None:
    """Be the worker and the PSP: carry out what is asked of even charges and of every other refund, refuse the rest."""
    log = EventLog(api.pool, LOG_EVENTS)
    at = (0, 0)
    while True:
        read = [one for one in await log.read_after(*at, limit=100) if isinstance(one, RecordedEvent)]
        for recorded in of_charges(read):
            await answer(api, charge_of(recorded.stream_id), recorded.event)
        at = (read[-1].tx, read[-1].pos) if read else at
        await asyncio.sleep(0.01)


async def answer(api: Api, charge_id: ChargeId, event: ChargeEvent) -> None:
    """What the PSP reports after an event."""
    charge = await api.folded(charge_id)
    is_even = charge.amount.amount_minor % 2 == 0
    match event:
        case ChargeCreated() if charge.status != "processing":
            pass
        case ChargeCreated() if not is_even:
            await api.record(charge_id, declined())
        case ChargeCreated(capture_method="manual"):
            await api.record(charge_id, authorized(event.amount_minor, event.currency))
        case ChargeCreated():
            await api.record(charge_id, captured(event.amount_minor, event.currency))
        case CaptureRequested():
            await api.record(charge_id, captured(event.amount_minor, charge.amount.currency))
        case CancelRequested():
            await api.record(charge_id, refused() if charge.cancels_requested % 2 else canceled())
        case RefundRequested():
            status: Literal["succeeded", "failed"] = "succeeded" if len(charge.refunds) % 2 else "failed"
            await api.record_refund(
                charge_id, event.refund_id, refund_report(status, event.amount_minor, number=charge.version)
            )


async def known(api: Api, dsn: str) -> str:
    """What no generator can know, as JSON: cursors of real lists, charges with which something can be done."""
    paid = [await api.paid(f"paid-{number}", amount_minor=AMOUNT_MINOR) for number in range(2)]
    held = [await api.held(f"held-{number}", amount_minor=AMOUNT_MINOR) for number in range(10)]
    for number in range(2):
        body = {"charge": paid[0], "amount_minor": 1}
        await api.post("/v1/refunds", f"refund-{number}", body)
    await api.project(dsn)
    await api.book(dsn)
    cursors = {
        path: (await api.get(f"{path}?limit=1")).json()["next_cursor"]
        for path in ("/v1/charges", "/v1/refunds", "/v1/events", "/v1/balance_transactions")
    }
    bounds = {
        currency: (taken.max_minor, taken.step_minor) for currency, taken in STRIPE_LIMITS.amounts.items()
    }
    return json.dumps(
        {
            "cursors": cursors,
            "paid": paid[0],
            "held": held,
            "amount_minor": AMOUNT_MINOR,
            "bounds": bounds,
        }
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("phases", "examples"),
    [
        ("examples,fuzzing", SAMPLE),
        pytest.param("examples,fuzzing", ALL, marks=pytest.mark.long),
        pytest.param("coverage", ALL, marks=pytest.mark.long),
    ],
)
async def test_api_passes_schemathesis(
    pool: Pool, dsn: str, tmp_path: Path, phases: str, examples: int
) -> None:
    """`coverage` tries every bound of every field, which takes minutes."""
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    async with serving_api(pool, options=PUBLIC) as api:
        environment = {
            "SCHEMATHESIS_HOOKS": "fixtures.schemathesis_hooks",
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "FINCORE_TEST_KNOWN": await known(api, dsn),
        }
        deciding = asyncio.create_task(be_the_psp(api))
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={configuration}",
            "run",
            f"{api.url}/openapi.json",
            f"--header=Authorization: Bearer {api.key.reveal()}",
            "--checks=all",
            f"--phases={phases}",
            f"--max-examples={examples}",
            "--generation-deterministic",
            "--continue-on-failure",
            "--no-color",
            "--suppress-health-check=all",  # they judge how fast this machine makes examples up
            "--request-timeout=60",
            "--warnings=off",  # bad values are meant to be rejected
            cwd=tmp_path,
            env=os.environ | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await process.communicate()
        finally:
            deciding.cancel()
        assert process.returncode == 0, output.decode()
        assert re.search(r"\b(\d{3,}) generated, \1 passed", output.decode()), output.decode()
        statuses = await pool.fetch("select distinct response_status from eventstore.idempotency_keys")
        assert {row["response_status"] for row in statuses} == {
            200,
            201,
            204,
            402,
        }  # it did create, capture, refund and delete, and waited
