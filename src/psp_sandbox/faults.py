"""Faults on demand: a book of rules, each saying what goes wrong, for which calls, and how often."""

import random
from collections.abc import Callable
from typing import Literal, get_args

import msgspec

RequestFaultKind = Literal[
    "timeout_before_apply",
    "timeout_after_apply",
    "error_500",
    "error_500_after_apply",
    "rate_limited_429",
    "lock_timeout_429",
    "conflict_409",
    "unavailable_503",
    "connection_reset",
    "malformed_json",
    "slow",
]
PspName = Literal["paypal", "stripe"]
WebhookFaultKind = Literal[
    "webhook_duplicate", "webhook_delay", "webhook_reorder", "webhook_drop", "webhook_bad_signature"
]
RateLimitReason = Literal[
    "global-rate", "global-concurrency", "endpoint-rate", "endpoint-concurrency", "resource-specific"
]

REQUEST_FAULTS: frozenset[str] = frozenset(get_args(RequestFaultKind))
MAX_RULES = 1_000
MAX_SECONDS = 3_600.0
DEFAULT_SECONDS = {
    "timeout_before_apply": 30.0,
    "timeout_after_apply": 30.0,
    "slow": 1.0,
    "webhook_delay": 1.0,
    "webhook_reorder": 5.0,
}


class BadFault(ValueError):
    """The rule cannot be; the message says what to change."""


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls or webhooks a rule is for. What is not named matches everything.

    `psp` leaves the calls and webhooks of the other PSPs alone. `operation` is a call as `/sandbox/state` counts it, such as `POST payment_intents/{}/capture`; `path` is a prefix.
    `metadata` is matched against the request and the payment it is about, or against the object of the webhook and
    its payment; all pairs must be there. `event_type` is for webhooks only; `psp`, it and `metadata` are all that can
    be said of a webhook.
    """

    psp: PspName | None = None
    operation: str | None = None
    path: str | None = None
    method: str | None = None
    metadata: dict[str, str] = {}
    idempotency_key: str | None = None
    payment_method: str | None = None
    event_type: str | None = None


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule. Fires `count` times (1 unless said); with a `probability`, on each match by chance, without end.

    `seconds`: how long the connection is held, the answer is late, or the webhook waits. A webhook that is to change
    places with the next is sent after `seconds` if no next one comes. `reason`: the header of a 429.
    """

    kind: RequestFaultKind | WebhookFaultKind
    count: int | None = None
    probability: float | None = None
    seconds: float | None = None
    reason: RateLimitReason = "endpoint-rate"
    match: Match = Match()

    def lasting(self) -> float:
        """`seconds`, or the default of the kind."""
        return DEFAULT_SECONDS.get(self.kind, 0.0) if self.seconds is None else self.seconds


class CallFacts(msgspec.Struct, kw_only=True, gc=False):
    """What a rule can know of a call. `replayed`: it is answered from an idempotency key or refused, not executed."""

    psp: PspName
    operation: str
    path: str
    method: str
    metadata: dict[str, str]
    idempotency_key: str | None
    payment_method: str | None
    replayed: bool


class Rule(msgspec.Struct, kw_only=True):
    """A fault in force. `left` is None for one without end."""

    fault: Fault
    left: int | None
    fired: int = 0


EXECUTION_FAULTS = frozenset({"error_500", "error_500_after_apply"})
"""These happen inside the endpoint, so a call that does not reach it does not use them up."""


class FaultRules:
    """The rules in force, oldest first; the first that matches fires. At most MAX_RULES."""

    def __init__(self, rng: random.Random) -> None:
        self._rules: list[Rule] = []
        self._rng = rng

    def add(self, fault: Fault) -> None:
        """Raises BadFault: out of range, or MAX_RULES are in force."""
        if fault.count is not None and not 1 <= fault.count <= 1_000_000:  # noqa: PLR2004 - stated in the message
            raise BadFault("count must be between 1 and 1000000")
        if fault.probability is not None and not 0 < fault.probability <= 1:
            raise BadFault("probability must be above 0 and at most 1")
        if fault.seconds is not None and not 0 <= fault.seconds <= MAX_SECONDS:
            raise BadFault(f"seconds must be between 0 and {MAX_SECONDS:.0f}")
        if len(self._rules) >= MAX_RULES:
            raise BadFault(f"at most {MAX_RULES} faults at a time; DELETE /sandbox/faults first")
        left = 1 if fault.count is None and fault.probability is None else fault.count
        self._rules.append(Rule(fault=fault, left=left))

    def rules(self) -> list[Rule]:
        """The rules still in force."""
        return list(self._rules)

    def clear(self) -> None:
        """No faults any more."""
        self._rules.clear()

    def empty(self) -> bool:
        """Whether nothing can go wrong on demand."""
        return not self._rules

    def take_for_call(self, facts: CallFacts) -> Fault | None:
        """The fault this call meets, used up by it."""
        return self._take(lambda fault: fault.kind in REQUEST_FAULTS and _fits_call(fault, facts))

    def take_for_webhook(self, psp: PspName, event_type: str, metadata: dict[str, str]) -> Fault | None:
        """The fault this webhook meets, used up by it."""
        return self._take(
            lambda fault: (
                fault.kind not in REQUEST_FAULTS
                and fault.match.psp in (None, psp)
                and fault.match.event_type in (None, event_type)
                and fault.match.metadata.items() <= metadata.items()
            )
        )

    def _take(self, fits: Callable[[Fault], bool]) -> Fault | None:
        for rule in self._rules:
            fault = rule.fault
            if not fits(fault):
                continue
            if fault.probability is not None and self._rng.random() >= fault.probability:
                continue
            rule.fired += 1
            if rule.left is not None:
                rule.left -= 1
                if rule.left == 0:
                    self._rules.remove(rule)
            return fault
        return None


def _fits_call(fault: Fault, facts: CallFacts) -> bool:
    wanted = fault.match
    if facts.replayed and fault.kind in EXECUTION_FAULTS:
        return False
    return (
        wanted.psp in (None, facts.psp)
        and wanted.operation in (None, facts.operation)
        and (wanted.path is None or facts.path.startswith(wanted.path))
        and wanted.method in (None, facts.method)
        and wanted.idempotency_key in (None, facts.idempotency_key)
        and wanted.payment_method in (None, facts.payment_method)
        and wanted.metadata.items() <= facts.metadata.items()
    )
