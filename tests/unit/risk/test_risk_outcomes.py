"""What became of a charge, as increments of counters: when each counts, by what, and what takes it back."""

from collections import Counter as Tally
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from msgspec.structs import replace

from fincore.domain.currency import Currency
from fincore.domain.events import (
    EVENTS,
    ChargeCorrected,
    ChargeEvent,
    ChargeFailed,
    FraudWarned,
    FraudWarningUpdated,
    InstrumentTold,
    RiskAssessed,
)
from fincore.domain.ids import new_dispute_id, new_event_id
from fincore.domain.outcome import FailureCode, PspAccount, PspName, PspReference
from fincore.domain.payment_method import CardInstrument, UntokenisedCard
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.risk import CustomerContext
from fincore.write.risk.features import COUNTERS, known_of
from fincore.write.risk.outcomes import DECLINES, OUTCOMES, Pair, increments_of, pairs_of
from fincore.write.risk.rings import ATTEMPT_MEASURES, outcome_of
from fincore.write.risk.store import Key, Measure
from fixtures.commits import MERCHANT, NOON, captured, created, dispute_opened, new_stream
from fixtures.risk import REQUEST
from fixtures.risk_engines import assessment

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = int(BEGAN.timestamp())
ALL = pairs_of(COUNTERS.values())
IP = "192.0.2.1"
BORN = created(customer=CustomerContext(ip=IP))
CARD = CardInstrument(brand="visa", fingerprint="fp_1")
FAILED = ChargeFailed(code="card_declined", message="", advice="ask_customer", occurred_at=NOON)


def stream(*events: ChargeEvent) -> list[RecordedEvent[ChargeEvent]]:
    """A charge's stream, an event a minute."""
    stream_id = new_stream()
    return [
        RecordedEvent(
            1, number, stream_id, number, new_event_id(), event, BEGAN + timedelta(minutes=number - 1)
        )
        for number, event in enumerate(events, start=1)
    ]


def corrected(status_before: str, status_after: str, before_minor: int, after_minor: int) -> ChargeCorrected:
    return ChargeCorrected(
        merchant_id=MERCHANT,
        livemode=False,
        psp=PspName("stripe"),
        psp_account=PspAccount("test"),
        psp_reference=PspReference("pi_1"),
        status_before=status_before,  # type: ignore[arg-type]
        status_after=status_after,  # type: ignore[arg-type]
        captured_before_minor=before_minor,
        captured_after_minor=after_minor,
        currency=Currency("usd"),
        reason="the PSP's record says so",
        occurred_at=NOON,
    )


def name(measure: Measure, key: Key, value: str) -> bytes:
    return outcome_of(measure, key, value, merchant_id=MERCHANT, livemode=False, currency="usd")


