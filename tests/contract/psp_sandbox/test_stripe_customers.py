"""Customers and their payment methods by the official SDK, as the Stripe CLI's triggers use them."""

from typing import Any

import pytest
import stripe

from fixtures.stripe_spec import missing_fields

PAID: dict[str, Any] = {
    "amount": 1099,
    "currency": "usd",
    "payment_method_types": ["card"],
    "payment_method": "pm_card_visa",
    "confirm": True,
}


def customer_of(client: stripe.StripeClient, **params: Any) -> stripe.Customer:
    return client.v1.customers.create({"description": "a shopper"} | params)  # type: ignore[arg-type]


def events(client: stripe.StripeClient) -> list[stripe.Event]:
    return client.v1.events.list({"limit": 100}).data[::-1]


def event_types(client: stripe.StripeClient) -> list[str]:
    return [event.type for event in events(client)]


def attached(client: stripe.StripeClient, customer: stripe.Customer, name: str) -> stripe.PaymentMethod:
    return client.v1.payment_methods.attach(name, {"customer": customer.id})


def kept_by(client: stripe.StripeClient, customer: stripe.Customer) -> list[str]:
    return [one.id for one in client.v1.payment_methods.list({"customer": customer.id, "type": "card"}).data]


def test_a_customer_is_created_with_every_field_of_stripes(client: stripe.StripeClient) -> None:
    made = customer_of(
        client,
        name="Jenny Rosen",
        email="jenny@example.com",
        phone="+1 555 0100",
        address={"city": "Cork", "country": "IE"},
        preferred_locales=["en"],
        metadata={"order": "6735"},
    )
    assert client.v1.customers.retrieve(made.id).to_dict() == made.to_dict()
    assert (made.name, made.email, made.tax_exempt) == ("Jenny Rosen", "jenny@example.com", "none")
    # A discount and shipping that are not there are null, and have no fields.
    assert missing_fields("customer", made.to_dict() | {"discount": None, "shipping": None}) == []
    assert event_types(client) == ["customer.created"]


def test_a_changed_customer_keeps_what_was_not_named(client: stripe.StripeClient) -> None:
    made = customer_of(client, email="jenny@example.com", metadata={"a": "1", "b": "2"})
    changed = client.v1.customers.update(made.id, {"metadata": {"a": "", "foo": "bar"}, "description": ""})
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"b": "2", "foo": "bar"}
    assert (changed.description, changed.email) == (None, "jenny@example.com")
    (event,) = [one for one in events(client) if one.type == "customer.updated"]
    assert event.data.to_dict()["previous_attributes"] == {
        "description": "a shopper",
        "metadata": {"a": "1", "b": "2"},
    }


def test_customer_change_without_difference_is_no_event(client: stripe.StripeClient) -> None:
    made = customer_of(client)
    client.v1.customers.update(made.id, {"description": "a shopper"})
    assert event_types(client) == ["customer.created"]


def test_a_deleted_customer_leaves_its_name_and_cards(client: stripe.StripeClient) -> None:
    made = customer_of(client)
    card = attached(client, made, "pm_card_visa")
    deleted = client.v1.customers.delete(made.id)
    assert (deleted.id, deleted.deleted) == (made.id, True)
    assert client.v1.customers.retrieve(made.id).to_dict() == {
        "id": made.id,
        "object": "customer",
        "deleted": True,
    }
    assert client.v1.customers.list().data == []
    assert client.v1.payment_methods.retrieve(card.id).customer is None
    assert event_types(client)[-2:] == ["payment_method.detached", "customer.deleted"]
    with pytest.raises(stripe.InvalidRequestError) as changed:
        client.v1.customers.update(made.id, {"name": "x"})
    with pytest.raises(stripe.InvalidRequestError) as again:
        client.v1.customers.delete(made.id)
    assert (changed.value.code, again.value.code) == ("resource_missing", "resource_missing")


