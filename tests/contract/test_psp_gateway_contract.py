"""What every PSP gateway promises, on real HTTP against a PSP that breaks on demand.

The suite speaks of a `PspUnderTest`: another PSP joins by giving one to the fixture `psp`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import aiohttp
import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Declined,
    DisputeReport,
    Expired,
    PspReference,
    RefundReport,
    Retryable,
    Unknown,
)
from fincore.domain.payment_method import (
    CardInstrument,
    HostedCard,
    PaymentMethod,
    PayPalVaultToken,
    PayPalWallet,
)
from fincore.domain.secret import Secret
from fincore.write.psp.port import (
    CaptureRequest,
    Inquiry,
    NotFound,
    PspGateway,
    PspWebhooks,
    ReceiptRefused,
    RefundRequest,
    VerifiedWebhook,
    WebhookReport,
)
from fincore.write.psp.stripe.account import StripeWebhookEndpoint
from fincore.write.psp.stripe.webhooks import StripeWebhooks
from fixtures.hosted_page import HostedPageGateway
from fixtures.paypal_sandbox import kept_wallet, payments_of
from fixtures.paypal_stub import paypal_gateway
from fixtures.sandbox import SandboxProcess
from fixtures.stripe_gateways import ACCOUNT_KEY, TEST, USD_19_99, authorization, stripe_gateway
from fixtures.webhook_receiver import WebhookReceiver

Behaviour = Literal["approved", "action_required", "unknown_payment_method"]


class PspUnderTest:
    """Stripe's gateway, and the PSP behind it as the suite may steer it."""

    metadata_key = "fincore_charge_id"
    """What a fault of the sandbox matches a charge by."""
    payments_path = "/v1/payment_intents"
    lost_call_shows: type[NotFound | Retryable] = NotFound
    """What an inquiry without a reference says of a call that never arrived."""

    def __init__(
        self,
        gateway: PspGateway,
        sandbox: SandboxProcess,
        payment_methods: Mapping[Behaviour, str | PaymentMethod],
    ) -> None:
        self.gateway = gateway
        self.sandbox = sandbox
        self.payment_methods = payment_methods

    async def authorize(self, charge_id: ChargeId, **changes: Any) -> object:
        given = {"payment_method": self.payment_methods["approved"]}
        return await self.gateway.authorize(authorization(charge_id, **(given | changes)))

    async def inquire(self, charge_id: ChargeId) -> object:
        return await self.gateway.inquire(
            Inquiry(charge_id=charge_id, psp_account=TEST, created_at=datetime.now(UTC))
        )

    def payments_of(self, charge_id: ChargeId) -> dict[str, int]:
        """What the PSP itself holds for a charge: how many payments, how much was taken."""
        by_charge: dict[str, dict[str, int]] = self.sandbox.state("fincore_charge_id")["by_metadata"]
        return by_charge.get(charge_id, {"intents": 0, "authorized": 0, "succeeded": 0, "amount_received": 0})


class PayPalUnderTest(PspUnderTest):
    """PayPal's gateway. PayPal cannot be searched: the payments are found by the ids that the outcomes named."""

    metadata_key = "custom_id"
    payments_path = "/v2/checkout/orders"
    lost_call_shows = Retryable

    def __init__(self, sandbox: SandboxProcess) -> None:
        methods: Mapping[Behaviour, str | PaymentMethod] = {
            "approved": kept_wallet(sandbox.url),
            "action_required": PayPalWallet(),
            "unknown_payment_method": PayPalVaultToken("made-nowhere"),
        }
        super().__init__(paypal_gateway(sandbox.url), sandbox, methods)
        self._references: dict[ChargeId, PspReference] = {}

    async def authorize(self, charge_id: ChargeId, **changes: Any) -> object:
        outcome = await super().authorize(charge_id, cancel_url="https://shop.example/cancel", **changes)
        if isinstance(outcome, Approved | ActionRequired):
            self._references[charge_id] = outcome.psp_reference
        return outcome

    async def inquire(self, charge_id: ChargeId) -> object:
        return await self.gateway.inquire(
            Inquiry(
                charge_id=charge_id,
                psp_account=TEST,
                created_at=datetime.now(UTC),
                psp_reference=self._references.get(charge_id),
                payment_method=self.payment_methods["approved"],  # type: ignore[arg-type]
            )
        )

    def payments_of(self, charge_id: ChargeId) -> dict[str, int]:
        return payments_of(self.sandbox, charge_id)


