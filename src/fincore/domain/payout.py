"""A payout: what its events make of it, and which events follow from a report about it. Pure.

A report may come from a webhook, from the PSP's record or from a line of a settlement file; doubled, late and in any order. Each
movement of money becomes one event. What contradicts the payout is refused with the reason, and moves nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, assert_never

import msgspec

from fincore.domain.currency import EXPONENTS
from fincore.domain.errors import EventImpossible
from fincore.domain.ids import PayoutId, payout_id_of
from fincore.domain.money import AMOUNT_MINOR_MAX, Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.refusal import Refusal
from fincore.domain.settlement_events import (
    BankAccount,
    PayoutCanceled,
    PayoutCreated,
    PayoutEvent,
    PayoutEventType,
    PayoutFailed,
    PayoutPaid,
    payout_event_type,
)

PayoutStatus = Literal["in_transit", "paid", "failed", "canceled"]
"""`in_transit`: the PSP has taken it out of what it holds for us, and does not say yet that it arrived."""

FAILURE_CODE_CHARACTERS_MAX: Final = 100
FAILURE_MESSAGE_CHARACTERS_MAX: Final = 500

PAYOUT_TRANSITIONS: Final[Mapping[tuple[PayoutStatus | None, PayoutEventType], PayoutStatus]] = (
    MappingProxyType(
        {
            (None, "payout.created"): "in_transit",
            ("in_transit", "payout.paid"): "paid",
            ("in_transit", "payout.failed"): "failed",
            ("in_transit", "payout.canceled"): "canceled",
            ("paid", "payout.failed"): "failed",
        }
    )
)
"""(status before, event) -> status after. A pair that is not here cannot happen."""

ReportAnswer = tuple[PayoutEventType, ...] | Literal["known", "older", "contradiction"]
"""What follows from a report: events; nothing, since it is `known`; nothing if it is `older` than what is known, else it is a
contradiction; or a `contradiction`."""

PAYOUT_REPORTS: Final[Mapping[tuple[PayoutStatus | None, PayoutStatus], ReportAnswer]] = MappingProxyType(
    {
        (None, "in_transit"): ("payout.created",),
        (None, "paid"): ("payout.created", "payout.paid"),
        (None, "failed"): ("payout.created", "payout.failed"),
        (None, "canceled"): ("payout.created", "payout.canceled"),
        ("in_transit", "in_transit"): "known",
        ("in_transit", "paid"): ("payout.paid",),
        ("in_transit", "failed"): ("payout.failed",),
        ("in_transit", "canceled"): ("payout.canceled",),
        ("paid", "in_transit"): "older",
        ("paid", "paid"): "known",
        ("paid", "failed"): ("payout.failed",),
        ("paid", "canceled"): "contradiction",
        ("failed", "in_transit"): "older",
        ("failed", "paid"): "older",
        ("failed", "failed"): "known",
        ("failed", "canceled"): "contradiction",
        ("canceled", "in_transit"): "older",
        ("canceled", "paid"): "contradiction",
        ("canceled", "failed"): "contradiction",
        ("canceled", "canceled"): "known",
    }
)
"""(status of the payout, status that is reported) -> what follows from it."""


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
    `failure_code` and `failure_message` are the PSP's words, without card data; long ones are cut.
    """

    psp_reference: PspReference
    money: Money
    status: PayoutStatus
    created_at: datetime
    occurred_at: datetime
    expected_at: datetime | None = None
    failure_code: str | None = None
    failure_message: str | None = None


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """One payout as its events tell it. `version` counts them. `changed_at` is the PSP's time of the last one.

    `bank_account` is where it was paid to; None if it never was.
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
    bank_account: BankAccount | None = None
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
        )
    after = msgspec.structs.replace(
        payout, version=payout.version + 1, status=status, changed_at=event.occurred_at
    )
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
    payout: Payout | None, account: PayoutAccount, report: PayoutReport, *, bank_account: BankAccount
) -> tuple[PayoutEvent, ...] | Refusal:
    """The events that follow from a report about a payout of an account; `bank_account` is where that account pays out to.

    None follow from what is known already. A refusal moves nothing: a person has to look at the report.
    """
    if (refusal := _implausible(payout, account, report)) is not None:
        return refusal
    answer = PAYOUT_REPORTS[payout.status if payout else None, report.status]
    if isinstance(answer, tuple):
        return tuple(_event(name, payout, account, report, bank_account) for name in answer)
    if payout is None or answer == "known" or (answer == "older" and report.occurred_at <= payout.changed_at):
        return ()
    return Refusal(
        "contradicts_state",
        f"the PSP reports that the payout is {report.status} since {report.occurred_at.isoformat()}, and it is known to be "
        f"{payout.status} since {payout.changed_at.isoformat()}",
    )


def payout_table() -> str:
    """What follows from each report, in columns: what the payout is, what is reported, the answer."""
    rows = [
        (before or "(new)", reported, answer if isinstance(answer, str) else ", ".join(answer))
        for (before, reported), answer in PAYOUT_REPORTS.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(
        f"{before.ljust(widths[0])}  {reported.ljust(widths[1])}  {answer}"
        for before, reported, answer in rows
    )


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
        case _:
            assert_never(name)


def _cut(text: str | None, characters_max: int) -> str | None:
    return None if text is None else text[:characters_max]
