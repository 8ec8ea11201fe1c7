"""Refunds by the official SDK: partial, several, pending, failed after they succeeded, and what they do to the balance."""

from typing import Any

import pytest
import stripe

from fixtures.http_exchange import exchange
from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import missing_fields

PAID: Any = {
    "amount": 1000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "payment_method_types": ["card"],
    "confirm": True,
}
LATER = "/sandbox/aftermath"


def pay(client: stripe.StripeClient, **params: Any) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(PAID | params)


def charge_of(client: stripe.StripeClient, intent: stripe.PaymentIntent) -> stripe.Charge:
    return client.v1.charges.retrieve(str(intent.latest_charge))


def told(client: stripe.StripeClient, since: str) -> list[str]:
    """The types of the events after the last one of type `since`, in order."""
    types = [str(event.type) for event in client.v1.events.list({"limit": 100}).data]
    return types[: types.index(since)][::-1]


@pytest.fixture
def waiting(psp_sandbox: SandboxProcess) -> SandboxProcess:
    """A sandbox that does nothing by itself before its clock is advanced by an hour."""
    psp_sandbox.call("POST", LATER, {"delay_seconds": 3600})
    return psp_sandbox


def advance(sandbox: SandboxProcess, seconds: float = 3600) -> int:
    happened: int = sandbox.call("POST", "/sandbox/clock", {"advance_seconds": seconds})["happened"]
    return happened


def test_refund_without_amount_refunds_whole_payment(client: stripe.StripeClient) -> None:
    intent = pay(client)
    refund = client.v1.refunds.create(
        {
            "payment_intent": intent.id,
            "reason": "requested_by_customer",
            "metadata": {"refund": "1"},
        }
    )
    assert (refund.amount, refund.currency, refund.status) == (1000, "usd", "succeeded")
    assert (refund.charge, refund.payment_intent) == (intent.latest_charge, intent.id)
    assert refund.reason == "requested_by_customer"
    assert refund.metadata is not None
    assert refund.metadata.to_dict() == {"refund": "1"}
    charge = charge_of(client, intent)
    assert (charge.amount_refunded, charge.refunded) == (1000, True)
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert told(client, "payment_intent.succeeded") == ["refund.created", "charge.refunded"]
    assert missing_fields("refund", refund.to_dict()) == []
    assert client.v1.refunds.retrieve(refund.id).to_dict() == refund.to_dict()


def test_partial_refunds_continue_until_charge_is_refunded(client: stripe.StripeClient) -> None:
    intent = pay(client)
    for amount, total in ((300, 300), (600, 900), (None, 1000)):
        given: Any = {"charge": intent.latest_charge} | ({"amount": amount} if amount else {})
        client.v1.refunds.create(given)
        charge = charge_of(client, intent)
        assert (charge.amount_refunded, charge.refunded) == (total, total == 1000)
    before = [event.data.to_dict()["previous_attributes"] for event in refunded_events(client)]
    assert before == [
        {"amount_refunded": 0},
        {"amount_refunded": 300},
        {"amount_refunded": 900, "refunded": False},
    ]
    with pytest.raises(stripe.InvalidRequestError, match="has already been refunded") as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 1})
    assert (refused.value.http_status, refused.value.code) == (400, "charge_already_refunded")


def refunded_events(client: stripe.StripeClient) -> list[stripe.Event]:
    return client.v1.events.list({"type": "charge.refunded"}).data[::-1]


def test_no_more_than_what_is_left_is_refunded(client: stripe.StripeClient) -> None:
    intent = pay(client)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 800})
    message = r"Refund amount \(\$2.01\) is greater than unrefunded amount on charge \(\$2.00\)"
    with pytest.raises(stripe.InvalidRequestError, match=message) as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 201})
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, None, "amount")
    assert charge_of(client, intent).amount_refunded == 800


def test_refund_is_limited_to_captured_part(client: stripe.StripeClient) -> None:
    intent = pay(client, capture_method="manual")
    client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 600})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 601})
    assert refused.value.param == "amount"
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 600


@pytest.mark.parametrize("state", ["held", "canceled", "declined", "waiting"])
def test_payment_without_captured_money_cannot_be_refunded(client: stripe.StripeClient, state: str) -> None:
    unpaid: Any = {name: PAID[name] for name in ("amount", "currency", "payment_method_types")}
    intent = client.v1.payment_intents.create(unpaid | {"capture_method": "manual"})
    if state in ("held", "canceled"):
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    if state == "canceled":
        client.v1.payment_intents.cancel(intent.id)
    if state == "declined":
        with pytest.raises(stripe.CardError):
            client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa_chargeDeclined"})
    charge = client.v1.payment_intents.retrieve(intent.id).latest_charge
    for given in ({"payment_intent": intent.id}, {"charge": str(charge)} if charge else {}):
        if given:
            with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge") as no:
                client.v1.refunds.create(given)  # type: ignore[arg-type]
            assert no.value.http_status == 400


