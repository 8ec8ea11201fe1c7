"""The plan of a charge: the accounts that may carry it, in order, and why each other account was left out.

It is decided before the charge is written, written with it, and followed by the worker.
"""

from typing import Literal

import msgspec

from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.payment_method import PaymentMethod

SkipReason = Literal[
    "amount_not_expressible",
    "amount_too_large",
    "amount_too_small",
    "currency_not_supported",
    "payment_method_not_taken",
    "token_of_other_account",
    "not_chosen_by_rule",
]
"""Why an account of the mode is no candidate."""


class PlannedAttempt(msgspec.Struct, frozen=True):
    """One candidate: the account at the PSP, and the payment method that it takes."""

    psp: PspName
    psp_account: PspAccount
    payment_method: PaymentMethod


class Skipped(msgspec.Struct, frozen=True):
    """An account that is no candidate, and why."""

    psp: PspName
    psp_account: PspAccount
    reason: SkipReason


class RoutePlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`attempts` in order, the first being the one that the charge begins with; at least one.

    `rules_version` is the version of the routing rules that decided, and `rule` the name of the rule that matched: None where no
    rule did. `draw` in [0, 1) is what weights were compared with, from the version and the charge's key.
    """

    attempts: tuple[PlannedAttempt, ...]
    skipped: tuple[Skipped, ...] = ()
    rules_version: int | None = None
    rule: str | None = None
    draw: float | None = None