class HostedPageUnderTest(PspUnderTest):
    """Stripe's gateway, where customers pay on Stripe's page. The payments are found by the ids that the outcomes named."""

    payments_path = "/v1/checkout/sessions"

    def __init__(self, sandbox: SandboxProcess) -> None:
        methods: Mapping[Behaviour, str | PaymentMethod] = {
            "approved": "pm_card_visa",
            "action_required": HostedCard(),
        }
        super().__init__(stripe_gateway(sandbox.url, kind=HostedPageGateway), sandbox, methods)
        self._references: dict[ChargeId, PspReference] = {}

    async def authorize(self, charge_id: ChargeId, **changes: Any) -> object:
        outcome = await super().authorize(charge_id, **changes)
        if isinstance(outcome, Approved | ActionRequired):
            self._references[charge_id] = outcome.psp_reference
        return outcome

    async def inquire(self, charge_id: ChargeId) -> object:
        return await self.gateway.inquire(
            Inquiry(
                charge_id=charge_id,
                psp_account=TEST,
                created_at=datetime.now(UTC),
                psp_reference=self._references.get(charge_id),
                payment_method=HostedCard(),
            )
        )


STRIPE_METHODS: Mapping[Behaviour, str | PaymentMethod] = {
    "approved": "pm_card_visa",
    "action_required": "pm_card_threeDSecure2Required",
    "unknown_payment_method": "pm_nobody_has_this",
}
STRIPE_DECLINES = [
    ("pm_card_visa_chargeDeclined", ("card_declined", "retry_later", "generic_decline")),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", ("card_declined", "retry_later", "insufficient_funds")),
    ("pm_card_visa_chargeDeclinedLostCard", ("card_declined", "do_not_retry", "lost_card")),
    ("pm_card_visa_chargeDeclinedStolenCard", ("card_declined", "do_not_retry", "stolen_card")),
    ("pm_card_chargeDeclinedExpiredCard", ("expired_card", "ask_customer", "expired_card")),
    ("pm_card_chargeDeclinedIncorrectCvc", ("incorrect_cvc", "ask_customer", "incorrect_cvc")),
    ("pm_card_chargeDeclinedProcessingError", ("processing_error", "retry_later", "processing_error")),
    (
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
        ("card_declined", "retry_later", "card_velocity_exceeded"),
    ),
    ("pm_card_radarBlock", ("card_declined", "do_not_retry", "fraudulent")),
]
STRIPE_CARDS = [
    ("pm_card_visa", CardInstrument(brand="visa", last4="4242", country="US", funding="credit")),
    ("pm_card_gb_debit", CardInstrument(brand="visa", last4="0005", country="GB", funding="debit")),
    (
        "pm_card_mastercard_prepaid",
        CardInstrument(brand="mastercard", last4="5100", country="US", funding="prepaid"),
    ),
    ("pm_card_jp", CardInstrument(brand="visa", last4="0003", country="JP", funding="credit")),
    ("pm_card_chargeDeclined", CardInstrument(brand="visa", last4="0002", country="US", funding="credit")),
    ("pm_card_radarBlock", CardInstrument(brand="visa", last4="0019", country="US", funding="credit")),
]


SHAPES: Mapping[str, Callable[[SandboxProcess], PspUnderTest]] = {
    "stripe": lambda sandbox: PspUnderTest(stripe_gateway(sandbox.url), sandbox, STRIPE_METHODS),
    "paypal": PayPalUnderTest,
    "hosted_page": HostedPageUnderTest,
}


@pytest.fixture(params=[*SHAPES])
async def psp(request: pytest.FixtureRequest, psp_sandbox: SandboxProcess) -> AsyncIterator[PspUnderTest]:
    """A PSP that remembers nothing of other tests."""
    under_test = SHAPES[request.param](psp_sandbox)
    yield under_test
    await under_test.gateway.close()


