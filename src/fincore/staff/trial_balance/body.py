"""The trial balance as staff see it. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import CurrencyCode, ObjectName
from fincore.read.ledgerdb.ledger_moment import LedgerMoment
from fincore.read.ledgerdb.trial_balance import CurrencyTotal
from fincore.staff.access.person import Mode


class StaffTrialBalanceTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of one currency over all accounts."""

    currency: CurrencyCode
    accounts: Annotated[int, Meta(description="How many accounts had been used.")]
    debit_minor: Annotated[int, Meta(description="The sum of the balances that are debits.")]
    credit_minor: Annotated[int, Meta(description="The sum of the balances that are credits.")]
    is_balanced: Annotated[bool, Meta(description="Whether both are equal.")]


class StaffTrialBalance(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of the ledger. `GET /staff/v1/ledger_accounts` with the same `entry` has the accounts."""

    object: Annotated[Literal["trial_balance"], ObjectName] = "trial_balance"
    mode: Annotated[Mode, Meta(description="Of which mode.")]
    as_of_entry: Annotated[int, Meta(description="The last entry that counts; 0: the ledger was empty.")]
    booked_at: Annotated[
        datetime | None, Meta(description="When that entry was booked; null: there was none.")
    ]
    totals: Annotated[list[StaffTrialBalanceTotal], Meta(description="The sums by currency.")]


def render_trial_balance(
    totals: list[CurrencyTotal], moment: LedgerMoment, *, livemode: bool
) -> StaffTrialBalance:
    """The sums as of a moment."""
    return StaffTrialBalance(
        mode="live" if livemode else "test",
        as_of_entry=moment.entry_id,
        booked_at=moment.booked_at,
        totals=[
            StaffTrialBalanceTotal(
                currency=one.currency,
                accounts=one.accounts,
                debit_minor=one.debit_minor,
                credit_minor=one.credit_minor,
                is_balanced=one.debit_minor == one.credit_minor,
            )
            for one in totals
        ],
    )