def test_customers_are_listed_newest_first_and_by_email(client: stripe.StripeClient) -> None:
    first, second = (customer_of(client, email=f"{name}@example.com") for name in ("ada", "bob"))
    assert [one.id for one in client.v1.customers.list().data] == [second.id, first.id]
    assert [one.id for one in client.v1.customers.list({"email": "ada@example.com"}).data] == [first.id]


def test_an_attached_card_is_its_customers_until_detached(client: stripe.StripeClient) -> None:
    made = customer_of(client)
    card = attached(client, made, "pm_card_visa")
    assert (card.customer, kept_by(client, made)) == (made.id, [card.id])
    assert attached(client, made, card.id).to_dict() == card.to_dict()
    detached = client.v1.payment_methods.detach(card.id)
    assert (detached.customer, kept_by(client, made)) == (None, [])
    (event,) = [one for one in events(client) if one.type == "payment_method.detached"]
    assert event.data.to_dict()["previous_attributes"] == {"customer": made.id}
    assert event_types(client).count("payment_method.attached") == 1
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        client.v1.payment_methods.detach(card.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        attached(client, made, card.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_intents.create(PAID | {"payment_method": card.id})  # type: ignore[arg-type]


def test_a_customer_can_come_with_its_card(client: stripe.StripeClient) -> None:
    card = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    made = customer_of(client, payment_method=card.id, invoice_settings={"default_payment_method": card.id})
    assert kept_by(client, made) == [card.id]
    assert made.invoice_settings is not None
    assert made.invoice_settings.default_payment_method == card.id
    assert event_types(client) == ["customer.created", "payment_method.attached"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.update(made.id, {"invoice_settings": {"default_payment_method": "pm_x"}})
    assert refused.value.code == "resource_missing"


def test_an_attached_card_pays_for_its_customer_only(client: stripe.StripeClient) -> None:
    made, other = customer_of(client), customer_of(client)
    card = attached(client, made, "pm_card_visa")
    for _ in range(2):
        paid = client.v1.payment_intents.create(PAID | {"payment_method": card.id, "customer": made.id})  # type: ignore[arg-type]
        assert (paid.status, paid.customer) == ("succeeded", made.id)
    for wrong in ({}, {"customer": other.id}):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.payment_intents.create(PAID | {"payment_method": card.id} | wrong)  # type: ignore[arg-type]
        assert refused.value.param == "payment_method"
    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
        attached(client, other, card.id)


def test_card_detached_before_the_confirmation_pays_nothing(client: stripe.StripeClient) -> None:
    made = customer_of(client)
    card = attached(client, made, "pm_card_visa")
    given: Any = PAID | {"payment_method": card.id, "customer": made.id, "confirm": False}
    intent = client.v1.payment_intents.create(given)
    client.v1.payment_methods.detach(card.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_intents.confirm(intent.id)


def test_payment_of_unknown_customer_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create(PAID | {"customer": "cus_nowhere"})  # type: ignore[arg-type]
    assert (refused.value.param, refused.value.code) == ("customer", "resource_missing")
    assert client.v1.payment_intents.list().data == []


def test_declined_card_is_refused_when_it_is_attached(client: stripe.StripeClient) -> None:
    made = customer_of(client)
    for name, code in (
        ("pm_card_chargeDeclined", "card_declined"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
    ):
        with pytest.raises(stripe.CardError) as refused:
            attached(client, made, name)
        assert refused.value.code == code
    assert kept_by(client, made) == []
    later = attached(client, made, "pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.create(PAID | {"payment_method": later.id, "customer": made.id})  # type: ignore[arg-type]


def test_accounts_do_not_share_customers(client: stripe.StripeClient, psp_sandbox: Any) -> None:
    made = customer_of(client)
    card = attached(client, made, "pm_card_visa")
    other = stripe.StripeClient("sk_test_other", base_addresses={"api": psp_sandbox.url})
    assert other.v1.customers.list().data == []
    assert other.v1.payment_methods.list({"customer": made.id}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        other.v1.customers.retrieve(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        other.v1.customers.delete(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such PaymentMethod"):
        other.v1.payment_methods.detach(card.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        other.v1.payment_methods.attach("pm_card_visa", {"customer": made.id})
