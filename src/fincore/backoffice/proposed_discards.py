"""Proposals to discard a webhook that FinCore could not read, as they are carried out."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec

from fincore.backoffice.dead_letters import (
    DeadLetter,
    Letters,
    NoSuchDeadLetter,
    NotDiscardable,
    discard_dead_letter,
    place_of,
    show_dead_letter,
)
from fincore.backoffice.proposals import Executed, Impossible
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.proposal import Proposal
from fincore.domain.staff_decision import StaffDecision
from fincore.postgres.pool import Connection, Pool
from fincore.write.psp.inbox import received_reports


class ProposedDiscard(msgspec.Struct, frozen=True, kw_only=True):
    """What a proposal `webhook_discard` is to do: delete the dead letter of a webhook, which stays in the inbox."""

    job: str
    held_at: datetime
    psp: PspName
    psp_account: PspAccount
    psp_event: str
    report_type: str


ToPropose = Callable[[DeadLetter], Awaitable[ProposedDiscard | None]]
"""What two people have to agree on to discard a dead letter, or None, as of `discard_to_propose`."""


class DiscardExecutor:
    """Discards a webhook that is held still, since the same time."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    async def check(self, proposal: Proposal, _: StaffDecision) -> Impossible | None:
        """Whether its dead letter is there."""
        act = msgspec.json.decode(proposal.act, type=ProposedDiscard)
        try:
            shown = await show_dead_letter(self._letters, place_of(act.held_at, act.job))
        except NoSuchDeadLetter as error:
            return Impossible(str(error))
        return Impossible(str(NotDiscardable(shown.outlook))) if shown.outlook.is_needed else None

    async def execute_in(
        self, transaction: Connection, proposal: Proposal, _: StaffDecision
    ) -> Executed | Impossible:
        """Delete it."""
        act = msgspec.json.decode(proposal.act, type=ProposedDiscard)
        try:
            await discard_dead_letter(self._letters, place_of(act.held_at, act.job), within=transaction)
        except (NoSuchDeadLetter, NotDiscardable) as error:
            return Impossible(str(error))
        return Executed(f"job {act.job} is discarded")


async def discard_to_propose(eventstore: Pool, shown: DeadLetter) -> ProposedDiscard | None:
    """What two people have to agree on to discard a dead letter: that of a webhook of which the inbox has the body. None for any other."""
    subject = shown.subject
    if shown.outlook.left_to_do != "read_report" or subject is None:
        return None
    if subject.psp is None or subject.psp_account is None or subject.psp_event_id is None:
        return None
    found = await received_reports(eventstore, [(subject.psp, subject.psp_account, subject.psp_event_id)])
    if not found or not found[0].has_body:
        return None
    return ProposedDiscard(
        job=shown.job.job_id,
        held_at=shown.job.held_at,
        psp=subject.psp,
        psp_account=subject.psp_account,
        psp_event=subject.psp_event_id,
        report_type=found[0].type,
    )
