"""What PayPal's transaction event codes are to us: a table of groups, and of the codes that differ from their group. Pure.

The group, a code's first three characters, is what PayPal says to reconcile by, as codes are added without notice
(developer.paypal.com/reports/reference/t-codes). A code of a group that is not here refuses the file.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from fincore.domain.settlement_events import LineKind

Direction = Literal["CR", "DR"]
"""Whether money comes to the account or leaves it."""

_CODE: Final = re.compile(r"T[0-9]{4}", re.ASCII)


class EventKinds(NamedTuple):
    """What a row of a group or code is by its direction, and in which column of ours its amount belongs."""

    credit: LineKind
    debit: LineKind
    about: str
    is_fee: bool = False
    """Whether the amount is the fee of the kind: the row has no principal."""


GROUPS: Final[Mapping[str, EventKinds]] = MappingProxyType(
    {
        "T00": EventKinds("payment", "outgoing", "payments between accounts"),
        "T01": EventKinds("account_fee", "account_fee", "fees that are about no payment"),
        "T02": EventKinds("conversion", "conversion", "currency conversions"),
        "T03": EventKinds("payout", "payout", "deposits from our bank"),
        "T04": EventKinds("payout_returned", "payout", "withdrawals to our bank"),
        "T05": EventKinds("outgoing", "outgoing", "PayPal's debit card"),
        "T06": EventKinds("outgoing", "outgoing", "withdrawals to a credit card"),
        "T07": EventKinds("adjustment", "adjustment", "deposits from a credit card"),
        "T08": EventKinds("adjustment", "adjustment", "bonuses"),
        "T09": EventKinds("adjustment", "adjustment", "incentives"),
        "T10": EventKinds("outgoing", "outgoing", "bills paid"),
        "T11": EventKinds("adjustment", "adjustment", "reversals"),
        "T12": EventKinds("adjustment", "adjustment", "adjustments"),
        "T13": EventKinds("adjustment", "adjustment", "authorizations, which should move nothing"),
        "T14": EventKinds("adjustment", "adjustment", "dividends"),
        "T15": EventKinds("reserve", "reserve", "temporary holds"),
        "T16": EventKinds("adjustment", "adjustment", "deposits of customers' credit"),
        "T17": EventKinds("outgoing", "outgoing", "withdrawals to no bank"),
        "T18": EventKinds("outgoing", "outgoing", "withdrawals of customers' credit"),
        "T19": EventKinds("adjustment", "adjustment", "corrections"),
        "T20": EventKinds("adjustment", "adjustment", "transfers between accounts of ours"),
        "T21": EventKinds("reserve", "reserve", "reserves and their release"),
        "T22": EventKinds("reserve", "reserve", "transfers to and from restricted balances"),
        "T30": EventKinds("adjustment", "adjustment", "payments by other instruments"),
        "T50": EventKinds("adjustment", "adjustment", "collections and disbursements"),
        "T97": EventKinds("adjustment", "adjustment", "receivables"),
        "T98": EventKinds("adjustment", "adjustment", "what PayPal only displays"),
        "T99": EventKinds("adjustment", "adjustment", "other"),
    }
)
"""First three characters of a code -> its kinds."""

CODES: Final[Mapping[str, EventKinds]] = MappingProxyType(
    {
        "T0106": EventKinds("dispute", "dispute", "the fee of a chargeback", is_fee=True),
        "T1100": EventKinds("refund_failed", "adjustment", "a refund that came back, and other reversals"),
        "T1101": EventKinds("payout_returned", "payout_returned", "a withdrawal that came back"),
        "T1102": EventKinds("outgoing", "outgoing", "the debit card, reversed"),
        "T1104": EventKinds("payout_returned", "payout_returned", "a deposit that was taken back"),
        "T1105": EventKinds("reserve", "reserve", "a temporary hold, released"),
        "T1106": EventKinds("dispute_reversal", "dispute", "a payment that PayPal reversed"),
        "T1107": EventKinds("adjustment", "refund", "refunds that the merchant made"),
        "T1108": EventKinds("fee_reversal", "fee_reversal", "a fee, reversed", is_fee=True),
        "T1109": EventKinds("fee_reversal", "fee_reversal", "a fee, given back", is_fee=True),
        "T1110": EventKinds("release", "hold", "money held for a dispute"),
        "T1111": EventKinds("release", "hold", "such a hold, ended"),
        "T1113": EventKinds("outgoing", "outgoing", "credit given without a payment"),
        "T1114": EventKinds("outgoing", "outgoing", "mass payments, reversed"),
        "T1115": EventKinds("outgoing", "outgoing", "mass payments, refunded"),
        "T1201": EventKinds("dispute_reversal", "dispute", "chargebacks"),
        "T1202": EventKinds("dispute_reversal", "dispute", "chargebacks, reversed"),
        "T1205": EventKinds("dispute_reversal", "dispute", "chargebacks, reimbursed"),
        "T1207": EventKinds("dispute_reversal", "dispute", "chargebacks that the bank upheld"),
        "T1208": EventKinds("dispute_reversal", "dispute", "chargebacks, canceled"),
    }
)
"""Code -> its kinds, where they are not those of its group."""


def kinds_of(code: str) -> EventKinds | None:
    """The kinds of an event code; None where it is none, or of a group that is not known."""
    if not _CODE.fullmatch(code):
        return None
    return CODES.get(code) or GROUPS.get(code[:3])
