"""A payout: what its events make of it, and which events follow from a report about it. Pure.

A report may come from a webhook, from the PSP's record or from a line of a settlement file; doubled, late and in any order. Each
movement of money becomes one event. What contradicts the payout is refused with the reason, and moves nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, assert_never

import msgspec

from fincore.domain.currency import EXPONENTS
from fincore.domain.errors import EventImpossible
from fincore.domain.ids import PayoutId, payout_id_of
from fincore.domain.money import AMOUNT_MINOR_MAX, Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout_statuses import PAYOUT_REPORTS, PAYOUT_TRANSITIONS, PayoutStatus, ReportedStatus
from fincore.domain.refusal import Refusal
from fincore.domain.settlement_events import (
    BankAccount,
    PayoutBankReferenceTold,
    PayoutCanceled,
    PayoutCreated,
    PayoutEvent,
    PayoutEventType,
    PayoutFailed,
    PayoutPaid,
    payout_event_type,
)
from fincore.domain.told_times import unlikely_time

BANK_REFERENCE_CHARACTERS: Final = range(8, 51)
"""How long a reference of a bank may be: a shorter one may be of anything, and no statement has a longer one."""
BANK_REFERENCES_MAX: Final = 5
"""Of how many different ones of a payout the log is told."""
EXPECTED_AFTER_MAX: Final = timedelta(days=31)
"""How long after it was made a payout may be expected."""
EXPECTED_BEFORE_MAX: Final = timedelta(days=2)
"""How long before that: a PSP may name the day alone, by the clock of another place."""
FAILURE_CODE_CHARACTERS_MAX: Final = 100
FAILURE_MESSAGE_CHARACTERS_MAX: Final = 500


class PayoutAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Our account at the PSP that pays out."""

    psp: PspName
    psp_account: PspAccount
    livemode: bool

    def payout_id(self, psp_reference: PspReference) -> PayoutId:
        """The id of the payout that the PSP calls `psp_reference`, whether or not it is known yet."""
        return payout_id_of(
            livemode=self.livemode, psp=self.psp, psp_account=self.psp_account, psp_reference=psp_reference
        )


class PayoutReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a PSP says of a payout. `money` is positive where it goes to our bank, negative where it is taken from there.

    `created_at`: when the payout was made. `occurred_at`: when it got the status that is reported. Both by the PSP's clock.
    `bank_reference`: what the receiving bank calls it. `failure_code` and `failure_message` are the PSP's words, without card data; long
    ones are cut.
    """

    psp_reference: PspReference
    money: Money
    status: ReportedStatus
    created_at: datetime
    occurred_at: datetime
    expected_at: datetime | None = None
    bank_reference: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """One payout as its events tell it. `version` counts them. `changed_at` is the PSP's time of the last status.

    `bank_account` is where it was paid to; None if it never was. `is_known_by_return`: a line told of its return first.
    """

    version: int
    payout_id: PayoutId
    account: PayoutAccount
    psp_reference: PspReference
    money: Money
    status: PayoutStatus
    created_at: datetime
    changed_at: datetime
    expected_at: datetime | None = None
    is_known_by_return: bool = False
    bank_account: BankAccount | None = None
    bank_references: tuple[str, ...] = ()
    failure_code: str | None = None
    failure_message: str | None = None


def evolve_payout(payout: Payout | None, event: PayoutEvent) -> Payout:
    """The payout after an event. The first must be `payout.created`.

    Raises `KeyError` for a step that the table does not hold: the log is then not one this code wrote.
    """
    name = payout_event_type(event)
    status = PAYOUT_TRANSITIONS[payout.status if payout else None, name]
    if payout is None:
        if not isinstance(event, PayoutCreated):
            raise KeyError((None, name))
        return Payout(
            version=1,
            payout_id=event.payout_id,
            account=PayoutAccount(psp=event.psp, psp_account=event.psp_account, livemode=event.livemode),
            psp_reference=event.psp_reference,
            money=Money(event.amount_minor, event.currency),
            status=status,
            created_at=event.occurred_at,
            changed_at=event.occurred_at,
            expected_at=event.expected_at,
            is_known_by_return=event.is_known_by_return,
        )
    after = msgspec.structs.replace(payout, version=payout.version + 1)
    if isinstance(event, PayoutBankReferenceTold):
        return msgspec.structs.replace(after, bank_references=(*payout.bank_references, event.bank_reference))
    after = msgspec.structs.replace(after, status=status, changed_at=event.occurred_at)
    match event:
        case PayoutPaid():
            return msgspec.structs.replace(after, bank_account=event.bank_account)
        case PayoutFailed():
            return msgspec.structs.replace(after, failure_code=event.code, failure_message=event.message)
        case _:
            return after


def fold_payout(events: Iterable[PayoutEvent]) -> Payout | None:
    """The payout a whole stream tells; None for an empty stream. Raises `EventImpossible`."""
    payout: Payout | None = None
    for event in events:
        try:
            payout = evolve_payout(payout, event)
        except KeyError:
            version = payout.version + 1 if payout else 1
            raise EventImpossible(version, payout_event_type(event)) from None
    return payout


def decide_payout(
    payout: Payout | None,
    account: PayoutAccount,
    report: PayoutReport,
    *,
    bank_account: BankAccount,
    now: datetime,
) -> tuple[PayoutEvent, ...] | Refusal:
    """The events that follow from a report about a payout of an account; `bank_account` is where that account pays out to.

    `now` is by our clock. None follow from what is known already. A refusal moves nothing: a person has to look at the report.
    """
    refusal = _implausible(payout, account, report) or _at_unlikely_time(payout, account, report, now)
    if refusal is not None:
        return refusal
    answer = PAYOUT_REPORTS[payout.status if payout else None, report.status]
    if answer == "known" or (answer == "older" and payout and report.occurred_at <= payout.changed_at):
        answer = ()
    if isinstance(answer, tuple):
        names = (*answer, "payout.bank_reference_told") if _tells_bank_reference(payout, report) else answer
        return tuple(_event(name, payout, account, report, bank_account) for name in names)
    assert payout is not None, answer  # noqa: S101 -- each report of a new payout has its events in the table
    return Refusal(
        "contradicts_state",
        f"the PSP reports that the payout is {report.status} since {report.occurred_at.isoformat()}, and it is known to be "
        f"{payout.status} since {payout.changed_at.isoformat()}",
    )


def _tells_bank_reference(payout: Payout | None, report: PayoutReport) -> bool:
    """Whether a report has a reference of a bank that the log does not have yet, of a length that may be one."""
    if report.bank_reference is None or len(report.bank_reference) not in BANK_REFERENCE_CHARACTERS:
        return False
    known = payout.bank_references if payout else ()
    return report.bank_reference not in known and len(known) < BANK_REFERENCES_MAX


def _implausible(payout: Payout | None, account: PayoutAccount, report: PayoutReport) -> Refusal | None:
    """Why what a report names cannot be, or is not what is known, if so."""
    amount_minor, currency = report.money.amount_minor, report.money.currency
    if currency not in EXPONENTS:
        return Refusal(
            "currency_differs",
            f"the PSP reports a payout in {currency[:20]!r}, which is no currency of payments",
        )
    if not 1 <= abs(amount_minor) <= AMOUNT_MINOR_MAX:
        return Refusal("amount_differs", f"the PSP reports a payout of {amount_minor} minor units")
    if payout is None:
        return None
    if (payout.account, payout.psp_reference) != (account, report.psp_reference):
        return Refusal(
            "psp_reference_differs",
            f"the report is about {report.psp_reference}, the payout is {payout.psp_reference}",
        )
    if payout.money.currency != currency:
        return Refusal(
            "currency_differs", f"the PSP reports a payout of {report.money}, known is {payout.money}"
        )
    if payout.money != report.money:
        return Refusal(
            "amount_differs", f"the PSP reports a payout of {report.money}, known is {payout.money}"
        )
    return None


def _at_unlikely_time(
    payout: Payout | None, account: PayoutAccount, report: PayoutReport, now: datetime
) -> Refusal | None:
    """Why a time that a report names is not believed, if so. Those of a payout that is known do not change."""
    told = [("became " + report.status.replace("_", " "), report.occurred_at)]
    if payout is None:
        told.append(("was made", report.created_at))
    elif report.occurred_at <= payout.changed_at:
        return None
    for what, at in told:
        if (reason := unlikely_time(at, now, livemode=account.livemode)) is not None:
            return Refusal(
                "time_unlikely", f"the PSP reports a payout that {what} at {at.isoformat()}, which {reason}"
            )
    if payout is not None or report.expected_at is None:
        return None
    if -EXPECTED_BEFORE_MAX <= report.expected_at - report.created_at <= EXPECTED_AFTER_MAX:
        return None
    return Refusal(
        "time_unlikely",
        f"the PSP reports a payout that was made at {report.created_at.isoformat()} and is expected at {report.expected_at.isoformat()}: "
        f"at most {EXPECTED_AFTER_MAX.days} days later is believed, and {EXPECTED_BEFORE_MAX.days} days earlier",
    )


def _event(
    name: PayoutEventType,
    payout: Payout | None,
    account: PayoutAccount,
    report: PayoutReport,
    bank_account: BankAccount,
) -> PayoutEvent:
    payout_id = account.payout_id(report.psp_reference)
    amount_minor, currency = report.money.amount_minor, report.money.currency
    match name:
        case "payout.created":
            return PayoutCreated(
                payout_id=payout_id,
                psp=account.psp,
                psp_account=account.psp_account,
                livemode=account.livemode,
                psp_reference=report.psp_reference,
                amount_minor=amount_minor,
                currency=currency,
                occurred_at=report.created_at,
                expected_at=report.expected_at,
                is_known_by_return=report.status == "returned",
            )
        case "payout.paid":
            return PayoutPaid(
                payout_id=payout_id,
                psp=account.psp,
                psp_account=account.psp_account,
                livemode=account.livemode,
                psp_reference=report.psp_reference,
                amount_minor=amount_minor,
                currency=currency,
                bank_account=bank_account,
                occurred_at=report.occurred_at,
            )
        case "payout.failed":
            return PayoutFailed(
                payout_id=payout_id,
                psp=account.psp,
                psp_account=account.psp_account,
                livemode=account.livemode,
                psp_reference=report.psp_reference,
                amount_minor=amount_minor,
                currency=currency,
                was_paid=payout is not None and payout.status == "paid",
                occurred_at=report.occurred_at,
                # Where it went, not where the account pays out to by now.
                bank_account=payout.bank_account if payout else None,
                code=_cut(report.failure_code, FAILURE_CODE_CHARACTERS_MAX),
                message=_cut(report.failure_message, FAILURE_MESSAGE_CHARACTERS_MAX),
            )
        case "payout.canceled":
            return PayoutCanceled(
                payout_id=payout_id,
                psp=account.psp,
                psp_account=account.psp_account,
                livemode=account.livemode,
                psp_reference=report.psp_reference,
                amount_minor=amount_minor,
                currency=currency,
                occurred_at=report.occurred_at,
            )
        case "payout.bank_reference_told":
            assert report.bank_reference is not None  # noqa: S101 -- else the report tells none
            return PayoutBankReferenceTold(
                payout_id=payout_id,
                psp=account.psp,
                psp_account=account.psp_account,
                livemode=account.livemode,
                psp_reference=report.psp_reference,
                bank_reference=report.bank_reference,
                occurred_at=report.occurred_at,
            )
        case _:
            assert_never(name)


def _cut(text: str | None, characters_max: int) -> str | None:
    return None if text is None else text[:characters_max]
