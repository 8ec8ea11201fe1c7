"""Payment intents by the official SDK: each call and each state, as Stripe documents them."""

import itertools
from typing import Any

import pytest
import stripe

from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import missing_fields, problems_of_objects, problems_of_request
from fixtures.webhook_receiver import WebhookReceiver

BASE: dict[str, Any] = {"amount": 1099, "currency": "usd", "payment_method_types": ["card"]}
PAID = BASE | {"payment_method": "pm_card_visa", "confirm": True}
HELD = PAID | {"capture_method": "manual"}


def pay(client: stripe.StripeClient, **params: Any) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(PAID | params)  # type: ignore[arg-type]


def event_types(client: stripe.StripeClient) -> list[str]:
    return [str(event.type) for event in client.v1.events.list({"limit": 100}).data][::-1]


def test_a_confirmed_payment_succeeds_and_shows_its_charge(client: stripe.StripeClient) -> None:
    intent = pay(client, metadata={"order": "6735"}, expand=["latest_charge"], receipt_email="a@example.com")
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (intent.status, intent.amount_received, intent.amount_capturable) == ("succeeded", 1099, 0)
    assert (charge.status, charge.paid, charge.captured, charge.amount_captured) == (
        "succeeded",
        True,
        True,
        1099,
    )
    assert charge.outcome is not None
    assert (charge.outcome.type, charge.outcome.network_status) == ("authorized", "approved_by_network")
    assert charge.metadata.to_dict() == {"order": "6735"}
    assert charge.payment_intent == intent.id
    assert event_types(client) == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def test_an_intent_walks_from_no_card_to_success_step_by_step(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(BASE)  # type: ignore[arg-type]
    assert intent.status == "requires_payment_method"
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method") as refused:
        client.v1.payment_intents.confirm(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    confirmed = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_mastercard"})
    assert confirmed.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="already succeeded") as again:
        client.v1.payment_intents.confirm(intent.id)
    assert again.value.code == "payment_intent_unexpected_state"


def test_an_intent_with_a_card_waits_for_its_confirmation(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(BASE | {"payment_method": "pm_card_visa"})  # type: ignore[arg-type]
    assert intent.status == "requires_confirmation"
    assert client.v1.payment_intents.confirm(intent.id).status == "succeeded"


def test_a_manual_payment_is_held_then_captured_whole(client: stripe.StripeClient) -> None:
    intent = pay(client, capture_method="manual", expand=["latest_charge"])
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 1099, 0)
    assert charge.captured is False
    details = charge.payment_method_details
    assert details is not None
    assert details.card is not None
    assert details.card.capture_before == charge.created + 7 * 24 * 3600
    captured = client.v1.payment_intents.capture(intent.id, params={"expand": ["latest_charge"]})
    assert (captured.status, captured.amount_capturable, captured.amount_received) == ("succeeded", 0, 1099)
    assert event_types(client) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "payment_intent.succeeded",
    ]


def test_a_partial_capture_releases_the_rest(client: stripe.StripeClient) -> None:
    intent = pay(client, capture_method="manual")
    captured = client.v1.payment_intents.capture(
        intent.id, {"amount_to_capture": 1000, "expand": ["latest_charge"]}
    )
    charge = captured.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (captured.amount, captured.amount_received, captured.amount_capturable) == (1099, 1000, 0)
    assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (1000, 99, False)
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded") as again:
        client.v1.payment_intents.capture(intent.id)
    assert again.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize("amount", [0, -1, 1100])
def test_no_more_than_what_is_held_can_be_captured(client: stripe.StripeClient, amount: int) -> None:
    intent = pay(client, capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": amount})
    assert refused.value.param == "amount_to_capture"
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_capture"


def test_canceling_a_held_payment_releases_the_hold(client: stripe.StripeClient) -> None:
    intent = pay(client, capture_method="manual")
    canceled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "duplicate"})
    assert (canceled.status, canceled.cancellation_reason, canceled.amount_capturable) == (
        "canceled",
        "duplicate",
        0,
    )
    charge = client.v1.charges.retrieve(str(canceled.latest_charge))
    assert (charge.refunded, charge.amount_refunded, charge.captured) == (True, 1099, False)
    assert event_types(client)[-2:] == ["charge.refunded", "payment_intent.canceled"]


