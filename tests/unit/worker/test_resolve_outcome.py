"""The handler of unknown outcomes, its jobs done one by one."""

from fincore.domain.held_report import ReportName, hold_report, release_report
from fincore.domain.ids import ChargeId, RefundId
from fincore.domain.refusal import Refusal
from fincore.write.queue.job_payloads import authorize_job, resolve_refund_job, send_refund_job
from fincore.write.queue.port import Done, RetryIn
from fixtures.scripted_psp import NOON, STRIPE, TEST_ACCOUNT, ScriptedPsp, SteppedClock, lost_before
from fixtures.worker_harness import HarnessInMemory

REPORT = ReportName(psp=STRIPE, psp_account=TEST_ACCOUNT, psp_event_id="evt_1", report_type="refund.created")


async def refund_in_doubt(harness: HarnessInMemory) -> tuple[ChargeId, RefundId]:
    charge_id = await harness.charge(jobs=())
    assert await harness.do(authorize_job(charge_id)) == Done()
    refund_id = await harness.ask_refund(charge_id, 300)
    assert await harness.do(send_refund_job(charge_id, refund_id)) == Done()
    assert (await harness.history(charge_id))[-1] == "refund.outcome_unknown"
    return charge_id, refund_id


async def test_refund_in_doubt_is_not_repeated_while_report_is_held() -> None:
    """The report may be about the same money. Released, the refund is sent again under its key."""
    harness = HarnessInMemory(ScriptedPsp(refund=(lost_before,)), SteppedClock())
    charge_id, refund_id = await refund_in_doubt(harness)
    charge = await harness.state(charge_id)
    held = hold_report(charge.held_reports, REPORT, "not_understood", "a new status", NOON)
    assert not isinstance(held, Refusal)
    await harness.append(charge_id, *held, version=charge.version)
    job = resolve_refund_job(charge_id, refund_id, delay_seconds=0)
    result = await harness.do(job)
    assert isinstance(result, RetryIn)
    assert (result.reason, len(harness.psp.calls)) == ("a report of the PSP is held", 1)
    charge = await harness.state(charge_id)
    released = release_report(charge.held_reports, "evt_1", released_by="ada", reason="Looked.", now=NOON)
    assert not isinstance(released, Refusal)
    await harness.append(charge_id, *released, version=charge.version)
    assert await harness.do(job) == Done()
    assert (await harness.history(charge_id))[-1] == "refund.succeeded"
    assert len({call.idempotency_key for call in harness.psp.calls}) == 1
    assert len(harness.psp.calls) == 2
