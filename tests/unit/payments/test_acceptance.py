"""From a request to the fact and the job."""

from datetime import UTC, datetime

import msgspec
import pytest

from fincore.domain.charge_fold import evolve
from fincore.domain.ids import ChargeId, MerchantId, RequestId
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.payment_method import CardToken, HostedCard, PaymentMethod, PayPalVaultToken, PayPalWallet
from fincore.domain.route_plan import PaymentMethodChoice, PlannedAttempt, RoutePlan, Skipped
from fincore.write.payments.acceptance import ChargeCommand, accept, needs_page, route_request
from fincore.write.payments.charge_request import ChargeRequest
from fincore.write.payments.payment_method_request import (
    AnyPaymentMethod,
    CardPaymentMethod,
    HostedCardPaymentMethod,
    PayPalPaymentMethod,
    PayPalVaultPaymentMethod,
)

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
PLAN = RoutePlan(attempts=(PlannedAttempt(PspName("psp"), PspAccount("eu"), CardToken("pm_1")),))
CHARGE_ID = ChargeId("ch_01kab5m5wvfb9v1c2m5hfv0d2e")


def command(request: ChargeRequest) -> ChargeCommand:
    return ChargeCommand(
        merchant_id=MerchantId("mer_1"),
        livemode=True,
        actor="key_1",
        request_id=RequestId("req_1"),
        idempotency_key="k",
        fingerprint=b"f",
        request=request,
    )


def test_accepted_request_becomes_event_with_route_and_job() -> None:
    request = ChargeRequest(
        amount_minor=1999,
        currency="jpy",
        payment_method="pm_1",
        capture=False,
        description="Order",
        customer_email="a@example.com",
        metadata={"a": "1"},
    )
    created, job = accept(command(request), CHARGE_ID, PLAN, NOON)
    charge = evolve(None, created)
    assert (charge.status, charge.capture_method, charge.livemode) == ("processing", "manual", True)
    assert str(charge.amount) == "1,999 JPY"
    assert (charge.psp, charge.psp_account, charge.created_at) == ("psp", "eu", NOON)
    assert (charge.description, charge.customer_email, charge.metadata) == (
        "Order",
        "a@example.com",
        {"a": "1"},
    )
    assert (job.kind, job.payload) == ("charge.authorize", b'{"charge_id":"%b"}' % CHARGE_ID.encode())


@pytest.mark.parametrize(
    ("sent", "method", "account"),
    [
        ("pm_1", CardToken("pm_1"), None),
        (CardPaymentMethod(token="pm_1"), CardToken("pm_1"), None),
        (CardPaymentMethod(token="pm_1", account="eu"), CardToken("pm_1"), "eu"),
        (PayPalPaymentMethod(), PayPalWallet(), None),
        (PayPalPaymentMethod(account="shop"), PayPalWallet(), "shop"),
        (HostedCardPaymentMethod(), HostedCard(), None),
        (PayPalVaultPaymentMethod(token="8kk-8451t", account="de"), PayPalVaultToken("8kk-8451t"), "de"),
    ],
)
def test_each_payment_method_is_offered_with_its_account(
    sent: str | AnyPaymentMethod, method: PaymentMethod, account: str | None
) -> None:
    request = ChargeRequest(amount_minor=1, currency="usd", payment_method=sent)
    (offered,) = route_request(command(request), CHARGE_ID).offered
    assert (offered.payment_method, offered.psp_account) == (method, account)


def test_several_payment_methods_are_offered_in_their_order() -> None:
    request = ChargeRequest(
        amount_minor=1,
        currency="usd",
        payment_methods=(
            PayPalVaultPaymentMethod(token="8kk8451t"),
            CardPaymentMethod(token="pm_1", account="eu"),
        ),
    )
    assert route_request(command(request), CHARGE_ID).offered == (
        PaymentMethodChoice(PayPalVaultToken("8kk8451t"), None),
        PaymentMethodChoice(CardToken("pm_1"), PspAccount("eu")),
    )


def test_page_of_ours_is_needed_only_for_a_wallet() -> None:
    request = ChargeRequest(
        amount_minor=1,
        currency="usd",
        payment_method="pm_1",
        return_url="https://shop.example/back",
        cancel_url="https://shop.example/cart",
    )
    wallet = PlannedAttempt(PspName("paypal"), PspAccount("eu"), PayPalWallet())
    with_wallet = RoutePlan(attempts=(*PLAN.attempts, wallet))
    assert not needs_page(request, PLAN)
    assert needs_page(request, RoutePlan(attempts=(wallet,)))
    assert needs_page(request, with_wallet)
    for page in ("return_url", "cancel_url"):
        assert not needs_page(msgspec.structs.replace(request, **{page: None}), with_wallet)


def test_page_of_ours_reaches_the_charge() -> None:
    page = "https://pay.example/return/ch_1/word"
    request = ChargeRequest(amount_minor=1, currency="usd", payment_method=PayPalPaymentMethod())
    created, _ = accept(command(request), CHARGE_ID, PLAN, NOON, own_page=page)
    assert evolve(None, created).return_page == page


def test_both_pages_to_come_back_to_reach_the_event() -> None:
    back, cart = "https://shop.example/back", "https://shop.example/cart"
    request = ChargeRequest(
        amount_minor=1, currency="usd", payment_method="pm_1", return_url=back, cancel_url=cart
    )
    created, _ = accept(command(request), CHARGE_ID, PLAN, NOON)
    charge = evolve(None, created)
    assert (charge.return_url, charge.cancel_url) == (back, cart)


def test_charge_is_captured_automatically_by_default() -> None:
    request = ChargeRequest(amount_minor=1, currency="usd", payment_method="pm_1")
    created, _ = accept(command(request), CHARGE_ID, PLAN, NOON)
    assert created.capture_method == "automatic"


def test_plan_told_by_its_attempt_is_not_written_beside_it() -> None:
    request = ChargeRequest(amount_minor=1, currency="usd", payment_method="pm_1")
    created, _ = accept(command(request), CHARGE_ID, PLAN, NOON)
    assert (created.plan, created.payment_method) == (None, CardToken("pm_1"))


def test_plan_with_skipped_account_is_written() -> None:
    request = ChargeRequest(amount_minor=1, currency="usd", payment_method="pm_1")
    plan = RoutePlan(
        attempts=PLAN.attempts,
        skipped=(Skipped(PspName("paypal"), PspAccount("eu"), "payment_method_not_taken"),),
    )
    created, _ = accept(command(request), CHARGE_ID, plan, NOON)
    assert created.plan == plan
    assert evolve(None, created).plan == plan


def test_event_carries_payment_method_of_first_attempt() -> None:
    request = ChargeRequest(amount_minor=1, currency="usd", payment_method="pm_1")
    plan = RoutePlan(
        attempts=(
            PlannedAttempt(PspName("paypal"), PspAccount("us"), PayPalWallet()),
            PlannedAttempt(PspName("psp"), PspAccount("eu"), CardToken("pm_1")),
        ),
    )
    created, _ = accept(command(request), CHARGE_ID, plan, NOON)
    assert (created.psp, created.psp_account, created.payment_method) == ("paypal", "us", PayPalWallet())


def test_weights_are_drawn_by_the_id_of_the_charge() -> None:
    request = ChargeRequest(amount_minor=7, currency="usd", payment_method="pm_1", capture=False)
    asked = route_request(command(request), CHARGE_ID)
    assert (asked.key, asked.livemode, asked.capture_method) == (CHARGE_ID, True, "manual")
    assert asked.offered == (PaymentMethodChoice(CardToken("pm_1")),)