@pytest.mark.parametrize(
    "given",
    [
        BASE,
        BASE | {"payment_method": "pm_card_visa"},
        PAID | {"payment_method": "pm_card_threeDSecure2Required"},
    ],
    ids=["requires_payment_method", "requires_confirmation", "requires_action"],
)
def test_unfinished_payment_can_be_canceled(client: stripe.StripeClient, given: Any) -> None:
    intent = client.v1.payment_intents.create(given)
    canceled = client.v1.payment_intents.cancel(intent.id)
    assert (canceled.status, canceled.next_action) == ("canceled", None)
    assert event_types(client)[-1] == "payment_intent.canceled"


def test_finished_payment_refuses_further_operations(client: stripe.StripeClient) -> None:
    succeeded = pay(client)
    canceled = client.v1.payment_intents.cancel(pay(client, capture_method="manual").id)
    for intent, action in itertools.product((succeeded, canceled), ("cancel", "capture", "confirm")):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            getattr(client.v1.payment_intents, action)(intent.id)
        assert refused.value.code == "payment_intent_unexpected_state"
        assert refused.value.http_status == 400
        assert refused.value.error is not None
        assert refused.value.error.payment_intent is not None
        assert refused.value.error.payment_intent.id == intent.id


def test_an_authorization_that_is_not_captured_in_time_expires(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    intent = pay(client, capture_method="manual")
    psp_sandbox.call("POST", f"/sandbox/payment_intents/{intent.id}/expire")
    expired = client.v1.payment_intents.retrieve(intent.id)
    assert (expired.status, expired.cancellation_reason) == ("canceled", "automatic")
    assert event_types(client)[-2:] == ["charge.expired", "payment_intent.canceled"]


def test_an_authorization_expires_by_itself_after_seven_days(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    held, captured = pay(client, capture_method="manual"), pay(client, capture_method="manual")
    client.v1.payment_intents.capture(captured.id)

    def advance(seconds: float) -> int:
        return int(psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": seconds})["happened"])

    assert advance(7 * 24 * 3600 - 60) == 0
    assert client.v1.payment_intents.retrieve(held.id).status == "requires_capture"
    assert advance(60) == 1
    expired = client.v1.payment_intents.retrieve(held.id)
    assert (expired.status, expired.cancellation_reason) == ("canceled", "automatic")
    assert event_types(client)[-2:] == ["charge.expired", "payment_intent.canceled"]
    assert client.v1.payment_intents.retrieve(captured.id).status == "succeeded"
    for refused_call in (client.v1.payment_intents.capture, client.v1.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            refused_call(held.id)
        assert (refused.value.http_status, refused.value.code) == (400, "payment_intent_unexpected_state")


def test_more_than_is_held_is_too_large_to_capture(client: stripe.StripeClient) -> None:
    intent = pay(client, capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1100})
    assert (refused.value.http_status, refused.value.code) == (400, "amount_too_large")


def test_capture_and_cancel_are_carried_out_once_under_one_key(client: stripe.StripeClient) -> None:
    held, released = pay(client, capture_method="manual"), pay(client, capture_method="manual")
    for _ in range(2):
        captured = client.v1.payment_intents.capture(
            held.id, {"amount_to_capture": 500}, {"idempotency_key": "capture"}
        )
        canceled = client.v1.payment_intents.cancel(released.id, {}, {"idempotency_key": "cancel"})
        assert (captured.amount_received, canceled.status) == (500, "canceled")
    assert event_types(client).count("charge.captured") == 1
    assert event_types(client).count("payment_intent.canceled") == 1


def test_a_failed_payment_can_be_tried_again_with_another_card(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(BASE)  # type: ignore[arg-type]
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa_chargeDeclined"})
    done = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (done.status, done.last_payment_error) == ("succeeded", None)
    attempts = client.v1.charges.list({"payment_intent": intent.id}).data
    assert [charge.status for charge in attempts] == ["succeeded", "failed"]


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"amount": 49}, "amount", "amount_too_small"),
        ({"amount": 0}, "amount", "parameter_invalid_integer"),
        ({"amount": 100_000_000}, "amount", "amount_too_large"),
        ({"amount": 10**12, "currency": "idr"}, "amount", "amount_too_large"),
        ({"currency": "bgn"}, "currency", None),
        ({"currency": "ghs"}, "currency", None),
        ({"amount": "ten"}, "amount", "parameter_invalid_integer"),
        ({"amount": 29, "currency": "gbp"}, "amount", "amount_too_small"),
        ({"amount": 5123, "currency": "kwd"}, "amount", None),
        ({"amount": 550, "currency": "isk"}, "amount", None),
        ({"currency": "zzz"}, "currency", None),
        ({"shiping": "x"}, "shiping", "parameter_unknown"),
        ({"payment_method": "pm_nowhere"}, "payment_method", "resource_missing"),
        ({"capture_method": "later"}, "capture_method", None),
        ({"confirm": "maybe"}, "confirm", None),
        ({"receipt_email": "ada@example..com"}, "receipt_email", "email_invalid"),
        ({"receipt_email": "ädä@example.com"}, "receipt_email", "email_invalid"),
        ({"receipt_email": "ada"}, "receipt_email", "email_invalid"),
        ({"metadata": {"k" * 41: "v"}}, "metadata[" + "k" * 40 + "]", None),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]", None),
        ({"metadata": {str(n): "v" for n in range(51)}}, "metadata", None),
        ({"return_url": "nowhere"}, "return_url", "url_invalid"),
        ({"expand": ["review"]}, "expand", None),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(
    client: stripe.StripeClient, params: Any, param: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        pay(client, **params)
    assert (refused.value.param, refused.value.code) == (param, code)
    assert refused.value.http_status in (400, 404)
    assert event_types(client) == []


@pytest.mark.parametrize("missing", ["amount", "currency"])
def test_a_missing_parameter_is_refused_by_name(client: stripe.StripeClient, missing: str) -> None:
    given: Any = {name: value for name, value in PAID.items() if name != missing}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create(given)
    assert (refused.value.param, refused.value.code) == (missing, "parameter_missing")


def test_automatic_payment_methods_require_return_url(
    client: stripe.StripeClient,
) -> None:
    automatic: Any = {"amount": 1099, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    with pytest.raises(stripe.InvalidRequestError, match="you must provide a `return_url`"):
        client.v1.payment_intents.create(automatic)
    never = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    assert client.v1.payment_intents.create(automatic | never).status == "succeeded"
    returning = {"return_url": "https://merchant.example/back"}
    assert client.v1.payment_intents.create(automatic | returning).status == "succeeded"


def test_lists_are_newest_first_and_page_both_ways(client: stripe.StripeClient) -> None:
    made = [pay(client, metadata={"n": str(n)}).id for n in range(5)][::-1]
    first = client.v1.payment_intents.list({"limit": 2})
    assert ([one.id for one in first.data], first.has_more) == (made[:2], True)
    second = client.v1.payment_intents.list({"limit": 2, "starting_after": made[1]})
    assert ([one.id for one in second.data], second.has_more) == (made[2:4], True)
    last = client.v1.payment_intents.list({"limit": 2, "starting_after": made[3]})
    assert ([one.id for one in last.data], last.has_more) == (made[4:], False)
    back = client.v1.payment_intents.list({"limit": 2, "ending_before": made[3]})
    assert ([one.id for one in back.data], back.has_more) == (made[1:3], True)
    assert [one.id for one in client.v1.payment_intents.list({"limit": 2}).auto_paging_iter()] == made


def test_lists_are_bounded_by_creation_time(client: stripe.StripeClient) -> None:
    intent = pay(client)
    listed = client.v1.payment_intents.list
    assert len(listed({"created": {"gte": intent.created}}).data) == 1
    assert len(listed({"created": {"gt": intent.created + 5}}).data) == 0
    assert len(listed({"created": {"lt": intent.created - 5}}).data) == 0
    assert len(listed({"created": {"lte": intent.created + 5}}).data) == 1


def test_a_search_finds_by_metadata_and_state(client: stripe.StripeClient) -> None:
    wanted = pay(client, metadata={"order": "o'1", "run": "a"})
    pay(client, metadata={"order": "2", "run": "a"}, capture_method="manual")
    other = pay(client, metadata={"order": "3", "run": "b"}, amount=5000)

    def found(query: str) -> set[str]:
        return {one.id for one in client.v1.payment_intents.search({"query": query}).data}

    assert found("""metadata["order"]:"o'1" """.strip()) == {wanted.id}
    assert found("metadata['order']:'o\\'1' AND status:'succeeded'") == {wanted.id}
    assert found("metadata['run']:'a' AND status:'requires_capture' AND currency:'usd'").isdisjoint(
        {wanted.id}
    )
    assert found("status:'succeeded' AND amount>=5000") == {other.id}
    assert found("metadata['order']:'2' OR amount>4999") >= {other.id}
    assert found("-metadata['run']:'a'") == {other.id}
    assert found("metadata['run']:null") == set()
    fresh = pay(client, metadata={"order": "4", "run": "a"})
    assert found("metadata['order']:'4'") == {fresh.id}


def test_a_search_pages_to_its_end(client: stripe.StripeClient) -> None:
    made = {pay(client, metadata={"run": "a"}).id for _ in range(3)}
    first = client.v1.payment_intents.search({"query": "metadata['run']:'a'", "limit": 2})
    assert first.has_more
    assert first.next_page is not None
    last = client.v1.payment_intents.search(
        {"query": "metadata['run']:'a'", "limit": 2, "page": first.next_page}
    )
    assert not last.has_more
    assert {one.id for one in (*first.data, *last.data)} == made


@pytest.mark.parametrize(
    "query", ["", "amount", "metadata['a']:'b' AND status:'x' OR status:'y'", "shoe:'9'", "amount:'x' AND"]
)
def test_a_query_outside_the_language_is_refused(client: stripe.StripeClient, query: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.search({"query": query})
    assert refused.value.param == "query"


def test_a_charge_search_finds_by_card_state_and_metadata(client: stripe.StripeClient) -> None:
    paid = pay(client, metadata={"order": "1"}, amount=5000)
    held = pay(client, payment_method="pm_card_gb_debit", capture_method="manual", metadata={"order": "2"})
    with pytest.raises(stripe.CardError):
        pay(client, payment_method="pm_card_chargeDeclined", metadata={"order": "1"})
    client.v1.refunds.create({"payment_intent": paid.id})

    def found(query: str) -> list[str]:
        return [str(one.payment_intent) for one in client.v1.charges.search({"query": query}).data]

    card = "payment_method_details.card"
    assert found("metadata['order']:'1' AND status:'succeeded'") == [paid.id]
    assert len(found("metadata['order']:'1'")) == 2
    assert found("metadata['order']:'3'") == []
    late = pay(client, metadata={"order": "3"}, amount=700)
    assert found("metadata['order']:'3'") == [late.id]
    assert found(f"{card}.last4:'0005'") == [held.id]
    assert found(f"{card}.brand:'visa' AND amount>=5000") == [paid.id]
    assert found(f"{card}.last4:'0002' AND status:'failed'") != []
    assert found("refunded:'true'") == found("-refunded:'false' AND disputed:false") == [paid.id]
    charge = client.v1.charges.list({"payment_intent": held.id}).data[0]
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert found(f"{card}.fingerprint:'{charge.payment_method_details.card.fingerprint}'") == [held.id]
    assert found(f"{card}.exp_month<13 AND {card}.exp_year>2100") == []
    with pytest.raises(stripe.InvalidRequestError) as refused:
        found("payment_method_details.card.number:'4242424242424242'")
    assert refused.value.param == "query"


def test_a_charge_search_pages_with_expanded_movements(client: stripe.StripeClient) -> None:
    made = {pay(client, metadata={"run": "a"}).id for _ in range(3)}
    query: Any = {"query": "metadata['run']:'a'", "limit": 2, "expand": ["data.balance_transaction"]}
    first = client.v1.charges.search(query)
    last = client.v1.charges.search(query | {"page": first.next_page})
    assert (first.has_more, last.has_more) == (True, False)
    both = (*first.data, *last.data)
    assert {str(one.payment_intent) for one in both} == made
    assert all(isinstance(one.balance_transaction, stripe.BalanceTransaction) for one in both)


# --- changes of a payment intent


def test_an_intent_is_changed_until_it_is_confirmed(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(BASE | {"metadata": {"a": "1"}})  # type: ignore[arg-type]
    changed = client.v1.payment_intents.update(
        intent.id,
        {"amount": 2000, "currency": "eur", "metadata": {"order": "7"}, "description": "two hats"},
    )
    assert (changed.amount, changed.currency, changed.description) == (2000, "eur", "two hats")
    assert changed.metadata.to_dict() == {"a": "1", "order": "7"}
    assert changed.status == "requires_payment_method"
    with_card = client.v1.payment_intents.update(intent.id, {"payment_method": "pm_card_visa"})
    assert with_card.status == "requires_confirmation"
    paid = client.v1.payment_intents.confirm(intent.id)
    assert (paid.status, paid.amount_received) == ("succeeded", 2000)
    assert "payment_intent.updated" not in event_types(client)


def test_search_finds_changed_metadata_and_not_the_old(client: stripe.StripeClient) -> None:
    intent = pay(client, metadata={"order": "1"})

    def found(query: str) -> list[str]:
        return [one.id for one in client.v1.payment_intents.search({"query": query}).data]

    assert found("metadata['order']:'1'") == [intent.id]
    client.v1.payment_intents.update(intent.id, {"metadata": {"order": "2"}})
    assert (found("metadata['order']:'1'"), found("metadata['order']:'2'")) == ([], [intent.id])


def test_change_of_amount_voids_an_open_challenge(client: stripe.StripeClient) -> None:
    intent = pay(client, payment_method="pm_card_threeDSecure2Required")
    assert intent.status == "requires_action"
    noted = client.v1.payment_intents.update(intent.id, {"metadata": {"order": "7"}})
    assert noted.status == "requires_action"
    changed = client.v1.payment_intents.update(intent.id, {"amount": 2000})
    assert (changed.status, changed.next_action) == ("requires_confirmation", None)


@pytest.mark.parametrize("end", ["requires_capture", "succeeded", "canceled"])
def test_amount_stays_after_confirmation_and_notes_do_not(client: stripe.StripeClient, end: str) -> None:
    intent = pay(client, capture_method="manual")
    if end == "succeeded":
        client.v1.payment_intents.capture(intent.id)
    if end == "canceled":
        client.v1.payment_intents.cancel(intent.id)
    for change in ({"amount": 2000}, {"payment_method": "pm_card_amex"}, {"currency": "eur"}):
        with pytest.raises(stripe.InvalidRequestError, match=f"status of {end}") as refused:
            client.v1.payment_intents.update(intent.id, change)  # type: ignore[arg-type]
        assert refused.value.code == "payment_intent_unexpected_state"
    noted = client.v1.payment_intents.update(intent.id, {"metadata": {"order": "7"}, "description": "hats"})
    assert (noted.status, noted.amount, noted.description) == (end, 1099, "hats")
    assert noted.metadata.to_dict() == {"order": "7"}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"amount": 1}, "amount"),
        ({"currency": "xxx"}, "currency"),
        ({"customer": "cus_nowhere"}, "customer"),
        ({"payment_method": "pm_nowhere"}, "payment_method"),
        ({"receipt_email": "ada@example..com"}, "receipt_email"),
    ],
)
def test_an_impossible_change_of_an_intent_is_refused(
    client: stripe.StripeClient, change: Any, param: str
) -> None:
    intent = client.v1.payment_intents.create(BASE)  # type: ignore[arg-type]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.update(intent.id, change)
    assert refused.value.param == param
    assert client.v1.payment_intents.retrieve(intent.id).to_dict() == intent.to_dict()


def test_an_index_that_lags_behind_does_not_find_what_is_new() -> None:
    process = SandboxProcess("--search-lag-seconds=3600")
    try:
        lagging = stripe.StripeClient("sk_test_lag", base_addresses={"api": process.url})
        intent = pay(lagging, metadata={"run": "a"})
        assert lagging.v1.payment_intents.search({"query": "metadata['run']:'a'"}).data == []
        assert lagging.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    finally:
        process.stop()


def test_accounts_do_not_see_each_other(client: stripe.StripeClient, psp_sandbox: SandboxProcess) -> None:
    intent = pay(client)
    other = stripe.StripeClient("sk_test_other", base_addresses={"api": psp_sandbox.url})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        other.v1.payment_intents.retrieve(intent.id)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert other.v1.payment_intents.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        other.v1.charges.retrieve(str(intent.latest_charge))


def test_a_bad_key_is_unauthorized(psp_sandbox: SandboxProcess) -> None:
    for key in ("pk_demo_abc", "nonsense"):
        stranger = stripe.StripeClient(key, base_addresses={"api": psp_sandbox.url})
        with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided") as refused:
            stranger.v1.payment_intents.list()
        assert key not in str(refused.value)


def test_every_answer_names_its_request_and_version(
    client: stripe.StripeClient, transport: Any, api_key: str
) -> None:
    pay(client)
    assert transport.headers["request-id"].startswith("req_")
    assert transport.headers["stripe-version"] == stripe.api_version == "2026-10-28.endive"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.retrieve("pi_nowhere")
    assert refused.value.request_id == transport.headers["request-id"]
    assert api_key not in str(transport.headers)


def test_resources_have_every_field_of_stripes_newest_fixtures(
    client: stripe.StripeClient, receiver: WebhookReceiver
) -> None:
    intent = pay(client, expand=["latest_charge", "payment_method"]).to_dict()
    endpoint = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]}).to_dict()
    assert missing_fields("payment_intent", intent) == []
    # `refunds` is there only where it is expanded, since 2022-11-15.
    assert missing_fields("charge", intent["latest_charge"]) == ["charge.refunds"]
    assert missing_fields("payment_method", intent["payment_method"] | {"metadata": {"order_id": ""}}) == []
    assert missing_fields("webhook_endpoint", endpoint) == []


def test_the_oracle_sees_what_stripe_would_not_send(client: stripe.StripeClient) -> None:
    intent = pay(client, expand=["latest_charge"]).to_dict()
    assert problems_of_objects(intent) == []
    broken = intent | {"amount": "1099", "shoe_size": 9}
    del broken["currency"]
    broken["latest_charge"] = intent["latest_charge"] | {"outcome": {"type": "authorized", "mood": "good"}}
    seen = "\n".join(problems_of_objects(broken))
    for trace in ("'1099' is not of type 'integer'", "'currency' is a required", "'shoe_size'", "'mood'"):
        assert trace in seen
    assert problems_of_request("POST", "/v1/payment_intents", "amount=x&currency=usd") != []
    assert problems_of_request("POST", "/v1/payment_intents", "amount=5&currency=usd&shoe=9") != []
    assert problems_of_request("POST", "/v1/payment_intents", "amount=5&currency=usd&expand[0]=a") == []
