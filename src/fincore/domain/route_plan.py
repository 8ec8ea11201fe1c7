"""The plan of a charge: the accounts that may carry it, in order, and why each other account was left out.

It is decided before the charge is written, written with it, and followed by the worker.
"""

from typing import Final, Literal

import msgspec

from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.payment_method import PaymentMethod

ATTEMPTS_MAX: Final = 3
"""The most attempts that one charge has, over all accounts."""

SkipReason = Literal[
    "payment_method_not_taken",
    "token_of_other_account",
    "no_token_of_card",
    "not_default",
    "not_chosen_by_rule",
    "account_not_configured",
    "amount_not_expressible",
    "amount_too_large",
    "amount_too_small",
    "currency_not_supported",
    "attempts_max_reached",
]
"""Why an account of the mode is no candidate. `not_default`: no rule names an account, and the payment method is bound to none;
`account_not_configured`: the rule names it, and no setting does; `no_token_of_card`: it made no token of the card number."""


class PaymentMethodChoice(msgspec.Struct, frozen=True):
    """One payment method that the merchant offers for a charge, and the account that it is bound to.

    A token belongs to the account that made it: one without `psp_account` is of the mode's default account of the PSP that takes
    such tokens. A wallet without `psp_account` is bound to none.
    """

    payment_method: PaymentMethod
    psp_account: PspAccount | None = None


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
    """`attempts` in order, the first being the one that the charge begins with; at least one, at most `ATTEMPTS_MAX`.

    `rules_version` is the version of the routing rules that decided, and `rule` the name of the rule that matched: None where no
    rule did. `draw` in [0, 1) is what weights were compared with, from the version and the charge's key. `offered` is what the
    merchant offered, each with the account that it is bound to; empty where the only attempt tells it.
    """

    attempts: tuple[PlannedAttempt, ...]
    skipped: tuple[Skipped, ...] = ()
    offered: tuple[PaymentMethodChoice, ...] = ()
    rules_version: int | None = None
    rule: str | None = None
    draw: float | None = None
