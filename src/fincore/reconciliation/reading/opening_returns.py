"""What came back to a PSP of payouts that had left before the first file of the account, by file. Pure.

The balance at the beginning of the first file lacks such a payout, and the payout's own events move as much out of what the PSP holds as
back into it: its return is an opening of its own. A file that comes later and has the payout after all takes it back.
"""

from collections.abc import Collection, Mapping, Sequence

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import PspReference
from fincore.domain.payout import Payout, PayoutReport


def opening_returns(
    reports: Sequence[PayoutReport],
    payouts: Mapping[PspReference, Payout | None],
    told_first: Collection[PspReference],
) -> dict[Currency, int]:
    """What a file adds to the openings, in minor units by currency; nothing in most files.

    `reports` are its lines about payouts, in their order; `payouts` what the log knows before it of these and of `told_first`, the payouts
    with a return of which this file is the first that has the payout itself, or lines that it carries.
    """
    returned: dict[PspReference, Money] = {
        reference: payout.money
        for reference, payout in payouts.items()
        if payout is not None and payout.is_known_by_return
    }
    found: dict[Currency, int] = {}
    named: set[PspReference] = set()
    for one in reports:
        reference = one.psp_reference
        if one.status == "returned" and reference not in named and payouts.get(reference) is None:
            returned[reference] = one.money
            _add(found, one.money.currency, one.money.amount_minor)
        named.add(reference)
    for reference in told_first:
        if (money := returned.get(reference)) is not None:
            _add(found, money.currency, -money.amount_minor)
    return {currency: minor for currency, minor in sorted(found.items()) if minor}


def _add(found: dict[Currency, int], currency: Currency, minor: int) -> None:
    found[currency] = found.get(currency, 0) + minor