def found(
    events: Sequence[ChargeEvent], measure: Measure, key: Key = "ip", value: str = IP
) -> dict[int, int]:
    """What one counter gets, by the minute of the charge's life at which it counts."""
    wanted, counter = name(measure, key, value), Tally[int]()
    for one in increments_of(stream(*events), ALL):
        if one.outcome == wanted:
            counter[(one.second - SECOND) // 60] += one.amount
    return dict(counter)


def test_every_counter_of_outcomes_has_an_event() -> None:
    named = {measure for counted in OUTCOMES.values() for measure in counted.measures}
    assert {counter.measure for counter in COUNTERS.values()} - ATTEMPT_MEASURES == named
    assert OUTCOMES.keys() <= EVENTS.keys()


def test_capture_counts_when_it_was_recorded() -> None:
    events: list[ChargeEvent] = [BORN, captured(1000)]
    assert found(events, "captures") == {1: 1}
    assert found(events, "captured_minor") == {1: 1000}
    assert found(events, "declines") == {}


@pytest.mark.parametrize("code", get_args(FailureCode))
def test_only_refused_payment_methods_are_declines(code: FailureCode) -> None:
    ours = {"blocked_by_risk", "card_deleted", "card_unreadable", "psp_unavailable", "psp_rejected_request"}
    flawed = {"amount_too_large", "amount_too_small", "processing_error"}
    assert (code in DECLINES) == (code not in ours | flawed)
    expected = {1: 1} if code in DECLINES else {}
    assert found([BORN, replace(FAILED, code=code)], "declines") == expected


def test_dispute_counts_each() -> None:
    events: list[ChargeEvent] = [
        BORN,
        captured(),
        dispute_opened(new_dispute_id()),
        dispute_opened(new_dispute_id()),
    ]
    assert found(events, "disputes") == {2: 1, 3: 1}
    assert found(events, "fraud_disputes") == {}


def test_dispute_about_fraud_counts_as_that_too() -> None:
    events: list[ChargeEvent] = [BORN, captured(), dispute_opened(new_dispute_id(), category="fraud")]
    assert found(events, "disputes") == found(events, "fraud_disputes") == {2: 1}


def test_fraud_warning_counts_once_however_it_changes() -> None:
    reference = PspReference("issfr_1")
    warned = FraudWarned(
        psp_reference=reference, fraud_type="other", is_actionable=True, warned_at=NOON, occurred_at=NOON
    )
    updated = FraudWarningUpdated(
        psp_reference=reference, fraud_type="other", is_actionable=False, occurred_at=NOON
    )
    assert found([BORN, captured(), warned, updated], "fraud_warnings") == {2: 1}


def test_decline_that_was_none_is_taken_back_where_it_counted() -> None:
    events: list[ChargeEvent] = [BORN, FAILED, corrected("failed", "succeeded", 0, 700)]
    assert found(events, "declines") == {1: 0}
    assert found(events, "captures") == {2: 1}
    assert found(events, "captured_minor") == {2: 700}


def test_capture_that_never_was_is_taken_back_where_it_counted() -> None:
    events: list[ChargeEvent] = [BORN, captured(1000), corrected("succeeded", "failed", 1000, 0)]
    assert found(events, "captures") == {1: 0}
    assert found(events, "captured_minor") == {1: 0}


def test_capture_of_another_amount_counts_as_that() -> None:
    events: list[ChargeEvent] = [BORN, captured(1000), corrected("succeeded", "succeeded", 1000, 1300)]
    assert found(events, "captures") == {1: 1}
    assert found(events, "captured_minor") == {1: 1300}


def test_capture_after_one_that_never_was_counts_then() -> None:
    events: list[ChargeEvent] = [
        BORN,
        captured(1000),
        corrected("succeeded", "authorized", 1000, 0),
        captured(400),
        corrected("succeeded", "failed", 400, 0),
    ]
    assert found(events, "captured_minor") == {1: 0, 3: 0}
    assert found(events[:-1], "captures") == {1: 0, 3: 1}


def test_outcome_is_taken_back_at_the_place_where_it_counted() -> None:
    declined = stream(
        BORN, FAILED, corrected("failed", "succeeded", 0, 1000), corrected("succeeded", "failed", 1000, 0)
    )
    told = [
        (one.version, one.pair[0], one.amount, one.place)
        for one in increments_of(declined, {("declines", "ip"), ("captures", "ip")})
    ]
    assert told == [
        (2, "declines", 1, (1, 2)),
        (3, "declines", -1, (1, 2)),
        (3, "captures", 1, (1, 3)),
        (4, "captures", -1, (1, 3)),
    ]


def test_card_counts_by_token_and_fingerprint() -> None:
    events: list[ChargeEvent] = [BORN, captured(instrument=CARD)]
    assert found(events, "captures", "card", "pm_card_visa") == {1: 1}
    assert found(events, "captures", "card", "fp_1") == {1: 1}


def test_fingerprint_told_later_counts_earlier_outcomes_too() -> None:
    told = InstrumentTold(psp_reference=PspReference("pi_1"), instrument=CARD)
    events: list[ChargeEvent] = [BORN, captured(), told, dispute_opened(new_dispute_id())]
    assert found(events, "captures", "card", "fp_1") == {1: 1}
    assert found(events, "disputes", "card", "fp_1") == {3: 1}
    versions = {one.version for one in increments_of(stream(*events), {("captures", "card")})}
    assert versions == {2, 3}


def test_first_fingerprint_of_a_charge_is_the_one_it_counts_by() -> None:
    """What is taken back is taken from the counter that has it."""
    told = InstrumentTold(psp_reference=PspReference("pi_1"), instrument=CardInstrument(fingerprint="fp_2"))
    events: list[ChargeEvent] = [
        BORN,
        captured(instrument=CARD),
        told,
        corrected("succeeded", "failed", 1000, 0),
    ]
    assert found(events, "captures", "card", "fp_1") == {1: 0}
    assert found(events, "captures", "card", "fp_2") == {}


def test_card_without_fingerprint_and_token_counts_by_none() -> None:
    events = stream(created(payment_method=UntokenisedCard()), captured())
    assert [one.pair[1] for one in increments_of(events, ALL)] == ["merchant", "merchant"]


def test_first_digits_come_from_the_assessment() -> None:
    seen = assessment("allow")
    assessed = RiskAssessed(assessment=replace(seen, facts={"card_bin": "424242"}), assessed_at=NOON)
    assert found([BORN, assessed, FAILED], "declines", "bin", "424242") == {2: 1}
    assert found([BORN, RiskAssessed(assessment=seen, assessed_at=NOON), FAILED], "declines", "bin", "") == {}


def test_only_what_is_counted_is_told() -> None:
    counted: set[Pair] = {("captures", "email")}
    events = stream(replace(BORN, customer_email="Ann@Shop.example"), captured())
    assert [one.pair for one in increments_of(events, counted)] == [("captures", "email")]


def test_outcomes_count_by_what_the_attempt_counted_by() -> None:
    customer = CustomerContext(id="cus_1", email="x@y.example", ip="2001:db8::1", device_id="d1")
    born = created(customer=customer, customer_email=" Ann@Shop.EXAMPLE")
    request = replace(
        REQUEST,
        merchant_id=MERCHANT,
        customer=customer,
        email=born.customer_email,
        payment_token="pm_card_visa",
    )
    attempted = known_of(request, None, NOON).keys
    for key, value in attempted.items():
        assert found([born, FAILED], "declines", key, value) == {1: 1}, key
    assert len(list(increments_of(stream(born, FAILED), ALL))) == len(attempted)