@pytest.fixture(params=["stripe", "paypal"])
async def token_psp(
    request: pytest.FixtureRequest, psp_sandbox: SandboxProcess
) -> AsyncIterator[PspUnderTest]:
    """A PSP that is told with what to pay, and may refuse it in that call."""
    under_test = SHAPES[request.param](psp_sandbox)
    yield under_test
    await under_test.gateway.close()


@pytest.fixture
async def stripe(psp_sandbox: SandboxProcess) -> AsyncIterator[PspUnderTest]:
    """Stripe, for what only cards and a PSP that can be searched show."""
    gateway = stripe_gateway(psp_sandbox.url)
    yield PspUnderTest(gateway, psp_sandbox, STRIPE_METHODS)
    await gateway.close()


@pytest.fixture(scope="session")
def lagging_sandbox() -> Iterator[SandboxProcess]:
    """A PSP with a search that lags by an hour."""
    process = SandboxProcess("--search-lag-seconds=3600")
    yield process
    process.stop()


@pytest.fixture(params=["stripe"])
async def lagging_psp(lagging_sandbox: SandboxProcess) -> AsyncIterator[PspUnderTest]:
    gateway = stripe_gateway(lagging_sandbox.url)
    yield PspUnderTest(gateway, lagging_sandbox, STRIPE_METHODS)
    await gateway.close()


@pytest.fixture
def charge_id() -> ChargeId:
    return new_charge_id()


# --- what the PSP decides


async def test_a_good_card_is_captured_for_the_whole_amount(psp: PspUnderTest, charge_id: ChargeId) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    outcome = await psp.authorize(charge_id)
    assert isinstance(outcome, Approved)
    assert (outcome.kind, outcome.money) == ("captured", USD_19_99)
    assert before <= outcome.occurred_at <= datetime.now(UTC)
    assert psp.payments_of(charge_id) == {
        "intents": 1,
        "authorized": 0,
        "succeeded": 1,
        "amount_received": 1999,
    }


async def test_manual_capture_holds_money_until_capture_before(
    psp: PspUnderTest, charge_id: ChargeId
) -> None:
    outcome = await psp.authorize(charge_id, capture_method="manual")
    assert isinstance(outcome, Approved)
    assert (outcome.kind, outcome.money) == ("authorized", USD_19_99)
    assert outcome.capture_before is not None
    assert outcome.capture_before > outcome.occurred_at + timedelta(days=1)
    assert psp.payments_of(charge_id) == {
        "intents": 1,
        "authorized": 1,
        "succeeded": 0,
        "amount_received": 0,
    }


@pytest.mark.parametrize(
    "money",
    [
        Money(5, Currency("isk")),
        Money(500, Currency("jpy")),
        Money(5120, Currency("kwd")),
        Money(250, Currency("xcg")),
        Money(999_999_999_999, Currency("idr")),
    ],
)
async def test_approved_money_equals_request_in_each_exponent(
    stripe: PspUnderTest, charge_id: ChargeId, money: Money
) -> None:
    outcome = await stripe.authorize(charge_id, money=money)
    assert isinstance(outcome, Approved)
    assert outcome.money == money


@pytest.mark.parametrize(
    ("amount_minor", "code"), [(49, "amount_too_small"), (100_000_000, "amount_too_large")]
)
async def test_an_amount_the_psp_does_not_take_is_declined_by_name(
    stripe: PspUnderTest, charge_id: ChargeId, amount_minor: int, code: str
) -> None:
    outcome = await stripe.authorize(charge_id, money=Money(amount_minor, Currency("usd")))
    assert isinstance(outcome, Declined)
    assert (outcome.failure.code, outcome.failure.advice) == (code, "do_not_retry")
    assert outcome.failure.decline_code == code


async def test_refused_receipt_takes_nothing_and_can_be_omitted(
    stripe: PspUnderTest, charge_id: ChargeId
) -> None:
    for _ in range(2):
        refused = await stripe.authorize(charge_id, customer_email="ada@example..com")
        assert isinstance(refused, ReceiptRefused)
        assert stripe.payments_of(charge_id)["intents"] == 0
    # The PSP keeps its refusal under the key: only another key can say something else.
    under_the_same = await stripe.authorize(charge_id, customer_email=None)
    assert isinstance(under_the_same, Unknown)
    without = f"{charge_id}:authorize:1:no_receipt"
    for _ in range(2):
        paid = await stripe.authorize(charge_id, customer_email=None, idempotency_key=without)
        assert isinstance(paid, Approved)
    assert stripe.payments_of(charge_id)["succeeded"] == 1


