"""The events of settlement: payouts of a PSP to our bank, and the files in which a PSP states what it took and gave. Pure.

Each carries all that the ledger needs. Amounts are minor units, signed from our side: positive to us. Times are UTC; `occurred_at` is
the PSP's time of it, of a match the moment up to which the run looked. A field may be added as `fincore.domain.events` says.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, NewType

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.event_codec import EventCodec
from fincore.domain.ids import PayoutId, RunId, SettlementFileId
from fincore.domain.outcome import PspAccount, PspName, PspReference

BankAccount = NewType("BankAccount", str)
"""The name under which a bank account of ours is configured; without a colon, since it is part of an account's name in the ledger."""
SettlementFormat = NewType("SettlementFormat", str)
"""How a settlement file is written, such as `paypal_stl`."""

LineKind = Literal[
    "payment",
    "refund",
    "refund_failed",
    "dispute",
    "dispute_reversal",
    "hold",
    "release",
    "fee_reversal",
    "account_fee",
    "conversion",
    "payout",
    "payout_returned",
    "adjustment",
    "reserve",
    "outgoing",
]
"""What a line of a settlement file says happened, in the same words for every PSP."""
SettlementKind = LineKind | Literal["opening", "opening_return"]
"""What a total of a file is over. `opening`: what the PSP held for us before the first file of it that was read. `opening_return`: what came
back to it of payouts that had left before; less than nothing in the file that turns out to have one of these payouts."""
BEFORE_FILES: Final[frozenset[SettlementKind]] = frozenset({"opening", "opening_return"})
"""The kinds of totals that are over no line."""

PAYMENT_LIKE: Final[frozenset[SettlementKind]] = frozenset(
    {
        "payment",
        "refund",
        "refund_failed",
        "dispute",
        "dispute_reversal",
        "hold",
        "release",
        "fee_reversal",
        "adjustment",
        "reserve",
        "outgoing",
        "opening",
        "opening_return",
    }
)
"""The kinds that an event of a charge may explain; what none explains is unmatched."""


class PayoutCreated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The PSP is sending what it holds for us to our bank; a negative amount is taken from there.

    `expected_at`: when it should arrive. `is_known_by_return`: a line told that its money came back before anything told that it left.
    """

    payout_id: PayoutId
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime
    expected_at: datetime | None = None
    is_known_by_return: bool = False


class PayoutPaid(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP says that the money is in our bank account. It may fail yet: the bank can send it back."""

    payout_id: PayoutId
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    bank_account: BankAccount
    occurred_at: datetime


class PayoutFailed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The money did not stay in our bank account, and the PSP holds it again.

    `was_paid`: it had counted as paid, into `bank_account`. `code` and `message` are the PSP's words, for staff.
    """

    payout_id: PayoutId
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    was_paid: bool
    occurred_at: datetime
    bank_account: BankAccount | None = None
    code: str | None = None
    message: str | None = None


class PayoutCanceled(msgspec.Struct, frozen=True, kw_only=True):
    """The payout was canceled before it was on its way; the PSP holds the money again."""

    payout_id: PayoutId
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    psp_reference: PspReference
    amount_minor: int
    currency: Currency
    occurred_at: datetime


class PayoutBankReferenceTold(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP says what the receiving bank calls the payout: its statement may name the payout so. It moves no money."""

    payout_id: PayoutId
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    psp_reference: PspReference
    bank_reference: str
    occurred_at: datetime


class SettlementFileAccepted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file of the PSP was read to its end, and everything in it was understood. `sha256` is of its bytes, in hex.

    `period_start` and `period_end` are the business period that the file states, `sequence` its number among the files of one
    period, `lines` how many it has. `occurred_at` is the end of the period.
    """

    file_id: SettlementFileId
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    source: str
    name: str
    sha256: str
    size_bytes: int
    format: SettlementFormat
    parser_version: int
    period_start: datetime
    period_end: datetime
    lines: int
    occurred_at: datetime
    sequence: int | None = None


class SettlementFileTotalled(msgspec.Struct, frozen=True, kw_only=True):
    """What all lines of one kind and currency in a file come to, fees apart. It moves what the PSP states that it holds for us."""

    file_id: SettlementFileId
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    kind: SettlementKind
    currency: Currency
    lines: int
    gross_minor: int
    fee_minor: int
    occurred_at: datetime


class SettlementFileMatched(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of reconciliation found explained, of the lines of one kind and currency in a file, fees apart.

    `lines` leaves out those of which an earlier run matched the amount or the fee, so that all runs together count a line once.
    """

    file_id: SettlementFileId
    run_id: RunId
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    kind: SettlementKind
    currency: Currency
    lines: int
    gross_minor: int
    fee_minor: int
    occurred_at: datetime


