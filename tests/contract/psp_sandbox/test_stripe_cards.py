"""Every published test card has its published outcome, by number and by name."""

import json
from pathlib import Path
from typing import Any

import pytest
import stripe

from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import DATA, data_or_skip

PUBLISHED = DATA / "test_cards.json"
NEXT_YEAR = 2036


def table(section: str) -> list[list[Any]]:
    """The published rows; none where the shared data is absent, and `test_the_table_is_there` says so."""
    if not PUBLISHED.exists():
        return []
    rows = json.loads(PUBLISHED.read_text())[section]
    return [[*row, name] for name, row in rows.items()] if isinstance(rows, dict) else rows


def names(rows: list[list[Any]]) -> list[list[Any]]:
    """One row per way to name the card: its number and its `pm_card_*`."""
    return [[name, *row[2:]] for row in rows for name in row[:2] if name]


def pay_with(client: stripe.StripeClient, name: str, **params: Any) -> stripe.PaymentIntent:
    """A confirmed payment with a card by number or by `pm_card_*` name."""
    given: Any = {
        "amount": 1099,
        "currency": "usd",
        "payment_method_types": ["card"],
        "confirm": True,
    } | params
    if name.isdecimal():
        cvc = "1234" if name.startswith("3") else "123"
        card: Any = {"number": name, "exp_month": 12, "exp_year": NEXT_YEAR, "cvc": cvc}
        given["payment_method"] = client.v1.payment_methods.create({"type": "card", "card": card}).id
    else:
        given["payment_method"] = name
    return client.v1.payment_intents.create(given)


def last_charge(client: stripe.StripeClient, intent_id: str) -> stripe.Charge:
    return client.v1.charges.list({"payment_intent": intent_id}).data[0]


def test_the_table_is_there() -> None:
    data_or_skip(Path(PUBLISHED))
    assert len(names(table("success"))) == 22
    assert len(names(table("declines"))) == 19


@pytest.mark.parametrize(("name", "kind"), names(table("success")))
def test_a_good_card_pays(client: stripe.StripeClient, name: str, kind: str) -> None:
    intent = pay_with(client, name, expand=["payment_method"])
    method = intent.payment_method
    assert intent.status == "succeeded"
    assert isinstance(method, stripe.PaymentMethod)
    assert method.card is not None
    network = kind.partition("_")[0]
    brand = {"mc": "mastercard", "amex2": "amex"}.get(network, network)
    assert method.card.brand == brand
    funding = next((word for word in ("debit", "prepaid") if word in kind), "credit")
    assert method.card.funding == funding


@pytest.mark.parametrize(("name", "code", "decline_code"), names(table("declines")))
def test_a_declined_card_fails_with_its_code(
    client: stripe.StripeClient, name: str, code: str, decline_code: str | None
) -> None:
    decline_code = decline_code and decline_code.partition(" ")[0]
    with pytest.raises(stripe.CardError) as refused:
        pay_with(client, name)
    error = refused.value.error
    assert error is not None
    assert refused.value.http_status == 402
    assert (refused.value.code, error.to_dict().get("decline_code")) == (code, decline_code)
    if code == "incorrect_number":
        assert error.param == "number"
        return
    intent = error.payment_intent
    assert intent is not None
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.code == code
    charge = last_charge(client, intent.id)
    assert (charge.id, charge.status, charge.paid) == (intent.latest_charge, "failed", False)
    assert charge.id == error.charge
    assert charge.failure_code == code
    assert charge.outcome is not None
    assert (charge.outcome.type, charge.outcome.network_status) == ("issuer_declined", "declined_by_network")
    assert charge.outcome.reason == (decline_code or code)
    assert charge.outcome.network_decline_code == error.network_decline_code
    assert charge.outcome.advice_code == error.advice_code