@pytest.mark.parametrize(("payment_method", "expected"), STRIPE_DECLINES)
async def test_bad_card_is_declined_with_advice_and_inquiry_agrees(
    stripe: PspUnderTest, charge_id: ChargeId, payment_method: str, expected: tuple[str, str, str]
) -> None:
    outcome = await stripe.authorize(charge_id, payment_method=payment_method)
    assert isinstance(outcome, Declined)
    assert (outcome.failure.code, outcome.failure.advice, outcome.failure.decline_code) == expected
    assert stripe.payments_of(charge_id)["amount_received"] == 0
    record = await stripe.inquire(charge_id)
    assert isinstance(record, Declined)
    # Only the record shows the PSP's judgement of what was refused.
    assert msgspec.structs.replace(record, psp_risk=None) == outcome


@pytest.mark.parametrize("capture_method", ["automatic", "manual"])
@pytest.mark.parametrize(("payment_method", "card"), STRIPE_CARDS)
async def test_outcome_names_the_card_and_inquiry_agrees(
    stripe: PspUnderTest, charge_id: ChargeId, payment_method: str, card: CardInstrument, capture_method: str
) -> None:
    outcome = await stripe.authorize(charge_id, payment_method=payment_method, capture_method=capture_method)
    assert isinstance(outcome, Approved | Declined)
    instrument = outcome.instrument
    assert isinstance(instrument, CardInstrument)
    assert instrument.expiry_month in range(1, 13)
    assert instrument.expiry_year is not None
    assert instrument.fingerprint
    known = {name: getattr(card, name) for name in ("brand", "last4", "country", "funding")}
    assert {name: getattr(instrument, name) for name in known} == known
    again = await stripe.inquire(charge_id)
    assert isinstance(again, Approved | Declined)
    assert again.instrument == instrument


@pytest.mark.parametrize(
    ("token", "level"),
    [("pm_card_visa", "normal"), ("pm_card_riskLevelElevated", "elevated")],
)
async def test_a_payment_tells_how_risky_the_psp_found_it(
    stripe: PspUnderTest, charge_id: ChargeId, token: str, level: str
) -> None:
    paid = await stripe.authorize(charge_id, payment_method=token)
    assert isinstance(paid, Approved)
    assert paid.psp_risk is not None
    assert (paid.psp_risk.level, paid.psp_risk.score in range(101)) == (level, True)


async def test_record_of_a_refusal_tells_its_risk_level(stripe: PspUnderTest, charge_id: ChargeId) -> None:
    await stripe.authorize(charge_id, payment_method="pm_card_radarBlock")
    record = await stripe.inquire(charge_id)
    assert isinstance(record, Declined)
    assert record.psp_risk is not None
    assert record.psp_risk.level == "highest"


async def test_a_capture_names_the_card_of_its_hold(stripe: PspUnderTest, charge_id: ChargeId) -> None:
    held = await stripe.authorize(charge_id, capture_method="manual")
    assert isinstance(held, Approved)
    captured = await stripe.gateway.capture(
        CaptureRequest(
            charge_id=charge_id,
            idempotency_key=f"{charge_id}:capture:1",
            psp_account=TEST,
            psp_reference=held.psp_reference,
            money=USD_19_99,
        )
    )
    assert isinstance(captured, Approved)
    assert captured.kind == "captured"
    assert captured.instrument == held.instrument is not None


async def test_fingerprint_is_equal_for_equal_cards_only(stripe: PspUnderTest) -> None:
    seen = []
    for token in ("pm_card_visa", "pm_card_us", "pm_card_de"):
        outcome = await stripe.authorize(new_charge_id(), payment_method=token)
        assert isinstance(outcome, Approved)
        assert isinstance(outcome.instrument, CardInstrument)
        seen.append(outcome.instrument.fingerprint)
    assert seen[0] == seen[1] != seen[2]


async def test_lost_card_decline_has_generic_message(stripe: PspUnderTest, charge_id: ChargeId) -> None:
    outcome = await stripe.authorize(charge_id, payment_method="pm_card_visa_chargeDeclinedLostCard")
    assert isinstance(outcome, Declined)
    assert outcome.failure.message == "Your card was declined."