@pytest.mark.parametrize(
    ("given", "param", "status"),
    [
        ({}, "charge", 400),
        ({"charge": "ch_nowhere"}, "charge", 404),
        ({"payment_intent": "pi_nowhere"}, "payment_intent", 404),
        ({"charge": "ch_x", "payment_intent": "pi_x"}, None, 400),
        ({"charge": "ch_x", "amount": 0}, "amount", 400),
        ({"charge": "ch_x", "reason": "mood"}, "reason", 400),
        ({"charge": "ch_x", "shoe": "9"}, "shoe", 400),
        ({"charge": "ch_x", "expand": ["charge.customer"]}, "expand", 400),
    ],
    ids=str,
)
def test_a_wrong_refund_is_refused_by_name(
    client: stripe.StripeClient, given: Any, param: str | None, status: int
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create(given)
    assert (refused.value.http_status, refused.value.param) == (status, param)


def test_refunds_are_listed_by_payment_by_charge_and_by_page(client: stripe.StripeClient) -> None:
    one, other = pay(client), pay(client)
    made = [client.v1.refunds.create({"payment_intent": one.id, "amount": 1}).id for _ in range(3)][::-1]
    elsewhere = client.v1.refunds.create({"payment_intent": other.id})
    listed = client.v1.refunds.list
    assert [refund.id for refund in listed({"payment_intent": one.id}).data] == made
    assert [refund.id for refund in listed({"charge": str(one.latest_charge)}).data] == made
    assert [refund.id for refund in listed().data] == [elsewhere.id, *made]
    page = listed({"payment_intent": one.id, "limit": 2, "starting_after": made[0]})
    assert ([refund.id for refund in page.data], page.has_more) == (made[1:], False)
    assert listed({"created": {"lt": elsewhere.created - 60}}).data == []
    assert listed({"payment_intent": "pi_nowhere"}).data == []


def test_a_refund_belongs_to_its_account(client: stripe.StripeClient, psp_sandbox: SandboxProcess) -> None:
    intent = pay(client)
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 1})
    other = stripe.StripeClient("sk_test_other", base_addresses={"api": psp_sandbox.url})
    given: Any
    for given in ({"payment_intent": intent.id}, {"charge": intent.latest_charge}):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            other.v1.refunds.create(given)
        assert refused.value.code == "resource_missing"
    with pytest.raises(stripe.InvalidRequestError) as unseen:
        other.v1.refunds.retrieve(refund.id)
    assert unseen.value.code == "resource_missing"
    assert other.v1.refunds.list().data == []


def test_the_same_key_refunds_once(client: stripe.StripeClient) -> None:
    intent = pay(client)
    given: Any = {"payment_intent": intent.id, "amount": 400}
    ids = {client.v1.refunds.create(given, {"idempotency_key": "k"}).id for _ in range(3)}
    assert len(ids) == 1
    assert charge_of(client, intent).amount_refunded == 400


def test_a_refusal_to_refund_is_kept_under_its_key(client: stripe.StripeClient) -> None:
    intent = pay(client)
    client.v1.refunds.create({"payment_intent": intent.id})
    messages = set()
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.refunds.create({"payment_intent": intent.id}, {"idempotency_key": "k"})
        messages.add((refused.value.code, refused.value.user_message))
    assert len(messages) == 1


def test_metadata_of_a_refund_is_added_to_and_taken_from(client: stripe.StripeClient) -> None:
    refund = client.v1.refunds.create({"payment_intent": pay(client).id, "metadata": {"a": "1", "b": "2"}})
    changed = client.v1.refunds.update(refund.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    assert told(client, "charge.refunded") == ["refund.updated", "charge.refund.updated"]
    emptied = client.v1.refunds.update(refund.id, {"metadata": ""})
    assert emptied.metadata is not None
    assert emptied.metadata.to_dict() == {}


def test_a_pending_refund_succeeds_later(client: stripe.StripeClient, waiting: SandboxProcess) -> None:
    intent = pay(client, payment_method="pm_card_pendingRefund")
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    assert charge_of(client, intent).amount_refunded == 1000
    assert advance(waiting, 3599) == 0
    assert client.v1.refunds.retrieve(refund.id).status == "pending"
    assert advance(waiting, 1) == 1
    done = client.v1.refunds.retrieve(refund.id)
    assert (done.status, done.to_dict().get("pending_reason")) == ("succeeded", None)
    assert told(client, "charge.refunded") == ["refund.updated", "charge.refund.updated"]
    event = client.v1.events.list({"type": "refund.updated"}).data[0]
    assert event.data.to_dict()["previous_attributes"] == {
        "pending_reason": "processing",
        "status": "pending",
    }
    assert event.request is not None
    assert event.request.id is None


def test_refund_failing_later_returns_money_to_charge(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    intent = pay(client, payment_method="pm_card_refundFail")
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 700})
    assert refund.status == "succeeded"
    assert advance(waiting) == 1
    failed = client.v1.refunds.retrieve(refund.id, {"expand": ["failure_balance_transaction"]})
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    returned = failed.failure_balance_transaction
    assert isinstance(returned, stripe.BalanceTransaction)
    assert (returned.type, returned.amount, returned.source) == ("refund_failure", 700, refund.id)
    charge = charge_of(client, intent)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert told(client, "charge.refunded") == ["refund.updated", "charge.refund.updated", "refund.failed"]
    event = client.v1.events.list({"type": "refund.failed"}).data[0]
    assert event.data.to_dict()["previous_attributes"] == {
        "failure_balance_transaction": None,
        "failure_reason": None,
        "status": "succeeded",
    }
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 1000


