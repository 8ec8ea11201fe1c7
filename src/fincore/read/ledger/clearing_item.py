"""What an event of a charge lets us expect of the PSP's statements: which line, by which name, beside the amounts of its entry. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from fincore.read.ledger.journal import MoneyEventType
from fincore.read.ledgerdb.legs import Purpose

ItemKind = Literal[
    "payment",
    "refund",
    "refund_failed",
    "dispute",
    "dispute_reinstated",
    "hold",
    "release",
    "reversal",
    "fee",
    "fee_returned",
    "correction",
    "adjustment",
]
"""What an item of clearing is."""

ITEM_KINDS: Final[Mapping[MoneyEventType, ItemKind]] = MappingProxyType(
    {
        "charge.captured": "payment",
        "charge.attempt_captured": "payment",
        "charge.fee_assessed": "fee",
        "charge.fee_returned": "fee_returned",
        "charge.fee_taken_again": "refund_failed",
        "charge.attempt_fee_assessed": "fee",
        "charge.attempt_fee_returned": "reversal",
        "charge.corrected": "correction",
        "charge.attempt_reversed": "reversal",
        "refund.succeeded": "refund",
        "refund.corrected": "refund",
        "refund.failed": "refund_failed",
        "dispute.funds_withdrawn": "dispute",
        "dispute.funds_reinstated": "dispute_reinstated",
        "dispute.funds_held": "hold",
        "dispute.funds_released": "release",
        "adjustment.booked": "adjustment",
        "adjustment.reversed": "adjustment",
    }
)
"""Event -> what its entry leaves on clearing."""

FEES: Final[frozenset[Purpose]] = frozenset({"psp_fee", "dispute_fee"})
"""The movements that are fees where they touch clearing; any other is the amount itself."""


class Expectation(NamedTuple):
    """How the PSP's statements name what an entry left on clearing. `psp_reference` is empty where nothing names it."""

    kind: ItemKind
    psp_reference: str
    refund_id: str | None


def expectation_of(kind: MoneyEventType, event: Any) -> Expectation | None:
    """What an event of a kind lets us expect; None of one that is itself what a statement tells.

    A payment is named by the part that took the money, where the PSP has parts, else by its own id.
    """
    item_kind = ITEM_KINDS.get(kind)
    if item_kind is None:
        return None
    if item_kind == "fee_returned" and event.refund_id is not None:
        item_kind = "refund"  # its line has the amount, too
    if item_kind == "adjustment":
        return Expectation(item_kind, "", None)  # no statement will ever name it
    parts = [part.psp_reference for part in getattr(event, "sub_references", ()) if part.kind == "capture"]
    reference = parts[-1] if parts else event.psp_reference
    return Expectation(item_kind, reference or "", getattr(event, "refund_id", None))
