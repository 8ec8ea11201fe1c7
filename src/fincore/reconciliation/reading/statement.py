"""What a file that was read states, as the totals of its event. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from fincore.domain.currency import Currency
from fincore.domain.settlement_events import SettlementKind
from fincore.domain.settlement_file import KindTotal

_NONE: Final[Mapping[Currency, int]] = MappingProxyType({})
_OF_PAYOUTS: Final[frozenset[SettlementKind]] = frozenset({"payout", "payout_returned"})


def stated_totals(
    of_lines: Iterable[KindTotal],
    openings: Mapping[Currency, int],
    returns: Mapping[Currency, int] = _NONE,
) -> tuple[KindTotal, ...]:
    """The totals that the log is told: those of the lines, what the PSP held before, and what came back of payouts of before.

    The amount of a payout moves by the payout's own events; a fee on its line is the account's.
    """
    lines = list(of_lines)
    fees: dict[Currency, int] = {}
    told: list[KindTotal] = []
    for one in lines:
        if one.kind in _OF_PAYOUTS and one.fee_minor:
            fees[one.currency] = fees.get(one.currency, 0) + one.fee_minor
            told.append(_with(one, fee_minor=0))
        else:
            told.append(one)
    for currency, fee_minor in sorted(fees.items()):
        told = _with_account_fee(told, currency, fee_minor)
    told += [
        KindTotal(kind=kind, currency=currency, lines=0, gross_minor=minor, fee_minor=0)
        for kind, amounts in _before_files(openings, returns)
        for currency, minor in sorted(amounts.items())
    ]
    return tuple(told)


def _before_files(
    openings: Mapping[Currency, int], returns: Mapping[Currency, int]
) -> tuple[tuple[SettlementKind, Mapping[Currency, int]], ...]:
    return ("opening", openings), ("opening_return", returns)


def _with_account_fee(told: Sequence[KindTotal], currency: Currency, fee_minor: int) -> list[KindTotal]:
    if any((one.kind, one.currency) == ("account_fee", currency) for one in told):
        return [
            _with(one, fee_minor=one.fee_minor + fee_minor)
            if (one.kind, one.currency) == ("account_fee", currency)
            else one
            for one in told
        ]
    return [
        *told,
        KindTotal(kind="account_fee", currency=currency, lines=0, gross_minor=0, fee_minor=fee_minor),
    ]


def _with(one: KindTotal, *, fee_minor: int) -> KindTotal:
    return KindTotal(
        kind=one.kind,
        currency=one.currency,
        lines=one.lines,
        gross_minor=one.gross_minor,
        fee_minor=fee_minor,
    )