def test_later_effects_occur_by_themselves(client: stripe.StripeClient, psp_sandbox: SandboxProcess) -> None:
    psp_sandbox.call("POST", LATER, {"delay_seconds": 0.01})
    refund = client.v1.refunds.create(
        {"payment_intent": pay(client, payment_method="pm_card_pendingRefund").id}
    )
    exchange.until(lambda: client.v1.refunds.retrieve(refund.id).status == "succeeded")


def test_a_refund_is_moved_on_demand(client: stripe.StripeClient, waiting: SandboxProcess) -> None:
    refund = client.v1.refunds.create(
        {"payment_intent": pay(client, payment_method="pm_card_pendingRefund").id}
    )
    (entry,) = waiting.call("GET", LATER)["waiting"]
    assert (entry["kind"], entry["object"]) == ("settle_refund", refund.id)
    waiting.call("POST", f"/sandbox/refunds/{refund.id}/succeed")
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"
    waiting.call("POST", f"/sandbox/refunds/{refund.id}/fail", {"reason": "lost_or_stolen_card"})
    failed = client.v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "lost_or_stolen_card")
    assert waiting.call("GET", LATER)["waiting"] == []
    for order in ("succeed", "fail"):
        assert exchange(waiting.url, "POST", f"/sandbox/refunds/{refund.id}/{order}").status == 409
    assert exchange(waiting.url, "POST", "/sandbox/refunds/re_nowhere/fail").status == 404


def test_a_pending_refund_can_be_canceled_and_no_other(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    intent = pay(client, payment_method="pm_card_pendingRefund")
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    canceled = client.v1.refunds.cancel(refund.id)
    assert (canceled.status, canceled.failure_reason) == ("canceled", "merchant_request")
    assert charge_of(client, intent).amount_refunded == 0
    assert advance(waiting) == 0
    with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
        client.v1.refunds.cancel(refund.id)
    assert told(client, "charge.refunded") == ["refund.updated", "charge.refund.updated"]


def test_refund_and_its_failure_have_balance_transactions(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    intent = pay(client, payment_method="pm_card_refundFail")
    refund = client.v1.refunds.create(
        {"payment_intent": intent.id, "amount": 700, "expand": ["balance_transaction"]}
    )
    moved = refund.balance_transaction
    assert isinstance(moved, stripe.BalanceTransaction)
    assert (moved.type, moved.amount, moved.fee, moved.net) == ("refund", -700, 0, -700)
    assert moved.source == refund.id
    assert missing_fields("balance_transaction", moved.to_dict()) == []


@pytest.mark.parametrize(
    ("currency", "amount", "refunded", "message"),
    [
        ("eur", 1000, 1001, r"\(€10.01\) .* \(€10.00\)"),
        ("jpy", 1000, 1001, r"\(1,001 JPY\) .* \(1,000 JPY\)"),
        ("kwd", 5120, 5130, r"\(5.130 KWD\) .* \(5.120 KWD\)"),
    ],
)
def test_refund_error_formats_amounts_by_currency(
    client: stripe.StripeClient, currency: str, amount: int, refunded: int, message: str
) -> None:
    intent = pay(client, currency=currency, amount=amount)
    with pytest.raises(stripe.InvalidRequestError, match=message):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": refunded})


def test_a_reset_forgets_refunds_and_what_was_to_come_of_them(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    client.v1.refunds.create({"payment_intent": pay(client, payment_method="pm_card_pendingRefund").id})
    waiting.reset()
    assert client.v1.refunds.list().data == []
    assert waiting.call("GET", LATER) == {"delay_seconds": 1.0, "waiting": []}


def test_the_oldest_payments_are_dropped_with_their_refunds() -> None:
    process = SandboxProcess("--max-payments=2")
    try:
        client = stripe.StripeClient("sk_test_a", base_addresses={"api": process.url})
        refunds = [client.v1.refunds.create({"payment_intent": pay(client).id}).id for _ in range(3)]
        assert [one.id for one in client.v1.refunds.list().data] == refunds[:0:-1]
    finally:
        process.stop()


@pytest.mark.parametrize("body", ['{"advance_seconds": -1}', '{"advance_seconds": 1e12}', "{}"])
def test_time_does_not_go_back(psp_sandbox: SandboxProcess, body: str) -> None:
    assert exchange(psp_sandbox.url, "POST", "/sandbox/clock", body).status == 400
