"""What a PSP takes, asked before a charge is accepted. Pure data: each PSP's package has the table of its own."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.money import Money


class AmountBounds(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts a PSP has words for in one currency, in the currency's own minor units: multiples of `step_minor`.

    They bound what can be said to the PSP. Its least amount for an account, which depends on the currency in which it
    settles, only the PSP knows.
    """

    min_minor: int = 1
    max_minor: int
    step_minor: int = 1


class NotTaken(msgspec.Struct, frozen=True):
    """The PSP could not be asked for this money, and the sentence that says why."""

    code: Literal["amount_not_expressible", "amount_too_large", "amount_too_small", "currency_not_supported"]
    detail: str


class PspLimits(msgspec.Struct, frozen=True, kw_only=True):
    """One PSP's bounds. A currency without a row is not taken."""

    amounts: Mapping[Currency, AmountBounds]

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
