"""What the risk engine decided about a charge, and what it knew of the customer. Pure.

An assessment is kept in the charge's stream as it was made: staff see by it why a charge was blocked, challenged or put under
review, and back-tests read it. No rule, list or counter is known here.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

RiskDecision = Literal["allow", "challenge", "review", "block"]
"""What becomes of a charge, from the mildest to the strictest."""
RiskUnavailable = Literal["store_unavailable", "store_slow", "no_rules", "engine_unavailable", "engine_slow"]
"""Why the live rules could not all decide; the decision is then at least as strict as the installation's failure mode says."""
ReviewVerdict = Literal["approved", "declined"]
RiskFact = bool | int | str


class CustomerContext(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of the customer and of the device that they pay with; None is unknown, never a guess.

    `id` and `device_id` are the merchant's own words. `ip` is an address of version 4 or 6 in its shortest form, `country` an
    ISO 3166 code in upper case.
    """

    id: str | None = None
    email: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    device_id: str | None = None
    country: str | None = None


class RuleHit(msgspec.Struct, frozen=True):
    """A rule, its condition being true, and the action that it names."""

    rule: str
    action: RiskDecision


class RuleError(msgspec.Struct, frozen=True):
    """A rule that could not be evaluated; it decided nothing. `reason` is a sentence for staff."""

    rule: str
    reason: str


class ShadowAssessment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a version in shadow would have decided. Nothing follows from it."""

    rules_version: int
    decision: RiskDecision
    rule: str | None = None
    hits: tuple[RuleHit, ...] = ()


class RiskAssessment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the live rules decided about a charge before any PSP was called, and why.

    `rules_version` is 0 where no version was live. `rule` is the one that decided; None where none did. `fell_back_from`: the
    rule's action could not be carried out for this payment, and the rule's fallback was. `unknown` names the rules that hung
    on an unknown fact. `facts` are those that the rules read.
    """

    rules_version: int
    decision: RiskDecision
    elapsed_microseconds: int
    rule: str | None = None
    fell_back_from: Literal["review", "challenge"] | None = None
    hits: tuple[RuleHit, ...] = ()
    unknown: tuple[str, ...] = ()
    errors: tuple[RuleError, ...] = ()
    facts: Mapping[str, RiskFact] = {}
    unavailable: RiskUnavailable | None = None
    shadow: tuple[ShadowAssessment, ...] = ()
