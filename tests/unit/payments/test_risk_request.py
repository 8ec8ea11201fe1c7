"""What the risk engine is told of a charge, and what is written of its answer."""

from datetime import UTC, datetime

import msgspec
import pytest

from fincore.domain.events import ChargeFailed, RiskAssessed
from fincore.domain.ids import CardId, ChargeId, MerchantId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.payment_method import CardInstrument, CardToken, KeptCard, PaymentMethod, PayPalWallet
from fincore.domain.risk import CustomerContext, RiskDecision
from fincore.domain.route_plan import PlannedAttempt, RoutePlan
from fincore.eventstore.commit import IdempotencyKey
from fincore.write.payments.risk_request import dedupe_of_attempt, dedupe_of_key, events_of, risk_request
from fincore.write.psp.paypal.limits import PAYPAL_LIMITS
from fincore.write.psp.stripe.limits import STRIPE_LIMITS
from fixtures.commits import created
from fixtures.risk_engines import assessment

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
CHARGE = ChargeId("ch_01kab5m5wvfb9v1c2m5hfv0d2e")
STRIPE, PAYPAL = PspName("stripe"), PspName("paypal")
LIMITS = {STRIPE: STRIPE_LIMITS, PAYPAL: PAYPAL_LIMITS}
BACK = "https://shop.example/back"


def planned(*attempts: tuple[PspName, PaymentMethod]) -> RoutePlan:
    return RoutePlan(
        attempts=tuple(PlannedAttempt(psp, PspAccount("test"), method) for psp, method in attempts)
    )


def test_engine_is_told_all_that_is_known_of_the_charge() -> None:
    charge = created(
        1999,
        capture_method="manual",
        customer_email="ada@example.com",
        customer=CustomerContext(ip="192.0.2.7"),
        billing_country="DE",
        shipping_country="AT",
        metadata={"order": "1"},
        return_url=BACK,
    )
    card = CardInstrument(brand="visa")
    asked = risk_request(
        CHARGE, charge, LIMITS, dedupe=b"d", instrument=card, first_digits="42424242", number_hmac="a1"
    )
    assert msgspec.structs.asdict(asked) == {
        "merchant_id": charge.merchant_id,
        "livemode": False,
        "charge_id": CHARGE,
        "dedupe": b"d",
        "money": Money(1999, charge.currency),
        "capture_method": "manual",
        "payment_method_types": ("card",),
        "can_hold": True,
        "can_challenge": True,
        "payment_token": "pm_card_visa",
        "customer": CustomerContext(ip="192.0.2.7"),
        "email": "ada@example.com",
        "billing_country": "DE",
        "shipping_country": "AT",
        "instrument": card,
        "first_digits": "42424242",
        "number_hmac": "a1",
        "metadata": {"order": "1"},
    }


KEPT = (STRIPE, KeptCard(CardId("card_1")))
UNATTENDED = (STRIPE, KeptCard(CardId("card_1"), initiator="merchant"))
CARD, WALLET = (STRIPE, CardToken("pm_1")), (PAYPAL, PayPalWallet())


@pytest.mark.parametrize(
    ("attempts", "return_url", "can_hold", "can_challenge"),
    [
        ((CARD,), BACK, True, True),
        ((CARD,), None, True, False),
        ((KEPT,), BACK, True, True),
        ((UNATTENDED,), BACK, True, False),
        ((WALLET,), BACK, True, False),
        ((CARD, WALLET), BACK, True, False),
        ((CARD, (PspName("other"), CardToken("pm_2"))), BACK, False, False),
    ],
    ids=[
        "card",
        "card without page",
        "kept card",
        "kept card without customer",
        "wallet",
        "card then wallet",
        "PSP without limits",
    ],
)
def test_what_any_account_of_the_plan_cannot_do_is_not_asked_for(
    attempts: tuple[tuple[PspName, PaymentMethod], ...],
    return_url: str | None,
    can_hold: bool,  # noqa: FBT001 -- a column of the table
    can_challenge: bool,  # noqa: FBT001 -- a column of the table
) -> None:
    charge = created(
        psp=attempts[0][0], payment_method=attempts[0][1], plan=planned(*attempts), return_url=return_url
    )
    asked = risk_request(CHARGE, charge, LIMITS, dedupe=b"d")
    assert (asked.can_hold, asked.can_challenge) == (can_hold, can_challenge)
    alone = risk_request(CHARGE, msgspec.structs.replace(charge, plan=None), LIMITS, dedupe=b"d")
    assert alone.payment_method_types == asked.payment_method_types[:1]


def test_no_two_keys_or_attempts_count_as_one() -> None:
    mine, other = MerchantId("mer_1"), MerchantId("mer_1k")
    keys = [
        IdempotencyKey(mine, False, "k"),
        IdempotencyKey(mine, True, "k"),
        IdempotencyKey(mine, False, CHARGE),
    ]
    digests = [
        *map(dedupe_of_key, [*keys, IdempotencyKey(other, False, "")]),
        dedupe_of_attempt(CHARGE, created(merchant_id=mine)),
    ]
    assert len(set(digests)) == len(digests)
    assert {len(one) for one in digests} == {16}
    assert dedupe_of_key(keys[0]) == dedupe_of_key(IdempotencyKey(mine, False, "k"))


@pytest.mark.parametrize("decision", ["allow", "challenge", "review"])
def test_assessment_that_lets_a_charge_go_on_is_written_alone(decision: RiskDecision) -> None:
    assert events_of(assessment(decision), NOON) == (
        RiskAssessed(assessment=assessment(decision), assessed_at=NOON),
    )


def test_blocked_charge_fails_without_a_word_of_the_rule() -> None:
    assessed, failed = events_of(assessment("block"), NOON)
    assert assessed == RiskAssessed(assessment=assessment("block"), assessed_at=NOON)
    assert isinstance(failed, ChargeFailed)
    assert (failed.code, failed.advice, failed.occurred_at) == ("blocked_by_risk", "do_not_retry", NOON)
    assert "named_by_test" not in failed.message


def test_without_an_assessment_nothing_is_written() -> None:
    assert events_of(None, NOON) == ()
