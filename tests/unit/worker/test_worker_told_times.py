"""What the worker makes of times that cannot be: the money is recorded, and nothing is put off."""

from datetime import UTC, datetime, timedelta

import msgspec

from fincore.domain.outcome import Approved, FraudWarningReport, PspReference
from fixtures.scripted_psp import ScriptedPsp, Told
from fixtures.worker_harness import harness_in_memory

FAR = datetime(9999, 12, 30, tzinfo=UTC)


def far_ahead(outcome: Approved) -> Approved:
    return msgspec.structs.replace(outcome, occurred_at=FAR, capture_before=FAR)


async def test_hold_without_a_believable_end_has_none() -> None:
    psp = ScriptedPsp()
    psp.tells["authorize"] = far_ahead
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge(capture_method="manual")
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.capture_before) == ("authorized", None)
        assert charge.authorized_at is not None
        assert charge.authorized_at - datetime.now(UTC) < timedelta(days=366)


async def test_report_of_a_far_time_is_recorded_at_ours() -> None:
    warning = FraudWarningReport(
        psp_reference=PspReference("issfr_1"),
        fraud_type="stolen_card",
        is_actionable=True,
        warned_at=FAR,
        occurred_at=FAR,
    )
    async with harness_in_memory(ScriptedPsp()) as harness:
        charge_id = await harness.charge()
        await harness.idle()
        told = Told(event_id="evt_1", says="warning", payment=f"pi_{charge_id}", warning=warning)
        await harness.deliver(told)
        await harness.idle()
        (recorded,) = (await harness.state(charge_id)).fraud_warnings
        assert recorded.warned_at < FAR
