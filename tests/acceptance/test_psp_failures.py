"""What may fail at a PSP and between it and FinCore, one test each: no charge is lost, none is made twice."""

import asyncio
from collections.abc import Sequence

import pytest
from harness.installation import PATIENCE_SECONDS

from fixtures.sampling import first_of, first_rows_of
from fixtures.shop import Charge, Shop, events_of
from fixtures.system import System
from fixtures.waiting import eventually

pytestmark = pytest.mark.timeout(600)

AUTHORIZE = {"path": "/v1/payment_intents", "method": "POST"}
INQUIRE = {"path": "/v1/payment_intents", "method": "GET"}
PAID = ["charge.created", "charge.captured"]
PAID_AFTER_DOUBT = ["charge.created", "charge.outcome_unknown", "charge.captured"]


def assert_paid_once(system: System, charge: Charge) -> None:
    """The PSP took the money once, and all of it."""
    at_psp = system.sandbox.state("fincore_charge_id")["by_metadata"][charge["id"]]
    assert at_psp == {
        "intents": 1,
        "authorized": 0,
        "succeeded": 1,
        "amount_received": charge["amount_captured_minor"],
    }


def calls_made(system: System) -> int:
    """How often the PSP was asked to authorize, replays included."""
    return sum(
        count for route, count in system.sandbox.state()["requests"].items() if route.startswith("POST ")
    )


@pytest.mark.parametrize("kind", first_of(("rate_limited_429", "lock_timeout_429")))
async def test_a_busy_psp_is_asked_again(system: System, shop: Shop, kind: str) -> None:
    before = calls_made(system)
    system.sandbox.add_fault(kind, match=AUTHORIZE)
    paid = await shop.paid()
    assert events_of(paid) == PAID
    assert calls_made(system) == before + 2
    assert_paid_once(system, paid)


@pytest.mark.parametrize(
    ("kind", "seconds"),
    first_rows_of(
        [
            # Longer than FinCore waits: its own time-out ends the call.
            ("timeout_after_apply", 30.0),
            ("connection_reset", None),
            ("timeout_before_apply", 0.2),
            ("error_500_after_apply", None),
            ("malformed_json", None),
        ],
        keep=2,
    ),
)
async def test_lost_answer_is_resolved_and_charged_once(
    system: System, shop: Shop, kind: str, seconds: float | None
) -> None:
    # Without its webhooks, so that only the janitor can find out.
    system.sandbox.add_fault("webhook_drop", count=100)
    system.sandbox.add_fault(kind, seconds=seconds, match=AUTHORIZE)
    paid = await shop.paid()
    assert events_of(paid) == PAID_AFTER_DOUBT
    assert paid["outcome_unknown_since"] is None
    assert_paid_once(system, paid)


async def test_charge_with_unknown_outcome_shows_since_when(system: System, shop: Shop) -> None:
    system.sandbox.add_fault("webhook_drop", count=100)
    system.sandbox.add_fault("timeout_after_apply", seconds=0.1, match=AUTHORIZE)
    # The janitor cannot ask, either.
    system.sandbox.add_fault("rate_limited_429", count=100, match=INQUIRE)
    accepted = await shop.charge()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (unknown := await shop.get(accepted["id"]))["outcome_unknown_since"] is None:
            assert unknown["status"] == "processing"
    assert unknown["status"] == "processing"
    system.sandbox.clear_faults()
    assert_paid_once(system, await shop.until_status(accepted["id"], "succeeded"))


async def test_decline_with_lost_answer_is_resolved(system: System, shop: Shop) -> None:
    system.sandbox.add_fault("webhook_drop", count=100)
    system.sandbox.add_fault("timeout_after_apply", seconds=0.1, match=AUTHORIZE)
    accepted = await shop.charge("pm_card_visa_chargeDeclinedInsufficientFunds")
    failed = await shop.until_status(accepted["id"], "failed")
    assert failed["failure"]["decline_code"] == "insufficient_funds"
    assert events_of(failed) == ["charge.created", "charge.outcome_unknown", "charge.failed"]


async def test_webhook_decides_charge_while_call_hangs(system: System, shop: Shop) -> None:
    # Applied at once, told by webhook at once; our own call hears nothing until it has given up.
    system.sandbox.add_fault("timeout_after_apply", seconds=30, match=AUTHORIZE)
    paid = await shop.paid()
    assert events_of(paid) == PAID
    system.until_idle()
    assert events_of(await shop.get(paid["id"])) == PAID
    assert_paid_once(system, paid)


