"""A settlement currency: what payments of another currency move is converted at a rate that is set on demand. Pure."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from psp_sandbox.stripe.currencies import THREE_DECIMAL, ZERO_DECIMAL
from psp_sandbox.stripe.fees import charge_fee, dispute_fee
from psp_sandbox.stripe.movements import Movement
from psp_sandbox.stripe.wire_balance import MovementType

OF_PAYMENTS: frozenset[MovementType] = frozenset({"adjustment", "charge", "refund", "refund_failure"})

Rate = Annotated[str, Meta(pattern=r"^(?=.*[1-9])[0-9]{1,6}(\.[0-9]{1,12})?$")]
"""A decimal above zero, such as `1.0812`."""


class SettlementCurrency(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """POST /sandbox/settlement_currency, for every account, from now on; without `rates` nothing is converted.

    `rates` says of each currency how much of `currency` one main unit of it is. A currency that is not named there is settled as it is.
    """

    currency: Annotated[str, Meta(pattern="^[a-z]{3}$")]
    rates: dict[str, Rate] = {}


def converted(movement: Movement, settles: SettlementCurrency | None) -> Movement:
    """The movement as it is settled: its amount at the rate, half a unit rounded up, and the fees of the settlement currency.

    What is no payment's, or in a currency without a rate, stays as it is.
    """
    if settles is None or movement.type not in OF_PAYMENTS or movement.currency == settles.currency:
        return movement
    named = settles.rates.get(movement.currency)
    if named is None:
        return movement
    rate = Decimal(named)
    places = _decimals(settles.currency) - _decimals(movement.currency)
    exact = (Decimal(abs(movement.amount)) * rate).scaleb(places)
    minor = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    fee = movement.fee
    if fee:
        fee = (
            charge_fee(minor, settles.currency)
            if movement.type == "charge"
            else dispute_fee(settles.currency)
        )
    return replace(
        movement,
        amount=minor if movement.amount > 0 else -minor,
        currency=settles.currency,
        exchange_rate=float(rate),
        fee=fee,
    )


def _decimals(currency: str) -> int:
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