async def test_unknown_payment_method_advises_ask_customer(
    token_psp: PspUnderTest, charge_id: ChargeId
) -> None:
    psp = token_psp
    outcome = await psp.authorize(charge_id, payment_method=psp.payment_methods["unknown_payment_method"])
    assert isinstance(outcome, Declined)
    assert (outcome.failure.code, outcome.failure.advice) == ("payment_method_invalid", "ask_customer")
    assert psp.payments_of(charge_id)["succeeded"] == 0


async def test_action_required_has_url_of_psp_page(psp: PspUnderTest, charge_id: ChargeId) -> None:
    outcome = await psp.authorize(charge_id, payment_method=psp.payment_methods["action_required"])
    assert isinstance(outcome, ActionRequired)
    assert outcome.redirect_url is not None
    assert outcome.redirect_url.startswith(psp.sandbox.url)
    assert await psp.inquire(charge_id) == outcome


async def test_action_required_without_return_url_is_declined(psp: PspUnderTest, charge_id: ChargeId) -> None:
    outcome = await psp.authorize(
        charge_id, payment_method=psp.payment_methods["action_required"], return_url=None
    )
    assert isinstance(outcome, Declined)
    assert (outcome.failure.code, outcome.failure.advice) == ("authentication_required", "ask_customer")
    assert psp.payments_of(charge_id)["amount_received"] == 0


async def test_customer_after_3ds_returns_to_url_naming_charge(
    stripe: PspUnderTest, charge_id: ChargeId
) -> None:
    outcome = await stripe.authorize(
        charge_id,
        payment_method=stripe.payment_methods["action_required"],
        return_url="https://shop.example/back?basket=7#paid",
    )
    assert isinstance(outcome, ActionRequired)
    assert outcome.redirect_url is not None
    async with (
        aiohttp.ClientSession() as customer,
        customer.post(outcome.redirect_url, data="action=complete", allow_redirects=False) as answer,
    ):
        returned = urlsplit(answer.headers["Location"])
    assert (returned.netloc, returned.path) == ("shop.example", "/back")
    assert parse_qs(returned.query) | {"basket": ["7"], "charge": [charge_id]} == parse_qs(returned.query)
    assert isinstance(await stripe.inquire(charge_id), Approved)


# --- the same call again


@pytest.mark.parametrize("payment_method", ["pm_card_visa", "pm_card_visa_chargeDeclinedLostCard"])
async def test_the_same_key_twice_gives_one_payment_and_one_outcome(
    stripe: PspUnderTest, charge_id: ChargeId, payment_method: str
) -> None:
    first = await stripe.authorize(charge_id, payment_method=payment_method)
    assert await stripe.authorize(charge_id, payment_method=payment_method) == first
    assert stripe.payments_of(charge_id)["intents"] == 1


async def test_the_same_key_ten_times_at_once_gives_one_payment(
    psp: PspUnderTest, charge_id: ChargeId
) -> None:
    outcomes = await asyncio.gather(*(psp.authorize(charge_id) for _ in range(10)))
    assert psp.payments_of(charge_id)["intents"] == 1
    approved = {outcome for outcome in outcomes if isinstance(outcome, Approved)}
    assert len(approved) == 1
    assert all(isinstance(outcome, Approved | Unknown) for outcome in outcomes)


async def test_another_key_is_another_attempt(token_psp: PspUnderTest, charge_id: ChargeId) -> None:
    psp = token_psp
    declined = await psp.authorize(charge_id, payment_method="pm_card_visa_chargeDeclined")
    assert isinstance(declined, Declined)
    again = await psp.authorize(charge_id, idempotency_key=f"{charge_id}:authorize:2")
    assert isinstance(again, Approved)
    assert again.psp_reference != declined.psp_reference
    assert await psp.inquire(charge_id) == again


async def test_key_reused_with_other_amount_is_unknown(psp: PspUnderTest, charge_id: ChargeId) -> None:
    first = await psp.authorize(charge_id)
    other = await psp.authorize(charge_id, money=Money(2099, Currency("usd")))
    assert isinstance(other, Unknown)
    assert await psp.inquire(charge_id) == first
    assert psp.payments_of(charge_id)["amount_received"] == 1999


