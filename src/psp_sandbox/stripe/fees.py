"""What the simulated Stripe charges. Its real prices differ by country and contract; these are one rule for all.

A charge costs 2.9 % and 30 cents, a dispute 15 dollars. In other currencies the fixed parts are the same number of
main units (0.30 and 15.00), except where the main unit is the smallest one: there they are 30 and 1500 of it, and every fee is whole.
"""

from psp_sandbox.stripe.currencies import THREE_DECIMAL, WHOLE_UNITS_IN_TWO_DECIMALS

CHARGE_PER_MILLE = 29
CHARGE_FIXED_MINOR = 30
DISPUTE_FIXED_MINOR = 1_500
THREE_DECIMAL_FACTOR = 10
WHOLE_UNIT_FACTOR = 100
"""Of a currency without a minor unit that is sent with two decimals, which are 00."""


def charge_fee(amount_minor: int, currency: str) -> int:
    """The fee of a captured charge in minor units; half a unit rounds up."""
    unit = WHOLE_UNIT_FACTOR if currency in WHOLE_UNITS_IN_TWO_DECIMALS else 1
    share = (amount_minor // unit * CHARGE_PER_MILLE + 500) // 1_000
    return share * unit + _fixed(CHARGE_FIXED_MINOR, currency)


def dispute_fee(currency: str) -> int:
    """The fee of money withdrawn by a dispute, in minor units. It is not given back, even if the dispute is won."""
    return _fixed(DISPUTE_FIXED_MINOR, currency)


def _fixed(minor: int, currency: str) -> int:
    if currency in WHOLE_UNITS_IN_TWO_DECIMALS:
        return minor * WHOLE_UNIT_FACTOR
    return minor * THREE_DECIMAL_FACTOR if currency in THREE_DECIMAL else minor
