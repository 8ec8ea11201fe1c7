"""What a PSP reports about one operation, in FinCore's words.

An outcome is Approved, Declined, ActionRequired, Canceled, Retryable or Unknown. `Unknown` is the default of every
PSP's mapping: money may or may not have moved, so nobody calls it a failure and nobody charges again until it is known.
"""

from datetime import datetime
from typing import Literal, NewType

import msgspec

from fincore.domain.money import Money

PspName = NewType("PspName", str)
PspAccount = NewType("PspAccount", str)
"""The name under which one account at a PSP is configured, e.g. `test` or `live`."""
PspReference = NewType("PspReference", str)
"""The PSP's own id of the payment, e.g. `pi_...`."""

DeclineAdvice = Literal["retry_later", "ask_customer", "do_not_retry"]
"""Soft, needs-customer and hard declines, as the PSP (or, where it is silent, our table) tells them apart."""

FailureCode = Literal[
    "authentication_failed",
    "authentication_required",
    "card_declined",
    "expired_card",
    "incorrect_cvc",
    "incorrect_number",
    "payment_method_invalid",
    "processing_error",
    "psp_rejected_request",
    "psp_unavailable",
]
"""Why a charge failed, in the same words for every PSP. `decline_code` beside it keeps the PSP's own word."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a charge did not succeed. `message` may be shown to staff; it never holds card data."""

    code: FailureCode
    message: str
    advice: DeclineAdvice
    decline_code: str | None = None


class Approved(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP holds (`authorized`) or has taken (`captured`) the money."""

    kind: Literal["authorized", "captured"]
    money: Money
    psp_reference: PspReference
    occurred_at: datetime
    capture_before: datetime | None = None


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """The payment is refused for good; this attempt moved no money."""

    failure: Failure
    occurred_at: datetime
    psp_reference: PspReference | None = None


class ActionRequired(msgspec.Struct, frozen=True, kw_only=True):
    """The customer must act (3-D Secure); `redirect_url` is where, when the PSP names a page."""

    psp_reference: PspReference
    redirect_url: str | None = None


class Canceled(msgspec.Struct, frozen=True, kw_only=True):
    """The payment was canceled at the PSP and its hold released."""

    reason: str
    psp_reference: PspReference
    occurred_at: datetime


class Retryable(msgspec.Struct, frozen=True, kw_only=True):
    """This call is known not to have happened; the same call may be repeated."""

    reason: str
    retry_after_seconds: float | None = None


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody can tell yet whether the operation happened; the janitor asks the PSP until it knows."""

    reason: str
    since: datetime


Fact = Approved | Declined | ActionRequired | Canceled
"""What is known for certain and may change a charge."""

Outcome = Fact | Retryable | Unknown