# --- what breaks

BREAKS_BEFORE = ["timeout_before_apply", "connection_reset"]
BREAKS_AFTER = ["timeout_after_apply", "malformed_json"]


def break_next(psp: PspUnderTest, fault: str, charge_id: ChargeId) -> None:
    """The next call about the charge fails like this; held connections are cut after 50 ms."""
    psp.sandbox.add_fault(fault, seconds=0.05, match={"metadata": {psp.metadata_key: charge_id}})


@pytest.mark.parametrize("fault", [*BREAKS_BEFORE, "error_500"])
async def test_lost_call_is_unknown_then_not_found(
    psp: PspUnderTest, charge_id: ChargeId, fault: str
) -> None:
    break_next(psp, fault, charge_id)
    assert isinstance(await psp.authorize(charge_id), Unknown)
    assert isinstance(await psp.inquire(charge_id), psp.lost_call_shows)
    assert psp.payments_of(charge_id)["intents"] == 0


@pytest.mark.parametrize("fault", [*BREAKS_AFTER, "error_500_after_apply"])
async def test_lost_answer_is_unknown_then_found(
    stripe: PspUnderTest, charge_id: ChargeId, fault: str
) -> None:
    break_next(stripe, fault, charge_id)
    assert isinstance(await stripe.authorize(charge_id), Unknown)
    found = await stripe.inquire(charge_id)
    assert isinstance(found, Approved)
    assert found.money == USD_19_99
    assert stripe.payments_of(charge_id)["intents"] == 1


@pytest.mark.parametrize("fault", [*BREAKS_BEFORE, *BREAKS_AFTER])
async def test_key_repeated_after_broken_connection_pays_once(
    psp: PspUnderTest, charge_id: ChargeId, fault: str
) -> None:
    break_next(psp, fault, charge_id)
    assert isinstance(await psp.authorize(charge_id), Unknown)
    assert isinstance(await psp.authorize(charge_id), Approved)
    assert psp.payments_of(charge_id)["amount_received"] == 1999


async def test_an_answer_that_takes_too_long_is_unknown_and_then_found(
    stripe: PspUnderTest, charge_id: ChargeId
) -> None:
    stripe.sandbox.add_fault("timeout_after_apply", seconds=600)
    gateway = stripe_gateway(stripe.sandbox.url, key=ACCOUNT_KEY, answer_seconds=1.5)
    assert isinstance(await gateway.authorize(authorization(charge_id)), Unknown)
    await gateway.close()
    assert isinstance(await stripe.inquire(charge_id), Approved)


@pytest.mark.parametrize("fault", ["rate_limited_429", "lock_timeout_429"])
async def test_a_call_that_was_turned_away_can_be_made_again(
    psp: PspUnderTest, charge_id: ChargeId, fault: str
) -> None:
    psp.sandbox.add_fault(fault, match={"path": psp.payments_path})
    turned_away = await psp.authorize(charge_id)
    assert isinstance(turned_away, Retryable)
    assert turned_away.retry_after_seconds is not None
    assert psp.payments_of(charge_id)["intents"] == 0
    assert isinstance(await psp.authorize(charge_id), Approved)


async def test_key_in_use_is_unknown(psp: PspUnderTest, charge_id: ChargeId) -> None:
    psp.sandbox.add_fault("conflict_409", match={"path": psp.payments_path})
    assert isinstance(await psp.authorize(charge_id), Unknown)


async def test_unreachable_psp_is_retryable(psp_sandbox: SandboxProcess, charge_id: ChargeId) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    gateway = stripe_gateway(f"http://127.0.0.1:{port}")
    unreachable = PspUnderTest(gateway, psp_sandbox, STRIPE_METHODS)
    assert isinstance(await unreachable.authorize(charge_id), Retryable)
    assert isinstance(await unreachable.inquire(charge_id), Retryable)
    await gateway.close()


