"""The statuses of a payout, and what follows from a report in each of them: tables one can print. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from fincore.domain.settlement_events import PayoutEventType

PayoutStatus = Literal["in_transit", "paid", "failed", "canceled"]
"""`in_transit`: the PSP has taken it out of what it holds for us, and does not say yet that it arrived."""

ReportedStatus = PayoutStatus | Literal["returned"]
"""What a report says of a payout. `returned`: the PSP holds the money again, whether the payout failed or was canceled; a line of a
settlement file says no more."""

PAYOUT_TRANSITIONS: Final[Mapping[tuple[PayoutStatus | None, PayoutEventType], PayoutStatus]] = (
    MappingProxyType(
        {
            (None, "payout.created"): "in_transit",
            ("in_transit", "payout.paid"): "paid",
            ("in_transit", "payout.failed"): "failed",
            ("in_transit", "payout.canceled"): "canceled",
            ("paid", "payout.failed"): "failed",
            ("in_transit", "payout.bank_reference_told"): "in_transit",
            ("paid", "payout.bank_reference_told"): "paid",
            ("failed", "payout.bank_reference_told"): "failed",
            ("canceled", "payout.bank_reference_told"): "canceled",
        }
    )
)
"""(status before, event) -> status after. A pair that is not here cannot happen."""

ReportAnswer = tuple[PayoutEventType, ...] | Literal["known", "older", "contradiction"]
"""What follows from a report: events; nothing, since it is `known`; nothing if it is `older` than what is known, else it is a
contradiction; or a `contradiction`."""

PAYOUT_REPORTS: Final[Mapping[tuple[PayoutStatus | None, ReportedStatus], ReportAnswer]] = MappingProxyType(
    {
        (None, "in_transit"): ("payout.created",),
        (None, "paid"): ("payout.created", "payout.paid"),
        (None, "failed"): ("payout.created", "payout.failed"),
        (None, "canceled"): ("payout.created", "payout.canceled"),
        (None, "returned"): ("payout.created", "payout.failed"),
        ("in_transit", "in_transit"): "known",
        ("in_transit", "paid"): ("payout.paid",),
        ("in_transit", "failed"): ("payout.failed",),
        ("in_transit", "canceled"): ("payout.canceled",),
        ("in_transit", "returned"): ("payout.failed",),
        ("paid", "in_transit"): "older",
        ("paid", "paid"): "known",
        ("paid", "failed"): ("payout.failed",),
        ("paid", "canceled"): "contradiction",
        ("paid", "returned"): ("payout.failed",),
        ("failed", "in_transit"): "older",
        ("failed", "paid"): "older",
        ("failed", "failed"): "known",
        ("failed", "canceled"): "known",
        ("failed", "returned"): "known",
        ("canceled", "in_transit"): "older",
        ("canceled", "paid"): "contradiction",
        ("canceled", "failed"): "contradiction",
        ("canceled", "canceled"): "known",
        ("canceled", "returned"): "known",
    }
)
"""(status of the payout, status that is reported) -> what follows from it.

The money of a payout comes back once. A payout that a line returned is `failed` here until the PSP says that it was canceled, which tells
the same thing again. One that is known to be canceled was never sent, so that a bank can neither have it nor give it back. Stripe's
payout object: `pending` until it is sent, then `paid`, or `failed` or `canceled`; a paid one may fail later.
"""


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
