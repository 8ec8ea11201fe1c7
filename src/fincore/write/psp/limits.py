"""A PSP's limits: what it takes, and for how long its promises hold. Pure data: each PSP's package has its own table.

Neutral code asks the gateway for them and holds no number of any PSP.
"""

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.payment_method import PaymentMethodType

PspOperation = Literal["authorize", "complete", "capture", "cancel", "refund"]
"""A call that may move money, or release it."""


class AmountBounds(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts a PSP can be asked for in one currency, in the currency's own minor units: multiples of `step_minor`.

    Its least amount for an account, which depends on the currency in which it pays out, only the PSP knows.
    """

    min_minor: int = 1
    max_minor: int
    step_minor: int = 1


class OperationLimits(msgspec.Struct, frozen=True, kw_only=True):
    """For how long, in seconds, the PSP's promises about one operation hold. Raise `ValueError` for a bound that is none.

    `key_safe_seconds`: from the request for the operation until a call repeated under its idempotency key might be carried
    out a second time. Where a PSP takes no key for an operation, its gateway looks before it repeats the call, and this is how
    long that is safe.

    `call_timeout_seconds`: from the start of a call until it can no longer take effect.

    `search_lag_seconds`: from a call taking effect until the PSP's search shows it; a record read by its own id shows it at
    once.
    """

    key_safe_seconds: float
    call_timeout_seconds: float
    search_lag_seconds: float = 0.0

    def __post_init__(self) -> None:
        if min(self.key_safe_seconds, self.call_timeout_seconds) <= 0 or self.search_lag_seconds < 0:
            raise ValueError(f"limits of an operation must be positive: {self}")


class NotTaken(msgspec.Struct, frozen=True):
    """The PSP cannot be asked for this money, and the sentence that says why."""

    code: Literal["amount_not_expressible", "amount_too_large", "amount_too_small", "currency_not_supported"]
    detail: str


class PspLimits(msgspec.Struct, frozen=True, kw_only=True):
    """One PSP's limits. A currency without bounds is not taken. Raise `ValueError` if an operation has none, or a bound is none.

    `payment_method_types`: with what customers may pay there.

    `hold_seconds`: from the authorization until the PSP releases a hold, where its response does not name the time.

    `held_types`: with what money can be held and captured later; `challenged_types`: with what the PSP can be told to have the
    customer authenticate, on a page that they come back from. A type that is in none cannot.
    """

    payment_method_types: frozenset[PaymentMethodType]
    amounts: Mapping[Currency, AmountBounds]
    operations: Mapping[PspOperation, OperationLimits]
    hold_seconds: float
    held_types: frozenset[PaymentMethodType] = frozenset()
    challenged_types: frozenset[PaymentMethodType] = frozenset()

    def __post_init__(self) -> None:
        missing = sorted(set(get_args(PspOperation)) - self.operations.keys())
        if missing:
            raise ValueError(f"a PSP needs limits of every operation; state those of {missing}")
        foreign = sorted((self.held_types | self.challenged_types) - self.payment_method_types)
        if foreign:
            raise ValueError(f"a PSP can hold and challenge only what it takes; it does not take {foreign}")
        if self.hold_seconds <= 0:
            raise ValueError(f"a hold must last longer than {self.hold_seconds:g} s")

    def can_hold(self, kind: PaymentMethodType) -> bool:
        """Whether money can be held with a type of payment method."""
        return kind in self.held_types

    def can_challenge(self, kind: PaymentMethodType) -> bool:
        """Whether the customer can be made to authenticate for a payment with a type of payment method."""
        return kind in self.challenged_types

    def refusal_of(self, money: Money) -> NotTaken | None:
        """Why the PSP cannot be asked for `money`; None where it can."""
        currency = money.currency.upper()
        bounds = self.amounts.get(money.currency)
        if bounds is None:
            return NotTaken("currency_not_supported", f"The PSP takes no payments in {currency}.")
        if money.amount_minor < bounds.min_minor:
            least = Money(bounds.min_minor, money.currency)
            return NotTaken("amount_too_small", f"The PSP takes no less than {least}.")
        if money.amount_minor > bounds.max_minor:
            most = Money(bounds.max_minor, money.currency)
            return NotTaken("amount_too_large", f"The PSP takes no more than {most} in one payment.")
        if money.amount_minor % bounds.step_minor:
            return NotTaken(
                "amount_not_expressible",
                f"The PSP takes {currency} only in multiples of {bounds.step_minor} minor units.",
            )
        return None