async def test_wrong_psp_key_is_retryable_and_takes_nothing(
    psp_sandbox: SandboxProcess, charge_id: ChargeId
) -> None:
    gateway = stripe_gateway(psp_sandbox.url, key="sk_nonsense")
    misconfigured = PspUnderTest(gateway, psp_sandbox, STRIPE_METHODS)
    assert isinstance(await misconfigured.authorize(charge_id), Retryable)
    assert isinstance(await misconfigured.inquire(charge_id), Retryable)
    assert misconfigured.payments_of(charge_id)["intents"] == 0
    await gateway.close()


# --- finding a payment again


@pytest.mark.parametrize("capture_method", ["automatic", "manual"])
async def test_inquiry_equals_outcome_of_call(
    psp: PspUnderTest, charge_id: ChargeId, capture_method: str
) -> None:
    outcome = await psp.authorize(charge_id, capture_method=capture_method)
    assert await psp.inquire(charge_id) == outcome


async def test_a_payment_is_found_while_the_search_lags(
    lagging_psp: PspUnderTest, charge_id: ChargeId
) -> None:
    outcome = await lagging_psp.authorize(charge_id)
    assert await lagging_psp.inquire(charge_id) == outcome


async def test_payment_never_made_is_not_found(stripe: PspUnderTest, charge_id: ChargeId) -> None:
    await stripe.authorize(new_charge_id())
    assert await stripe.inquire(charge_id) == NotFound()


async def test_a_hold_that_ran_out_has_expired(stripe: PspUnderTest, charge_id: ChargeId) -> None:
    held = await stripe.authorize(charge_id, capture_method="manual")
    assert isinstance(held, Approved)
    stripe.sandbox.call("POST", f"/sandbox/payment_intents/{held.psp_reference}/expire")
    found = await stripe.inquire(charge_id)
    assert isinstance(found, Expired)
    assert (found.reason, found.psp_reference) == ("authorization_lapsed", held.psp_reference)


@pytest.mark.parametrize("fault", ["connection_reset", "timeout_before_apply", "malformed_json", "error_500"])
async def test_an_inquiry_that_fails_is_retryable_and_never_not_found(
    psp: PspUnderTest, charge_id: ChargeId, fault: str
) -> None:
    await psp.authorize(charge_id)
    psp.sandbox.add_fault(fault, seconds=0.05, count=20, match={"method": "GET"})
    assert isinstance(await psp.inquire(charge_id), Retryable)


# --- what the PSP says unasked


class TellingPsp(NamedTuple):
    """A PSP of its own, that sends webhooks, and what it has told."""

    psp: PspUnderTest
    receiver: WebhookReceiver
    webhooks: PspWebhooks

    async def told(self, count: int) -> dict[str, WebhookReport]:
        """The facts of the next `count` webhooks that are read, by the type of their event."""
        found: dict[str, WebhookReport] = {}
        while len(found) < count:
            (one,) = await asyncio.to_thread(self.receiver.take, 1)
            headers = {name.lower(): value for name, value in one.headers.items()}
            verified = await self.webhooks.verify(TEST, headers, one.body, datetime.now(UTC))
            assert isinstance(verified, VerifiedWebhook)
            if verified.is_interesting:
                reports = self.webhooks.read(one.body)
                assert isinstance(reports, tuple), reports
                (fact,) = reports
                found[verified.type] = fact
        return found


@pytest.fixture(params=["stripe"])
async def telling_psp() -> AsyncIterator[TellingPsp]:
    secrets = (f"whsec_{uuid4().hex}", f"whsec_{uuid4().hex}")
    endpoint = StripeWebhookEndpoint(secrets=(Secret(secrets[1]),), expects_livemode=False)
    with WebhookReceiver() as receiver:
        sandbox = SandboxProcess(
            f"--webhook-url={receiver.url}", *(f"--webhook-secret={secret}" for secret in secrets)
        )
        gateway = stripe_gateway(sandbox.url)
        psp = PspUnderTest(gateway, sandbox, STRIPE_METHODS)
        try:
            yield TellingPsp(psp, receiver, StripeWebhooks({TEST: endpoint}))
        finally:
            await gateway.close()
            await asyncio.to_thread(sandbox.stop)


