"""A payment of the demo and what FinCore says of it, in data and in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from demo import money
from demo.payments import Evidence, Payment, Refund
from demo.processes import DemoFailed

Charge = dict[str, Any]
"""A charge as GET /v1/charges/{id} answers it."""

_DEAD: Final = frozenset({"failed", "canceled", "expired"})


@dataclass
class Sale:
    """A payment and its charge. `replays` counts the answers that were repeated, not made anew."""

    payment: Payment
    charge: Charge | None = None
    replays: int = 0

    @property
    def charge_id(self) -> str:
        """The charge's id. Raises `DemoFailed`: there is no charge yet."""
        if self.charge is None:
            raise DemoFailed(f"{self.payment.title} was never sent")
        return str(self.charge["id"])

    @property
    def status(self) -> str:
        """The charge's status, or that there is none yet."""
        return self.charge["status"] if self.charge else "sending"

    @property
    def amount(self) -> str:
        """What is to be paid."""
        return money.amount(self.payment.amount_minor, self.payment.currency)

    @property
    def is_over(self) -> bool:
        """All that was to come has come, or it can come no more."""
        return self.surprise is None or (self.status in _DEAD and self.status != self.payment.expected)

    @property
    def surprise(self) -> str | None:
        """What is not as it should end, as a sentence; None when all is."""
        charge = self.charge or {"refunds": [], "disputes": []}
        steps = self.payment.steps
        found = (
            ("it", [self.status], [self.payment.expected]),
            (
                "what blocks it",
                ["risk"] if is_blocked(charge) else [],
                ["risk"] if self.payment.is_blocked else [],
            ),
            (
                "its refunds",
                [refund["status"] for refund in charge["refunds"]],
                [step.ends for step in steps if isinstance(step, Refund)],
            ),
            (
                "its disputes",
                [_ending(dispute) for dispute in charge["disputes"]],
                [step.ends for step in steps if isinstance(step, Evidence)],
            ),
        )
        for what, actual, expected in found:
            if actual != expected:
                return f"{self.payment.title}: {what} should be {_list(expected)}, not {_list(actual)}"
        return None

    @property
    def remark(self) -> str:
        """What is worth saying beside the status."""
        if self.charge is None:
            return ""
        if self._has_history:
            return ", ".join(self._history())
        failure = self.charge["failure"]
        if failure:
            return f"{failure['decline_code'] or failure['code']}: {failure['advice'].replace('_', ' ')}"
        if self.charge["outcome_unknown_since"]:
            return "outcome unknown: asking the PSP"
        notes = []
        if any(entry["type"] == "charge.outcome_unknown" for entry in self.charge.get("timeline", [])):
            notes.append("the janitor found out")
        if self.replays:
            notes.append(f"sent {self.replays + 1} times, charged once")
        return ", ".join(notes)

    @property
    def news(self) -> str:
        """The remark; of several, the last event."""
        return self._history()[-1] if self._has_history and self._history() else self.remark

    @property
    def _has_history(self) -> bool:
        return bool(
            self.payment.customer
            or self.payment.steps
            or self.payment.accounts
            or (self.charge and self.charge["review"])
        )

    def _history(self) -> list[str]:
        """What happened to the charge, from its timeline."""
        timeline = self.charge.get("timeline", []) if self.charge else []
        return [
            _WORDS[entry["type"]](entry["data"], self.payment.currency)
            for entry in timeline
            if entry["type"] in _WORDS
        ]


def is_blocked(charge: Charge) -> bool:
    """Whether rules of risk refused the charge before any PSP was asked."""
    failure = charge.get("failure") or {}
    return failure.get("code") == "blocked_by_risk"


def _ending(dispute: dict[str, Any]) -> str:
    """A dispute's status; a verdict counts once the money has followed it."""
    is_owed = dispute["status"] == "won" and (
        dispute["amount_reinstated_minor"] != dispute["amount_withdrawn_minor"]
    )
    return "won, money not back yet" if is_owed else str(dispute["status"])


def _list(words: list[str]) -> str:
    return ", ".join(words) or "none"


def _amount_of(data: Mapping[str, Any], currency: str) -> str:
    return money.number(data["amount_minor"], currency)


_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any], str], str]]] = MappingProxyType(
    {
        "charge.action_required": lambda _data, _currency: "asked to act",
        "charge.customer_approved": lambda _data, _currency: "approved",
        "charge.rerouted": lambda _data, _currency: "account away, on to the next",
        "charge.authorized": lambda _data, _currency: "held",
        "charge.review_opened": lambda _data, _currency: "a person is to decide",
        "charge.review_decided": lambda data, _currency: f"{data['decision']}",
        "charge.captured": lambda data, currency: f"{_amount_of(data, currency)} taken",
        "charge.failed": lambda data, _currency: f"{data['code']}: {data['advice'].replace('_', ' ')}",
        "charge.canceled": lambda _data, _currency: "given up",
        "refund.outcome_unknown": lambda _data, _currency: "refund: no answer",
        "refund.pending": lambda _data, _currency: "refund pending",
        "refund.succeeded": lambda data, currency: f"{_amount_of(data, currency)} given back",
        "refund.failed": lambda _data, _currency: "sent back by the bank",
        "dispute.opened": lambda data, _currency: f"disputed ({data['reason'].replace('_', ' ')})",
        "dispute.funds_withdrawn": lambda data, currency: (
            f"{_amount_of(data, currency)} and {money.number(data['fee_minor'], currency)} fee withdrawn"
        ),
        "dispute.won": lambda _data, _currency: "won",
        "dispute.lost": lambda _data, _currency: "lost",
        "dispute.funds_reinstated": lambda data, currency: f"{_amount_of(data, currency)} reinstated",
    }
)
"""Event -> what the demo says of it; the others go without saying."""
