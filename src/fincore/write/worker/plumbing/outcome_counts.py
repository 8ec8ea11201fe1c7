"""Counts the first outcome of each charge that went to a PSP, when it is recorded: by account, brand, country and issuer."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, get_args

from fincore.domain.charge import Charge
from fincore.domain.country import COUNTRIES
from fincore.domain.events import (
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeEvent,
    ChargeExpired,
    ChargeFailed,
)
from fincore.domain.outcome import FailureCode
from fincore.domain.payment_method import CardInstrument, Instrument
from fincore.observability.bounded_label import NONE, OTHER, BoundedLabel
from fincore.write.worker.plumbing.metrics import (
    CHARGE_OUTCOME_SECONDS,
    CHARGE_OUTCOMES,
    CHARGE_OUTCOMES_BY_BIN,
    CHARGE_OUTCOMES_BY_BRAND,
    CHARGE_OUTCOMES_BY_COUNTRY,
)

CountedOutcome = Literal["approved", "declined", "failed", "blocked", "canceled", "expired"]

OF_FAILURES: Final[Mapping[FailureCode, CountedOutcome]] = {
    "amount_too_large": "failed",
    "amount_too_small": "failed",
    "authentication_failed": "declined",
    "authentication_required": "declined",
    "blocked_by_risk": "blocked",
    "card_declined": "declined",
    "card_deleted": "failed",
    "card_unreadable": "failed",
    "expired_card": "declined",
    "incorrect_cvc": "declined",
    "incorrect_number": "declined",
    "payment_method_invalid": "failed",
    "processing_error": "failed",
    "psp_rejected_request": "failed",
    "psp_unavailable": "failed",
}
"""As what a failure counts. A rate of authorization is `approved` of `approved` and `declined`."""
BRANDS: Final = frozenset(
    [
        "amex",
        "cartes_bancaires",
        "diners",
        "discover",
        "eftpos_au",
        "elo",
        "hiper",
        "hipercard",
        "interac",
        "jcb",
        "link",
        "maestro",
        "mastercard",
        "mir",
        "rupay",
        "unionpay",
        "visa",
    ]
)
COUNTRIES_MAX: Final = 60
BINS_MAX: Final = 100
_MODES: Final = ("live", "test")
_ISSUER: Final = re.compile(r"[0-9]{6}", re.ASCII)
_WAITING: Final = ("processing", "requires_action")


class OutcomeCounts:
    """Counts outcomes under labels that stay within bounds, no matter what PSPs and merchants send.

    The two modes have bounds of their own: what is tried in test mode takes no label from live mode.
    """

    def __init__(self) -> None:
        self._countries = {mode: BoundedLabel(COUNTRIES_MAX) for mode in _MODES}
        self._bins = {mode: BoundedLabel(BINS_MAX) for mode in _MODES}
        self._accounts: set[tuple[str, str, str]] = set()

    def count(self, before: Charge, events: Sequence[ChargeEvent], now: datetime) -> None:
        """Count the outcome in events that were recorded on a charge; nothing where it had one, or still has none."""
        if before.status not in _WAITING:
            return
        for event in events:
            outcome = _outcome_of(event)
            if outcome is not None:
                told = getattr(event, "instrument", None) or before.instrument
                self._count(before, outcome, told, now)
                return

    def _count(self, charge: Charge, outcome: CountedOutcome, told: Instrument | None, now: datetime) -> None:
        mode = "live" if charge.livemode else "test"
        account = (mode, charge.psp, charge.psp_account)
        if account not in self._accounts:
            # Prometheus sees no increase in a series that begins at 1.
            self._accounts.add(account)
            for one in get_args(CountedOutcome):
                CHARGE_OUTCOMES.labels(*account, one)
        CHARGE_OUTCOMES.labels(*account, outcome).inc()
        card = told if isinstance(told, CardInstrument) else None
        brand = NONE if card is None or card.brand is None else card.brand if card.brand in BRANDS else OTHER
        CHARGE_OUTCOMES_BY_BRAND.labels(mode, charge.psp, brand, outcome).inc()
        country = None if told is None else told.country
        is_country = country is None or country in COUNTRIES
        CHARGE_OUTCOMES_BY_COUNTRY.labels(
            mode, self._countries[mode].of(country) if is_country else OTHER, outcome
        ).inc()
        issuer = (card and card.bin) or _issuer_that_rules_read(charge)
        if issuer is not None:
            CHARGE_OUTCOMES_BY_BIN.labels(mode, self._bins[mode].of(issuer), outcome).inc()
        seconds = max(0.0, (now - charge.created_at).total_seconds())
        CHARGE_OUTCOME_SECONDS.labels(mode, charge.psp, _way_of(charge)).observe(seconds)


def _issuer_that_rules_read(charge: Charge) -> str | None:
    """Of a card that was sent by its number, where a risk rule asked for its first digits: no PSP need tell them."""
    digits = None if charge.risk is None else charge.risk.facts.get("card_bin")
    return digits if isinstance(digits, str) and _ISSUER.fullmatch(digits) else None


def _outcome_of(event: ChargeEvent) -> CountedOutcome | None:
    match event:
        case ChargeAuthorized() | ChargeCaptured():
            return "approved"
        case ChargeFailed(code=code):
            return OF_FAILURES[code]
        case ChargeCanceled():
            return "canceled"
        case ChargeExpired():
            return "expired"
        case _:
            return None


def _way_of(charge: Charge) -> Literal["direct", "customer", "pending"]:
    if charge.actions_required or charge.completions_requested:
        return "customer"
    return "direct" if charge.pending_until is None else "pending"
