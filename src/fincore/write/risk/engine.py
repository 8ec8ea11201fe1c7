"""The port of the risk engine: from what is known of a charge before it exists to an assessment. Pure."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from fincore.domain.events import CaptureMethod
from fincore.domain.ids import ChargeId, MerchantId
from fincore.domain.money import Money
from fincore.domain.payment_method import CardInstrument, PaymentMethodType
from fincore.domain.risk import CustomerContext, RiskAssessment


class RiskRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a charge. What is None is unknown, and rules see it as unknown.

    `dedupe` is 16 bytes that the same request always has, and no other one: a request that is repeated is one attempt.
    `payment_token` is the PSP's token of the preferred payment method, never a card number; `first_digits` are 6 digits.
    `number_hmac` tells one card from another where its number is at hand: an HMAC under a key that only the card edge has.
    `can_hold` and `can_challenge`: whether the PSP and the payment method can authorize without capturing, and can ask the
    customer to prove who they are. Where they cannot, the fallback of a rule that asks for it counts.
    """

    merchant_id: MerchantId
    livemode: bool
    charge_id: ChargeId
    dedupe: bytes
    money: Money
    capture_method: CaptureMethod
    payment_method_types: tuple[PaymentMethodType, ...]
    can_hold: bool
    can_challenge: bool
    payment_token: str | None = None
    customer: CustomerContext | None = None
    email: str | None = None
    billing_country: str | None = None
    shipping_country: str | None = None
    instrument: CardInstrument | None = None
    first_digits: str | None = None
    number_hmac: str | None = None
    metadata: Mapping[str, str] = {}


class RiskEngine(Protocol):
    """Assesses charges. It answers within a bound, and never raises: what it could not find out is in the assessment."""

    @property
    def is_active(self) -> bool:
        """Whether rules are in force or tried out; without them nothing has to be assessed, nor looked up for it."""
        ...

    async def assess(self, request: RiskRequest) -> RiskAssessment | None:
        """What the rules say of a charge; None where no rules are in force, and nothing is to be written."""
        ...


class NoEngine:
    """A `RiskEngine` without rules."""

    is_active = False

    async def assess(self, _: RiskRequest) -> RiskAssessment | None:
        """Nothing."""
        return None
