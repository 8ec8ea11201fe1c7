"""What the worker makes of warnings of fraud: recorded once, for the payment that they name, in every state of its charge."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.outcome import Approved, FraudWarningReport, PspReference
from fixtures.scripted_psp import NOON, Line, ScriptedPsp, Told, decline
from fixtures.worker_harness import harness_in_memory

WARNING = FraudWarningReport(
    psp_reference=PspReference("issfr_1"),
    fraud_type="stolen_card",
    is_actionable=True,
    warned_at=NOON,
    occurred_at=NOON,
)


def captured_at_psp(charge_id: ChargeId) -> Approved:
    return Approved(
        kind="captured",
        money=Money(1000, Currency("usd")),
        psp_reference=PspReference(f"pi_{charge_id}"),
        occurred_at=NOON,
    )


def told(number: int, payment: str, warning: FraudWarningReport = WARNING) -> Told:
    return Told(event_id=f"evt_{number}", says="warning", payment=payment, warning=warning)


@pytest.mark.parametrize(
    ("script", "outcome"), [([], "charge.captured"), ([decline], "charge.failed")], ids=["paid", "declined"]
)
async def test_warning_is_recorded_once_however_often_it_comes(script: Sequence[Line], outcome: str) -> None:
    async with harness_in_memory(ScriptedPsp(*script)) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        for number in (1, 1, 2):
            await harness.deliver(told(number, f"pi_{charge_id}"))
            await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", outcome, "charge.fraud_warned"]
        assert await harness.held() == []


async def test_warning_before_the_outcome_is_recorded_after_it() -> None:
    """No response to our call is known yet: the warning makes the worker read the payment first."""
    async with harness_in_memory(ScriptedPsp()) as harness:
        charge_id = await harness.charge(jobs=())
        harness.psp.becomes(charge_id, captured_at_psp(charge_id))
        await harness.deliver(told(1, f"pi_{charge_id}"))
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.captured",
            "charge.fraud_warned",
        ]


async def test_warning_after_a_refund_is_recorded_and_updated() -> None:
    async with harness_in_memory(ScriptedPsp()) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        await harness.ask_refund(charge_id, 1000)
        await harness.idle()
        later = msgspec.structs.replace(WARNING, is_actionable=False, occurred_at=NOON + timedelta(days=1))
        await harness.deliver(told(1, f"pi_{charge_id}"))
        await harness.deliver(told(2, f"pi_{charge_id}", later))
        await harness.idle()
        state = await harness.state(charge_id)
        assert (state.refunded_minor, state.captured_minor) == (1000, 1000)
        assert [warning.is_actionable for warning in state.fraud_warnings] == [False]


async def test_warning_of_a_payment_of_others_is_not_recorded() -> None:
    async with harness_in_memory(ScriptedPsp()) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        await harness.deliver(told(1, "pi_of_others"))
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.captured"]
        assert await harness.held() == []


async def test_warning_that_belongs_to_another_charge_is_held() -> None:
    async with harness_in_memory(ScriptedPsp()) as harness:
        first, second = await harness.charge(), await harness.charge()
        await harness.idle()
        await harness.deliver(told(1, f"pi_{first}"))
        await harness.idle()
        await harness.deliver(told(2, f"pi_{second}"))
        await harness.idle()
        assert (await harness.history(second))[2:] == ["charge.report_held"]
        assert [one.reason for one in (await harness.state(second)).held_reports] == ["psp_reference_taken"]
