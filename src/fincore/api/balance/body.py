"""What a merchant is owed, and each movement of it, as merchants see them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.ids import balance_transaction_id
from fincore.public.fields import CurrencyCode, HasMore, Livemode, NextCursor, ObjectName
from fincore.read.event_references import EventReference
from fincore.read.ledgerdb.balance_transaction import BalanceTransaction, BalanceTransactionType


class PayableBody(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform owes you in one currency."""

    currency: CurrencyCode
    amount_minor: Annotated[
        int, Meta(description="The amount in the minor unit of `currency`; negative where you owe it.")
    ]


class BalanceBody(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform owes you, as its ledger says."""

    object: Annotated[Literal["balance"], ObjectName] = "balance"
    livemode: Livemode
    payable: Annotated[
        list[PayableBody], Meta(description="One entry for each currency in which money ever moved for you.")
    ]
    as_of: Annotated[
        datetime,
        Meta(
            description="The ledger holds everything that FinCore recorded before this time. If FinCore "
            "cannot book an event of a charge, the balance leaves that event and the later ones of the "
            "charge out until the operator has resolved it."
        ),
    ]


class BalanceTransactionBody(msgspec.Struct, frozen=True, kw_only=True):
    """A change of your balance. Amounts are in the minor unit of `currency`; times are RFC 3339, in UTC."""

    id: Annotated[
        str,
        Meta(description="The balance transaction's id.", examples=["txn_01kab5m5wvfb9v1c2m5hfv0d2e"]),
    ]
    object: Annotated[Literal["balance_transaction"], ObjectName] = "balance_transaction"
    livemode: Livemode
    type: Annotated[
        BalanceTransactionType,
        Meta(
            description="`charge`: a capture. `refund`: a refund. `refund_failure`: a refund that came "
            "back. `dispute`: a bank took money. `dispute_reversal`: a bank gave money back. `correction`: "
            "the PSP's record contradicted what had been booked. `clearing`: an operator booked it."
        ),
    ]
    amount_minor: Annotated[
        int, Meta(description="The change before fees; negative where it lowers your balance.")
    ]
    fee_minor: Annotated[
        int,
        Meta(
            description="What you pay: the platform's fee or a dispute's. Negative where a fee is given back."
        ),
    ]
    net_minor: Annotated[int, Meta(description="`amount_minor` less `fee_minor`.")]
    currency: CurrencyCode
    balance_after_minor: Annotated[int, Meta(description="Your balance in `currency` afterwards.")]
    charge: Annotated[str, Meta(description="The id of the charge it belongs to.")]
    refund: Annotated[str | None, Meta(description="The id of the refund that caused it, if a refund did.")]
    dispute: Annotated[
        str | None, Meta(description="The id of the dispute that caused it, if a dispute did.")
    ]
    effective_at: Annotated[datetime, Meta(description="When the money moved at the PSP.")]
    booked_at: Annotated[
        datetime,
        Meta(description="When FinCore booked it. Lists are in this order, newest first."),
    ]


class BalanceTransactionListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of balance transactions, the last booked first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[BalanceTransactionBody], Meta(description="The balance transactions of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def balance_transaction_body(
    transaction: BalanceTransaction, reference: EventReference, *, livemode: bool
) -> BalanceTransactionBody:
    """A movement of a mode, and what it is about beside its charge."""
    return BalanceTransactionBody(
        id=balance_transaction_id(transaction.event_id),
        livemode=livemode,
        type=transaction.type,
        amount_minor=transaction.gross_minor,
        fee_minor=transaction.fee_minor,
        net_minor=transaction.net_minor,
        currency=transaction.currency,
        balance_after_minor=transaction.balance_after_minor,
        charge=transaction.charge_id,
        refund=reference.refund_id,
        dispute=reference.dispute_id,
        effective_at=transaction.effective_at,
        booked_at=transaction.booked_at,
    )
