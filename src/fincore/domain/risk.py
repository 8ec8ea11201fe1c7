"""What the rules of staff said of a charge before it was made, as the charge's stream keeps it."""

from collections.abc import Mapping
from typing import Literal

import msgspec

RiskDecision = Literal["allow", "challenge", "review", "block"]
"""What becomes of a charge; the further on, the stricter. `challenge` lets the customer prove who they are, `review` holds
the money until staff approve."""

RiskUnavailable = Literal["store_unavailable", "store_slow", "no_rules"]
"""Why rules could not decide: the store of counters and lists was away or took too long, or the rules could not be read."""


class CustomerContext(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a merchant knows of the customer who pays. `id` and `device_id` are the merchant's own; `country` is ISO 3166-1."""

    id: str | None = None
    email: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    device_id: str | None = None
    country: str | None = None


class RuleHit(msgspec.Struct, frozen=True):
    """A rule that matched the charge, and the action it asks for."""

    rule: str
    action: RiskDecision


class RuleError(msgspec.Struct, frozen=True):
    """A rule that could not be evaluated, and why. It decided nothing."""

    rule: str
    reason: str


class ShadowAssessment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a version of the rules that is tried out would have decided; it decided nothing."""

    rules_version: int
    decision: RiskDecision
    rule: str | None = None
    hits: tuple[RuleHit, ...] = ()


class RiskAssessment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The decision about a charge, and everything that it was made from.

    `rules_version` is 0 where no version is live. `rule` is the rule that decided; None where no rule did. `fell_back_from` is
    the action that the rule asks for, where the PSP or the payment method cannot do it. `unknown` are the rules that need a
    fact that was not known. `facts` are those that rules read, without those that were unknown. `unavailable` says why rules
    could not decide; the decision is then that of the failure mode.
    """

    rules_version: int
    decision: RiskDecision
    elapsed_microseconds: int
    rule: str | None = None
    fell_back_from: Literal["review", "challenge"] | None = None
    hits: tuple[RuleHit, ...] = ()
    unknown: tuple[str, ...] = ()
    errors: tuple[RuleError, ...] = ()
    facts: Mapping[str, bool | int | str] = {}
    unavailable: RiskUnavailable | None = None
    shadow: tuple[ShadowAssessment, ...] = ()