def test_a_generic_decline_carries_the_advice_stripe_publishes(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as refused:
        pay_with(client, "pm_card_visa_chargeDeclined")
    assert refused.value.error is not None
    assert refused.value.error.advice_code == "try_again_later"
    assert refused.value.error.network_decline_code == "01"


RADAR: dict[str, tuple[str, str]] = {
    "pm_card_radarBlock": ("blocked", "highest"),
    "pm_card_riskLevelHighest": ("blocked", "highest"),
    "pm_card_riskLevelElevated": ("authorized", "elevated"),
}
CHECKS: dict[str, dict[str, str]] = {
    "pm_card_cvcCheckFail": {"cvc_check": "fail"},
    "pm_card_avsZipFail": {"address_postal_code_check": "fail"},
    "pm_card_avsLine1Fail": {"address_line1_check": "fail"},
    "pm_card_avsFail": {"address_line1_check": "fail", "address_postal_code_check": "fail"},
    "pm_card_avsUnchecked": {
        "address_line1_check": "unavailable",
        "address_postal_code_check": "unavailable",
    },
}


@pytest.mark.parametrize(("number", "token", "_note"), table("radar"))
def test_a_risky_card_is_rated_and_checked_as_published(
    client: stripe.StripeClient, number: str, token: str, _note: str
) -> None:
    outcome_type, risk_level = RADAR.get(token, ("authorized", "normal"))
    for name in (number, token):
        if outcome_type == "blocked":
            with pytest.raises(stripe.CardError) as refused:
                pay_with(client, name)
            assert refused.value.code == "card_declined"
            assert refused.value.error is not None
            assert refused.value.error.decline_code == "fraudulent"
            charge = client.v1.charges.retrieve(str(refused.value.error.charge))
        else:
            charge = last_charge(client, pay_with(client, name).id)
        assert charge.outcome is not None
        assert (charge.outcome.type, charge.outcome.risk_level) == (outcome_type, risk_level)
        assert charge.payment_method_details is not None
        assert charge.payment_method_details.card is not None
        assert charge.payment_method_details.card.checks is not None
        checks = charge.payment_method_details.card.checks.to_dict()
        assert checks == {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        } | CHECKS.get(token, {})


@pytest.mark.parametrize(
    "name", [row[0] for s in ("disputes", "refunds", "balance") for row in names(table(s))]
)
def test_card_with_later_effects_pays_at_first(client: stripe.StripeClient, name: str) -> None:
    assert pay_with(client, name).status == "succeeded"


ON_SESSION = {
    "4000002500003155": "requires_action",
    "4000002760003184": "requires_action",
    "4000003800000446": "requires_action",
    "4000008260003178": "requires_action",
    "4000000000003220": "requires_action",
    "4000008400000027": "requires_action",
    "4000008400001629": "requires_action",
    "4000008400001280": "card_declined",
    "4000000000003055": "succeeded",
    "4000000000003097": "succeeded",
    "378282246310005": "succeeded",
    "4000000032200000": "succeeded",
}
OFF_SESSION = ON_SESSION | {
    "4000002500003155": "authentication_required",
    "4000002760003184": "authentication_required",
    "4000003800000446": "succeeded",
    "4000008260003178": "authentication_required",
    "4000000000003220": "authentication_required",
    "4000008400000027": "authentication_required",
    "4000008400001629": "authentication_required",
}


def result(client: stripe.StripeClient, name: str, **params: Any) -> str:
    try:
        return pay_with(client, name, **params).status
    except stripe.CardError as error:
        return str(error.code)


@pytest.mark.parametrize(("number", "token", "_note"), table("three_ds"))
def test_a_card_asks_for_authentication_as_published(
    client: stripe.StripeClient, number: str, token: str | None, _note: str
) -> None:
    for name in filter(None, (number, token)):
        assert result(client, name) == ON_SESSION[number]
        assert result(client, name, off_session=True) == OFF_SESSION[number]
        refused = ON_SESSION[number].replace("requires_action", "authentication_required")
        assert result(client, name, error_on_requires_action=True) == refused


def test_asking_for_3d_secure_makes_an_optional_challenge_real(client: stripe.StripeClient) -> None:
    asked = {"payment_method_options": {"card": {"request_three_d_secure": "any"}}}
    assert result(client, "pm_card_threeDSecureOptional", **asked) == "requires_action"
    assert result(client, "pm_card_threeDSecureOptionalProcessingError", **asked) == "processing_error"
    assert result(client, "pm_card_visa", **asked) == "succeeded"


@pytest.mark.parametrize(
    ("changed", "code", "param"),
    [
        ({"exp_month": 13}, "invalid_expiry_month", "exp_month"),
        ({"exp_year": 95}, "invalid_expiry_year", "exp_year"),
        ({"exp_year": 2020}, "invalid_expiry_year", "exp_year"),
        ({"cvc": "99"}, "invalid_cvc", "cvc"),
        ({"number": "4242424242424241"}, "incorrect_number", "number"),
        ({"number": "4242"}, "incorrect_number", "number"),
        ({"number": "4242abcd42424242"}, "incorrect_number", "number"),
    ],
)
def test_impossible_card_data_is_refused(
    client: stripe.StripeClient, changed: dict[str, Any], code: str, param: str
) -> None:
    card: Any = {"number": "4242424242424242", "exp_month": 12, "exp_year": NEXT_YEAR, "cvc": "123"} | changed
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.create({"type": "card", "card": card})
    assert (refused.value.code, refused.value.param) == (code, param)


def test_a_number_that_is_no_test_card_is_declined(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError, match="non test card") as refused:
        pay_with(client, "4111111111111111")
    assert refused.value.error is not None
    assert refused.value.error.decline_code == "test_mode_live_card"


def test_the_cvc_is_only_checked_if_it_was_given(client: stripe.StripeClient) -> None:
    card: Any = {"number": "4000000000000101", "exp_month": 12, "exp_year": NEXT_YEAR}
    method = client.v1.payment_methods.create({"type": "card", "card": card})
    assert method.card is not None
    assert method.card.checks is not None
    assert method.card.checks.cvc_check is None


def test_a_token_becomes_a_payment_method(client: stripe.StripeClient) -> None:
    method = client.v1.payment_methods.create(
        {
            "type": "card",
            "card": {"token": "tok_visa"},
            "billing_details": {"name": "Jenny", "address": {"city": "Cork"}},
        }
    )
    assert client.v1.payment_methods.retrieve(method.id).to_dict() == method.to_dict()
    assert method.billing_details.name == "Jenny"
    assert method.billing_details.address is not None
    assert method.billing_details.address.city == "Cork"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_nowhere"}})
    assert refused.value.code == "resource_missing"


def test_a_card_can_come_with_the_payment_itself(client: stripe.StripeClient) -> None:
    card: Any = {"number": "4000000000009995", "exp_month": 12, "exp_year": NEXT_YEAR, "cvc": "123"}
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_intents.create(
            {
                "amount": 1099,
                "currency": "usd",
                "confirm": True,
                "payment_method_types": ["card"],
                "payment_method_data": {"type": "card", "card": card},  # type: ignore[typeddict-unknown-key]
            }
        )
    assert refused.value.error is not None
    assert refused.value.error.decline_code == "insufficient_funds"


def test_the_same_number_has_the_same_fingerprint(client: stripe.StripeClient) -> None:
    def fingerprint(number: str) -> str | None:
        card: Any = {"number": number, "exp_month": 12, "exp_year": NEXT_YEAR}
        made = client.v1.payment_methods.create({"type": "card", "card": card}).card
        assert made is not None
        return made.fingerprint

    assert (
        fingerprint("4242424242424242")
        == fingerprint("4242 4242 4242 4242")
        != fingerprint("4000056655665556")
    )


def test_no_number_leaves_the_sandbox(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess, transport: Any
) -> None:
    pay_with(client, "4000056655665556")
    with pytest.raises(stripe.CardError):
        pay_with(client, "4000000000009995")
    told = json.dumps([event.to_dict() for event in client.v1.events.list({"limit": 100}).data])
    told += json.dumps(client.v1.payment_intents.list({"expand": ["data.latest_charge"]}).to_dict())
    told += json.dumps(psp_sandbox.state())
    assert "5556" in told
    for number in ("4000056655665556", "4000000000009995"):
        assert number not in told