class SettlementFileConverted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run found explained of lines that settle payments of another currency, by kind and pair of currencies, without fees.

    `gross_minor` of `currency` moved the balance at the PSP; `charge_gross_minor` of `charge_currency` is what the same lines say that
    customers paid or got back, and what was expected. `lines` leaves out those that `settlement_file.matched` counts. `realised_minor`, of
    `currency`: by how much what goes back is settled for more or less than what came in was on the average, a loss below zero.

    Of the kind `conversion`: what pairs of lines converted of `charge_currency`, and what that brought in `currency`; both are booked with
    their files, and only `realised_minor` moves here. `lines` is 0.
    """

    file_id: SettlementFileId
    run_id: RunId
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    kind: SettlementKind
    currency: Currency
    charge_currency: Currency
    lines: int
    gross_minor: int
    charge_gross_minor: int
    occurred_at: datetime
    realised_minor: int = 0


PayoutEvent = PayoutCreated | PayoutPaid | PayoutFailed | PayoutCanceled | PayoutBankReferenceTold
"""Everything that can stand in the stream of a payout."""
SettlementFileEvent = (
    SettlementFileAccepted | SettlementFileTotalled | SettlementFileMatched | SettlementFileConverted
)
"""Everything that can stand in the stream of a settlement file."""
SettlementEvent = PayoutEvent | SettlementFileEvent

PayoutEventType = Literal[
    "payout.created", "payout.paid", "payout.failed", "payout.canceled", "payout.bank_reference_told"
]
SettlementFileEventType = Literal[
    "settlement_file.accepted",
    "settlement_file.totalled",
    "settlement_file.matched",
    "settlement_file.converted",
]
SettlementEventType = PayoutEventType | SettlementFileEventType

PAYOUT_SHAPES: Final[Mapping[PayoutEventType, tuple[int, type[PayoutEvent]]]] = MappingProxyType(
    {
        "payout.created": (1, PayoutCreated),
        "payout.paid": (1, PayoutPaid),
        "payout.failed": (1, PayoutFailed),
        "payout.canceled": (1, PayoutCanceled),
        "payout.bank_reference_told": (1, PayoutBankReferenceTold),
    }
)
"""Event type -> (schema version written today, its shape)."""
SETTLEMENT_FILE_SHAPES: Final[Mapping[SettlementFileEventType, tuple[int, type[SettlementFileEvent]]]] = (
    MappingProxyType(
        {
            "settlement_file.accepted": (1, SettlementFileAccepted),
            "settlement_file.totalled": (1, SettlementFileTotalled),
            "settlement_file.matched": (1, SettlementFileMatched),
            "settlement_file.converted": (1, SettlementFileConverted),
        }
    )
)
"""The same of settlement files."""

PAYOUT_EVENTS: Final[EventCodec[PayoutEvent]] = EventCodec(PAYOUT_SHAPES, {})
"""How the log stores the events of payouts."""
SETTLEMENT_FILE_EVENTS: Final[EventCodec[SettlementFileEvent]] = EventCodec(SETTLEMENT_FILE_SHAPES, {})
"""How the log stores the events of settlement files."""

_TYPE_OF_PAYOUT: Final[Mapping[type[PayoutEvent], PayoutEventType]] = {
    shape: name for name, (_, shape) in PAYOUT_SHAPES.items()
}
_TYPE_OF_FILE: Final[Mapping[type[SettlementFileEvent], SettlementFileEventType]] = {
    shape: name for name, (_, shape) in SETTLEMENT_FILE_SHAPES.items()
}


def payout_event_type(event: PayoutEvent) -> PayoutEventType:
    """The dotted name of an event."""
    return _TYPE_OF_PAYOUT[type(event)]


def settlement_file_event_type(event: SettlementFileEvent) -> SettlementFileEventType:
    """The dotted name of an event."""
    return _TYPE_OF_FILE[type(event)]