@pytest.mark.parametrize(
    "kind", ["webhook_drop", "webhook_duplicate", "webhook_reorder", "webhook_bad_signature"]
)
async def test_lost_doubled_shuffled_or_forged_webhooks_change_nothing(
    system: System, shop: Shop, kind: str
) -> None:
    system.sandbox.add_fault(kind, count=100, seconds=0.5)
    paid = await shop.paid()
    system.until_idle()
    assert events_of(await shop.get(paid["id"])) == PAID
    assert_paid_once(system, paid)
    # A forged one is refused, and taken when it comes again with its true signature.
    assert (inbox_of(system, paid) == []) == (kind == "webhook_drop")
    assert dead_jobs(system) == 0


async def test_capture_made_at_psp_outlasts_late_older_webhook(system: System, shop: Shop) -> None:
    """The capture is reported first; the older webhook of the authorization comes late and changes nothing."""
    late = {"event_type": "payment_intent.amount_capturable_updated"}
    system.sandbox.add_fault("webhook_delay", seconds=4, match=late)
    accepted = await shop.charge(capture=False, amount_minor=5000)
    held = await shop.until_status(accepted["id"], "authorized")
    system.stripe(f"/v1/payment_intents/{held['psp_reference']}/capture")
    system.until("the capture is known", lambda: bool(captures_of(system, held)))
    assert late["event_type"] not in inbox_of(system, held)
    system.until_idle()
    assert late["event_type"] in inbox_of(system, held)
    captured = await shop.get(accepted["id"])
    assert (captured["status"], captured["amount_captured_minor"]) == ("succeeded", 5000)
    assert events_of(captured) == ["charge.created", "charge.authorized", "charge.captured"]
    assert_paid_once(system, captured)


async def test_a_hold_released_at_the_psp_is_learnt_by_webhook(system: System, shop: Shop) -> None:
    accepted = await shop.charge(capture=False)
    held = await shop.until_status(accepted["id"], "authorized")
    system.stripe(f"/v1/payment_intents/{held['psp_reference']}/cancel")
    system.until_idle()
    assert (await shop.get(accepted["id"]))["status"] == "canceled"


async def test_final_charge_contradicted_by_psp_is_corrected(system: System, shop: Shop) -> None:
    accepted = await shop.charge("pm_card_visa_chargeDeclined")
    failed = await shop.until_status(accepted["id"], "failed")
    # Staff try the payment again at the PSP, with another card.
    system.stripe(f"/v1/payment_intents/{failed['psp_reference']}/confirm", payment_method="pm_card_visa")
    await until_corrected(shop, accepted["id"])
    corrected = await shop.get(accepted["id"])
    assert corrected["status"] == "succeeded"
    assert corrected["amount_captured_minor"] == corrected["amount_minor"]
    assert "charge.corrected" in [entry["type"] for entry in corrected["timeline"]]
    assert dead_jobs(system) == 0


async def test_dead_letter_is_listed_and_requeued_by_command(system: System, shop: Shop) -> None:
    accepted = await shop.charge("pm_card_threeDSecure2Required", return_url="https://shop.example/back")
    await shop.until_status(accepted["id"], "requires_action")
    try:
        system.execute(
            "update queue.pgqueuer set status = 'failed', headers = '{\"held_reason\": \"nobody knows\"}' "  # noqa: S608 -- our own id
            f"where entrypoint = 'charge.follow' and convert_from(payload, 'utf8') like '%{accepted['id']}%'"
        )
        dead = system.fincore("jobs", "dead")
        (row,) = [line for line in dead.stdout.splitlines() if accepted["id"] in line]
        assert "nobody knows" in row
        requeued = system.fincore("jobs", "requeue", row.split()[0])
        assert (requeued.code, requeued.stdout) == (0, "requeued 1 of 1")
        unknown = system.fincore("jobs", "requeue", "999999999")
        assert (unknown.code, unknown.stdout) == (
            1,
            "requeued 0 of 1: `fincore jobs dead` lists the dead jobs",
        )
    finally:
        system.execute("delete from queue.pgqueuer where status = 'failed'")


async def until_corrected(shop: Shop, charge_id: str) -> None:
    """Return once the charge is no longer failed."""

    async def is_corrected() -> bool:
        return bool((await shop.get(charge_id))["status"] != "failed")

    await eventually(is_corrected)


def dead_jobs(system: System) -> int:
    """How many jobs wait for a person."""
    ((count,),) = system.rows("select count(*) from queue.pgqueuer where status = 'failed'")
    return int(count)


def inbox_of(system: System, charge: Charge) -> Sequence[str]:
    """The types of the webhooks that were received about a charge."""
    rows = system.rows(
        "select type from eventstore.inbox where position(%s in encode(body, 'escape')) > 0", charge["id"]
    )
    return [str(row[0]) for row in rows]


def captures_of(system: System, charge: Charge) -> list[tuple[object, ...]]:
    """The captures in the log that are about a charge."""
    return system.rows(
        "select from eventstore.events where type = 'charge.captured' and data ->> 'psp_reference' = %s",
        charge["psp_reference"],
    )
