"""Stripe as a tokeniser of cards: payment methods, made with the secret key (docs.stripe.com/api/payment_methods/create)."""

import secrets
from collections.abc import Mapping
from typing import Annotated, Final, assert_never

import msgspec

from fincore.domain.card_number import holds_card_number
from fincore.domain.clock import Clock
from fincore.domain.outcome import Declined, PspAccount, PspName, Retryable, Unknown
from fincore.domain.payment_method import CardToken
from fincore.domain.raw_card import RawCard
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.stripe.account import STRIPE, StripeAccount
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.error_policy import (
    failure_of,
    refusal_in_words,
    token_error_policy,
    undetermined_outcome,
)
from fincore.write.psp.stripe.error_tables import RECEIPT_REFUSED, Ask, Refused, Repeat, WithoutReceipt
from fincore.write.psp.stripe.form import Form
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.wire import StripeError

PATH: Final = "/v1/payment_methods"
_KEY_BYTES: Final = 16


class MadePaymentMethod(msgspec.Struct, frozen=True):
    """What is read of a payment method that was made."""

    id: Annotated[str, msgspec.Meta(pattern=r"^pm_[A-Za-z0-9_]{1,252}\Z")]


_MADE: Final = msgspec.json.Decoder(MadePaymentMethod)


class StripeCardTokeniser:
    """A `CardTokeniser`."""

    name: PspName = STRIPE

    def __init__(
        self, accounts: Mapping[PspAccount, StripeAccount], *, client: StripeClient, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._client = client
        self._clock = clock

    async def tokenise(
        self, psp_account: PspAccount, card: RawCard, *, idempotency_key: str | None = None
    ) -> CardToken | Declined | Retryable | Unknown:
        """One POST. A key that is not given is random: a payment method that stays unused costs nothing and holds no money."""
        account = self._accounts.get(psp_account)
        if account is None:
            return Retryable(reason=f"Stripe account {psp_account!r} is not configured", was_called=False)
        response = await self._client.post(
            PATH,
            _form(card),
            account=account,
            idempotency_key=idempotency_key or secrets.token_hex(_KEY_BYTES),
            reads=_MADE,
        )
        match response:
            case NotSent(reason=reason):
                return Retryable(reason=reason)
            case NoResponse(reason=reason):
                return Unknown(reason=reason, since=self._clock.now())
            case Response(body=MadePaymentMethod(id=token)) if holds_card_number(token):
                return Unknown(reason="Stripe's token holds a card number", since=self._clock.now())
            case Response(body=MadePaymentMethod(id=token)):
                return CardToken(token)
            case Response():
                return self._refused(response)
            case _:
                assert_never(response)

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    def _refused(self, response: Response[MadePaymentMethod]) -> Declined | Retryable | Unknown:
        now, error = self._clock.now(), response.error or StripeError()
        policy = token_error_policy(response.status, response.error)
        if isinstance(policy, WithoutReceipt):
            policy = RECEIPT_REFUSED
        match policy:
            case Refused():
                failure = failure_of(error, policy, "the card", request_id=response.request_id)
                # Stripe's own words may quote what was sent: only its codes are kept.
                words = refusal_in_words(error, "the card", request_id=response.request_id)
                return Declined(failure=msgspec.structs.replace(failure, message=words), occurred_at=now)
            case Repeat() | Ask():
                return undetermined_outcome(policy, response, now)
            case _:
                assert_never(policy)


def _form(card: RawCard) -> Form:
    holder = card.holder
    return {
        "type": "card",
        "card": {
            "number": card.number.reveal(),
            "exp_month": card.expiry_month,
            "exp_year": card.expiry_year,
            "cvc": None if card.cvc is None else card.cvc.reveal(),
        },
        "billing_details": None if holder is None else {"name": holder.reveal()},
    }