async def test_payment_webhook_equals_outcome_of_call(telling_psp: TellingPsp, charge_id: ChargeId) -> None:
    outcome = await telling_psp.psp.authorize(charge_id)
    assert isinstance(outcome, Approved)
    (fact,) = (await telling_psp.told(1)).values()
    assert isinstance(fact.content, Approved)
    assert (fact.charge_id, fact.content.kind, fact.content.money) == (charge_id, "captured", USD_19_99)
    assert fact.payment_reference == fact.content.psp_reference == outcome.psp_reference


async def test_refund_webhooks_equal_outcome_and_report_later_failure(
    telling_psp: TellingPsp, charge_id: ChargeId
) -> None:
    paid = await telling_psp.psp.authorize(charge_id)
    assert isinstance(paid, Approved)
    await telling_psp.told(1)
    refund_id = new_refund_id()
    report = await telling_psp.psp.gateway.refund(
        RefundRequest(
            charge_id=charge_id,
            refund_id=refund_id,
            idempotency_key=f"{refund_id}:refund:1",
            psp_account=TEST,
            psp_reference=paid.psp_reference,
            money=USD_19_99,
            reason=None,
        )
    )
    assert isinstance(report, RefundReport)
    made = (await telling_psp.told(1))["refund.created"]
    assert isinstance(made.content, RefundReport)
    assert (made.charge_id, made.payment_reference) == (charge_id, paid.psp_reference)
    assert msgspec.structs.replace(made.content, occurred_at=report.occurred_at) == report
    telling_psp.psp.sandbox.call("POST", f"/sandbox/refunds/{report.psp_reference}/fail")
    failed = (await telling_psp.told(2)).values()
    for fact in failed:
        assert isinstance(fact.content, RefundReport)
        assert (fact.content.status, fact.content.refund_id) == ("failed", refund_id)


async def test_webhook_of_refund_made_at_psp_names_payment(
    telling_psp: TellingPsp, charge_id: ChargeId
) -> None:
    paid = await telling_psp.psp.authorize(charge_id)
    assert isinstance(paid, Approved)
    await telling_psp.told(1)
    headers = {"Authorization": f"Bearer {ACCOUNT_KEY}"}
    form = {"payment_intent": paid.psp_reference, "amount": "500"}
    async with (
        aiohttp.ClientSession(headers=headers) as staff,
        staff.post(f"{telling_psp.psp.sandbox.url}/v1/refunds", data=form) as answer,
    ):
        answer.raise_for_status()
    (fact,) = (await telling_psp.told(1)).values()
    assert isinstance(fact.content, RefundReport)
    assert (fact.charge_id, fact.content.refund_id) == (None, None)
    assert fact.content.money == Money(500, Currency("usd"))
    assert fact.payment_reference is not None
    assert await telling_psp.psp.gateway.charge_of(TEST, fact.payment_reference) == charge_id


async def test_dispute_webhooks_report_movements_and_outcome(
    telling_psp: TellingPsp, charge_id: ChargeId
) -> None:
    paid = await telling_psp.psp.authorize(charge_id)
    assert isinstance(paid, Approved)
    await telling_psp.told(1)
    sandbox = telling_psp.psp.sandbox
    dispute = sandbox.call("POST", f"/sandbox/payment_intents/{paid.psp_reference}/dispute")
    opened = await telling_psp.told(2)
    assert set(opened) == {"charge.dispute.created", "charge.dispute.funds_withdrawn"}
    for fact in opened.values():
        assert isinstance(fact.content, DisputeReport)
        assert (fact.charge_id, fact.payment_reference) == (None, paid.psp_reference)
        assert (fact.content.status, fact.content.is_inquiry) == ("needs_response", False)
        assert fact.content.money == USD_19_99
        assert fact.content.evidence_due_by is not None
    taken = opened["charge.dispute.funds_withdrawn"].content
    assert isinstance(taken, DisputeReport)
    (moved,) = taken.movements
    assert (moved.currency, moved.withdrawn_minor, moved.withdrawn_fee_minor) == ("usd", 1999, 1500)
    sandbox.call("POST", f"/sandbox/disputes/{dispute['id']}/win")
    ended = await telling_psp.told(2)
    assert set(ended) == {"charge.dispute.funds_reinstated", "charge.dispute.closed"}
    won = ended["charge.dispute.closed"].content
    assert isinstance(won, DisputeReport)
    (moved,) = won.movements
    assert (won.status, moved.reinstated_minor) == ("won", 1999)
