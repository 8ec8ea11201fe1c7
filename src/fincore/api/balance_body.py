"""What a merchant is owed, and each movement of it, as merchants see them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.ids import balance_transaction_id
from fincore.eventstore.subjects import Subject
from fincore.read.ledgerdb.balance_transaction import BalanceTransaction, BalanceTransactionType


class PayableBody(msgspec.Struct, frozen=True, kw_only=True):
    """What you are owed in one currency, in minor units; negative where you owe it."""

    currency: str
    amount_minor: int


class BalanceBody(msgspec.Struct, frozen=True, kw_only=True):
    """What you are owed by whoever runs this platform, as the books say."""

    object: Literal["balance"] = "balance"
    livemode: bool
    payable: Annotated[
        list[PayableBody], Meta(description="One for each currency in which money ever moved for you.")
    ]
    as_of: Annotated[
        datetime,
        Meta(
            description="Up to when the books have come: what FinCore wrote down before is in them. A charge of which an "
            "event could not be booked is left out from that event on, until the platform has seen to it."
        ),
    ]


class BalanceTransactionBody(msgspec.Struct, frozen=True, kw_only=True):
    """Something that changed what you are owed. Amounts are in minor units of `currency`; times are RFC 3339, in UTC."""

    id: str
    object: Literal["balance_transaction"] = "balance_transaction"
    livemode: bool
    type: Annotated[
        BalanceTransactionType,
        Meta(
            description="`charge`: a capture. `refund`; `refund_failure`: a refund that came back. `dispute`: a bank took "
            "money; `dispute_reversal`: it gave some back. `correction`: the PSP's record contradicted what had been "
            "booked. `clearing`: a person booked it."
        ),
    ]
    amount_minor: Annotated[
        int, Meta(description="The movement before fees; negative where it lowers what you are owed.")
    ]
    fee_minor: Annotated[
        int,
        Meta(
            description="What you pay for it: the platform's fee or a dispute's; negative where one is given back."
        ),
    ]
    net_minor: Annotated[int, Meta(description="`amount_minor` less `fee_minor`.")]
    currency: str
    balance_after_minor: Annotated[int, Meta(description="What you were owed in `currency` after it.")]
    charge: Annotated[str, Meta(description="The id of the charge it belongs to.")]
    refund: Annotated[str | None, Meta(description="The id of the refund, where it is about one.")]
    dispute: Annotated[str | None, Meta(description="The id of the dispute, where it is about one.")]
    effective_at: Annotated[datetime, Meta(description="When the money moved, by the PSP's clock.")]
    booked_at: Annotated[
        datetime,
        Meta(description="When it was written into the books. Lists are in this order, newest first."),
    ]


class BalanceTransactionListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of balance transactions, the last booked first."""

    object: Literal["list"] = "list"
    data: list[BalanceTransactionBody]
    has_more: bool
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")]


def balance_transaction_body(
    transaction: BalanceTransaction, subject: Subject, *, livemode: bool
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
        refund=subject.refund_id,
        dispute=subject.dispute_id,
        effective_at=transaction.effective_at,
        booked_at=transaction.booked_at,
    )
