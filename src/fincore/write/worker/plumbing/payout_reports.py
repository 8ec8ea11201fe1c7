"""Reports of PSPs about payouts: recorded in the payout's stream, or held in the inbox for a person."""

from typing import Final, assert_never

import structlog

from fincore.domain.payout import PayoutAccount, PayoutReport
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Contended, Recorded
from fincore.write.psp.port import PayoutNotice
from fincore.write.queue.job_payloads import WebhookJob
from fincore.write.queue.port import ClaimedJob, Done, Hold, JobResult, RetryIn
from fincore.write.routing.plan import AccountName
from fincore.write.settlement.payouts import PayoutRecorder
from fincore.write.settlement.settled_account import SettledAccount, SettledAccounts, bank_account_of
from fincore.write.worker.plumbing.job_result import contended_pause_seconds
from fincore.write.worker.plumbing.metrics import WEBHOOKS_PROCESSED

_log = structlog.get_logger(__name__)

REQUEUE: Final = "compare the payout with the PSP's dashboard, then requeue"


class RecordPayout:
    """Records what a PSP reports of the payouts of the accounts that are configured. A report read twice changes nothing twice."""

    def __init__(self, recorder: PayoutRecorder, accounts: SettledAccounts) -> None:
        self._recorder = recorder
        self._accounts = accounts

    async def __call__(self, job: ClaimedJob, key: WebhookJob, notice: PayoutNotice) -> JobResult:
        """Record the report. What is not understood, or contradicts the log, stays in the inbox with the job that is held."""
        account = self._accounts.get(AccountName(key.psp, key.psp_account))
        if account is None:
            return Hold(f"no account {key.psp}/{key.psp_account} is configured; add it, then requeue")
        if notice.content is None:
            return _held(key, notice, notice.unreadable or "nothing is said of the payout")
        if notice.livemode != account.livemode:
            return _held(key, notice, f"it is of another mode than account {key.psp}/{key.psp_account}")
        return await self._record(job, key, notice, notice.content, account)

    async def _record(
        self,
        job: ClaimedJob,
        key: WebhookJob,
        notice: PayoutNotice,
        report: PayoutReport,
        account: SettledAccount,
    ) -> JobResult:
        recorded = await self._recorder.record(
            PayoutAccount(psp=key.psp, psp_account=key.psp_account, livemode=account.livemode),
            report,
            Provenance(
                correlation=report.psp_reference, actor=f"webhook:{key.psp}", causation=key.psp_event_id
            ),
            bank_account=bank_account_of(account, key.psp, key.psp_account, notice.destination),
        )
        match recorded:
            case Recorded():
                WEBHOOKS_PROCESSED.labels(key.psp, "recorded" if recorded.events else "known").inc()
                return Done()
            case Contended():
                return RetryIn(
                    contended_pause_seconds(job.attempt),
                    "the payout kept changing while this was to be recorded",
                )
            case Refusal():
                return _held(key, notice, recorded.detail)
            case _:
                assert_never(recorded)


def _held(key: WebhookJob, notice: PayoutNotice, reason: str) -> Hold:
    WEBHOOKS_PROCESSED.labels(key.psp, "held_in_inbox").inc()
    _log.error(
        "worker.payout_report_held",
        psp=key.psp,
        psp_account=key.psp_account,
        psp_event_id=key.psp_event_id,
        payout=notice.psp_reference,
        reason=reason,
    )
    return Hold(
        f"webhook {key.psp_event_id} of payout {notice.psp_reference or '(not named)'}: {reason}; {REQUEUE}"
    )
