"""The store of proposals holds the order of their steps itself, and what two people agreed on is carried out once at any crash."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from typing import Any, Final, get_args

import asyncpg
import msgspec
import pytest
from prometheus_client import REGISTRY

from fincore.backoffice.proposal_finisher import finish_proposals
from fincore.backoffice.proposals import (
    Executed,
    Impossible,
    InTransaction,
    NotDecided,
    NotNow,
    ProposalDecisions,
)
from fincore.backoffice.proposed_settings import ProposedRiskRules, ProposedRoutingRules
from fincore.backoffice.risk_rules import draft_rules, starter_rules, use_rules
from fincore.backoffice.staff_refunds import ProposedRefund
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.staff_act_services import ActLimits, ActServices, act_services
from fincore.domain.clock import SystemClock
from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, MerchantId, ProposalId
from fincore.domain.money import Money
from fincore.domain.one_person_limits import OnePersonLimit, OverLimit
from fincore.domain.proposal import (
    PROPOSAL_KINDS,
    PROPOSAL_TRANSITIONS,
    Proposal,
    ProposalKind,
    ProposalStep,
    StepFlaw,
)
from fincore.domain.staff_actor import StaffActor
from fincore.domain.staff_decision import Agreement, StaffDecision
from fincore.eventstore.commit import IdempotencyKey
from fincore.eventstore.watch import StreamWatch
from fincore.postgres.pool import Connection, Pool
from fincore.write.merchants.merchants import minted_key
from fincore.write.risk.rule_versions import RiskRuleVersions
from fincore.write.routing.rule_store import RuleStore
from fincore.write.staff.counted_refunds import CountedRefunds
from fincore.write.staff.proposals import NewProposal, ProposalFilters, Proposals, TooManyProposals
from fixtures.cases import on_one_installation
from fixtures.merchant_api import Api, serving_api
from fixtures.waiting import eventually

LEA: Final = StaffActor("sub-lea", "lea")
MAX: Final = StaffActor("sub-max", "max")


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


def services_of(api: Api) -> ActServices:
    """The services of a staff role that may refund nothing alone."""
    pool = api.pool
    stores = Stores(eventstore=pool, queue=pool, notify=pool, risk=pool, paymentdb=pool, ledgerdb=pool)
    return act_services(
        stores,
        ActLimits(),
        writer=api.writer,
        watch=StreamWatch(api.log),
        log=api.log,
        clock=SystemClock(),
    )


async def proposed(
    pool: Pool, charge_id: str, *, amount_minor: int = 500, proposer: StaffActor = LEA
) -> Proposal:
    """A refund of a charge that waits for a second person."""
    new = NewProposal(
        kind="refund",
        livemode=False,
        merchant_id=None,
        object_id=charge_id,
        money=Money(amount_minor, Currency("usd")),
        act=ProposedRefund(charge=ChargeId(charge_id), amount_minor=amount_minor),
        proposer=proposer,
        reason="asked by phone",
        needed_because="it is much",
    )
    async with pool.acquire() as connection, connection.transaction():
        proposal_id = await Proposals.add(connection, new)
    return await read(pool, proposal_id)


async def read(pool: Pool, proposal_id: ProposalId) -> Proposal:
    proposal = await Proposals(pool).read(proposal_id)
    assert proposal is not None
    return proposal


async def make_old(owner_pool: Pool, proposal: Proposal) -> None:
    """Let a proposal have waited for eight days."""
    async with owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("alter table staff.proposals disable trigger user")
        await connection.execute(
            "update staff.proposals set proposed_at = proposed_at - interval '8 days', expires_at = expires_at - interval '8 days'"
            " where proposal_id = $1",
            proposal.proposal_id,
        )
        await connection.execute("alter table staff.proposals enable trigger user")


async def step(pool: Pool, proposal: Proposal, name: str, by: StaffActor | None, before: str) -> None:
    """Write a step beside the code that checks it."""
    await pool.execute(
        "insert into staff.proposal_steps (proposal_id, status_before, step, subject, username, counted_for, reason)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        proposal.proposal_id,
        before,
        name,
        by.subject if by else None,
        by.username if by else None,
        by.counted_for if by else None,
        "why" if by else None,
    )


async def test_database_holds_the_printed_transitions(pool: Pool) -> None:
    rows = await pool.fetch("select status_before, step, status from staff.proposal_transitions")
    assert {(row[0], row[1]): row[2] for row in rows} == dict(PROPOSAL_TRANSITIONS)


@on_one_installation(
    ("name", "by", "before"),
    [
        ("approve", LEA, "proposed"),
        ("approve", StaffActor("sub-\uff2cea", "other"), "proposed"),
        ("decline", LEA, "proposed"),
        ("withdraw", MAX, "proposed"),
        ("expire", None, "proposed"),
        ("execute", None, "proposed"),
        ("execute", None, "approved"),
        ("refuse", None, "approved"),
    ],
)
async def test_database_refuses_steps_out_of_order(
    pool: Pool, name: str, by: StaffActor | None, before: str
) -> None:
    proposal = await proposed(pool, "ch_1")
    with pytest.raises(asyncpg.RestrictViolationError):
        await step(pool, proposal, name, by, before)
    assert (await read(pool, proposal.proposal_id)).status == "proposed"


async def test_steps_of_people_name_a_person(pool: Pool) -> None:
    proposal = await proposed(pool, "ch_1")
    with pytest.raises(asyncpg.CheckViolationError, match="steps_of_people_name_the_person"):
        await step(pool, proposal, "approve", None, "proposed")


async def test_proposals_and_steps_are_never_rewritten(pool: Pool, owner_pool: Pool) -> None:
    proposal = await proposed(pool, "ch_1")
    await step(pool, proposal, "decline", MAX, "proposed")
    for statement in (
        "update staff.proposals set amount_minor = 1",
        "update staff.proposals set status = 'approved'",
        "delete from staff.proposals",
        "update staff.proposal_steps set reason = 'other'",
        "delete from staff.proposal_steps",
        "insert into staff.proposal_transitions values ('declined', 'approve', 'approved')",
        "delete from staff.counted_refunds where owner = 'x'; update staff.proposal_transitions set status = 'approved'",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner_pool.execute(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("update staff.proposals set status = 'approved'")


async def test_proposal_that_waited_too_long_expires(api: Api, pool: Pool, owner_pool: Pool) -> None:
    charge_id = await api.paid()
    proposal, young = await proposed(pool, charge_id), await proposed(pool, charge_id)
    await make_old(owner_pool, proposal)
    decisions = services_of(api).decisions
    late = await decisions.approve(await read(pool, proposal.proposal_id), MAX, reason="late")
    assert getattr(late, "flaw", None) == "is_over"
    with pytest.raises(asyncpg.RestrictViolationError):
        await step(pool, proposal, "approve", MAX, "proposed")
    assert await decisions.finish() == 1
    assert (await read(pool, proposal.proposal_id)).status == "expired"
    assert (await read(pool, young.proposal_id)).status == "proposed"


async def test_one_person_has_a_bounded_number_of_proposals(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fincore.write.staff.proposals.OPEN_OF_ONE_PERSON_MAX", 2)
    first, _ = await proposed(pool, "ch_1"), await proposed(pool, "ch_1")
    with pytest.raises(TooManyProposals):
        await proposed(pool, "ch_1", proposer=StaffActor("SUB-LEA", "x"))
    await proposed(pool, "ch_1", proposer=MAX)
    await step(pool, first, "withdraw", LEA, "proposed")
    await proposed(pool, "ch_1")


async def test_list_holds_what_filters_ask_for(pool: Pool) -> None:
    first = await proposed(pool, "ch_1")
    second = await proposed(pool, "ch_2", proposer=MAX)
    await step(pool, second, "decline", LEA, "proposed")

    async def objects(filters: ProposalFilters, after_id: ProposalId | None = None) -> list[str]:
        found, _ = await Proposals(pool).page(filters, after_id=after_id, limit=10)
        return [one.object_id for one in found]

    assert await objects(ProposalFilters(livemode=False)) == ["ch_2", "ch_1"]
    assert await objects(ProposalFilters(livemode=False), second.proposal_id) == ["ch_1"]
    assert await objects(ProposalFilters(livemode=True)) == []
    assert await objects(ProposalFilters(livemode=False, merchant_ids=[])) == []
    assert await objects(ProposalFilters(livemode=False, statuses=["declined"])) == ["ch_2"]
    assert await objects(ProposalFilters(livemode=False, of="sub-lea")) == ["ch_1"]
    assert await objects(ProposalFilters(livemode=False, not_of="sub-lea")) == ["ch_2"]
    assert await objects(ProposalFilters(livemode=False, object_id="ch_1")) == [first.object_id]


async def proposed_setting(pool: Pool, kind: ProposalKind, act: msgspec.Struct) -> Proposal:
    """A change of settings that waits for a second person."""
    new = NewProposal(
        kind=kind,
        livemode=None,
        merchant_id=None,
        object_id="settings",
        money=None,
        act=act,
        proposer=LEA,
        reason="asked for by the merchant",
        needed_because="two people decide it",
    )
    async with pool.acquire() as connection, connection.transaction():
        proposal_id = await Proposals.add(connection, new)
    return await read(pool, proposal_id)


async def approved(api: Api, proposal: Proposal) -> Proposal | NotDecided | None:
    return await services_of(api).decisions.approve(proposal, MAX, reason="yes")


async def test_live_key_works_from_its_approval_on(api: Api, pool: Pool) -> None:
    key, row = minted_key(api.merchant_id, "secret", livemode=True, name="shop")
    proposal = await proposed_setting(pool, "live_key", row)
    assert (await api.get("/v1/charges", key=key.secret)).problem()[1] == "api_key_invalid"
    ended = await approved(api, proposal)
    assert isinstance(ended, Proposal)
    assert (ended.status, ended.result) == ("executed", row.key_id)
    async with serving_api(pool) as fresh:  # the other one remembers for a moment what it did not know
        assert (await fresh.get("/v1/charges", key=key.secret)).status == 200
    everything = await pool.fetchval("select string_agg(p::text, ' ') from staff.proposals p")
    assert key.secret.reveal() not in everything
    assert key.secret.reveal()[8:] not in everything


async def test_routing_rules_follow_the_version_they_were_proposed_for(api: Api, pool: Pool) -> None:
    first = await proposed_setting(pool, "routing_rules", ProposedRoutingRules(text="", after=0))
    second = await proposed_setting(pool, "routing_rules", ProposedRoutingRules(text="", after=0))
    outcomes = await asyncio.gather(*(approved(api, first) for _ in range(3)), approved(api, first))
    assert {one.result for one in outcomes if isinstance(one, Proposal)} == {"version 1 is live"}
    late = await approved(api, second)
    assert isinstance(late, NotDecided)
    assert "version 1 of the routing rules is live" in late.sentence
    assert await RuleStore(pool).live_version() == 1
    shown = await RuleStore(pool).read(1)
    assert shown is not None
    assert (shown.set_by, shown.reason) == ("lea", "asked for by the merchant")


async def test_risk_rules_are_live_once_two_people_agree(api: Api, pool: Pool) -> None:
    store, now = RiskRuleVersions(pool), SystemClock().now()
    version, _ = await draft_rules(store, starter_rules(), now=now, by="lea", reason="first")
    proposal = await proposed_setting(pool, "risk_rules", ProposedRiskRules(version=version, state="live"))
    draft = await approved(api, proposal)
    assert isinstance(draft, NotDecided)
    assert "is a draft" in draft.sentence
    await use_rules(store, version, "shadow", now=now, by="lea", reason="try")
    ended = await approved(api, proposal)
    assert isinstance(ended, Proposal)
    assert ended.status == "executed"
    assert await store.in_force() == {version: "live"}


class Noting:
    """An executor that writes a row in the transaction in which its proposal ends."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def check(self, _: Proposal, __: StaffDecision) -> Impossible | None:
        return None

    async def execute_in(self, transaction: Connection, proposal: Proposal, _: StaffDecision) -> Executed:
        await Proposals.add(
            transaction,
            NewProposal(
                kind="refund",
                livemode=False,
                merchant_id=None,
                object_id=f"of {proposal.proposal_id}",
                money=None,
                act=ProposedRiskRules(version=1, state="live"),
                proposer=LEA,
                reason="why",
                needed_because="why",
            ),
        )
        return Executed("done")


async def test_work_in_one_transaction_with_its_end_is_done_once(pool: Pool) -> None:
    proposal = await proposed_setting(pool, "risk_rules", ProposedRiskRules(version=1, state="live"))
    await step(pool, proposal, "approve", MAX, "proposed")
    several = [
        ProposalDecisions(Proposals(pool), {"risk_rules": InTransaction(Noting(pool))}) for _ in range(4)
    ]
    await asyncio.gather(*(one.finish() for one in several))
    written = await pool.fetchval(
        "select count(*) from staff.proposals where object_id = $1", f"of {proposal.proposal_id}"
    )
    assert (written, (await read(pool, proposal.proposal_id)).status) == (1, "executed")


USD_LIMIT: Final = (OnePersonLimit(Currency("usd"), 300, 400),)


def usd(minor: int) -> Money:
    return Money(minor, Currency("usd"))


async def test_key_counts_for_one_request_and_each_day(pool: Pool, owner_pool: Pool) -> None:
    """A key that another amount was counted for counts for no larger one, and yesterday's for nothing of today."""
    counted = CountedRefunds(pool, USD_LIMIT)
    key = IdempotencyKey(MerchantId(LEA.actor), livemode=False, key="k")
    other = IdempotencyKey(MerchantId(LEA.actor), livemode=False, key="other")
    assert await counted.count(LEA, key, b"small", usd(300)) == "counted"
    assert await counted.count(LEA, key, b"small", usd(300)) == "counted"
    assert await counted.count(LEA, key, b"large", usd(1)) == "key_reused"
    over = await counted.count(LEA, other, b"other", usd(101))
    assert isinstance(over, OverLimit)
    assert (over.today_minor, over.is_of_day) == (300, True)
    async with owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("alter table staff.counted_refunds disable trigger user")
        await connection.execute(
            "update staff.counted_refunds set counted_at = counted_at - interval '1 day'"
        )
        await connection.execute("alter table staff.counted_refunds enable trigger user")
    assert await counted.count(LEA, other, b"other", usd(101)) == "counted"
    assert isinstance(await counted.count(LEA, key, b"small", usd(300)), OverLimit)


async def test_waiting_proposals_of_others_are_counted(pool: Pool) -> None:
    await proposed(pool, "ch_1")
    await proposed(pool, "ch_2", proposer=MAX)
    await proposed_setting(pool, "risk_rules", ProposedRiskRules(version=1, state="live"))
    store = Proposals(pool)
    money: list[ProposalKind] = ["refund"]
    rules: list[ProposalKind] = ["risk_rules"]
    assert (await store.waiting(MAX, money, livemode=False, limit=10))[0] == 1
    assert (await store.waiting(MAX, money, livemode=True, limit=10)) == (0, None)
    assert (await store.waiting(MAX, rules, livemode=True, limit=10))[0] == 1
    assert (await store.waiting(StaffActor("x", "x"), money, livemode=False, limit=1))[0] == 1
    assert (await store.waiting(MAX, money, livemode=False, merchant_ids=[], limit=10))[0] == 0


async def test_database_knows_each_kind(pool: Pool) -> None:
    kinds = await pool.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'proposals_kind_check'"
    )
    assert set(re.findall(r"'(\w+)'", kinds)) == set(PROPOSAL_KINDS) == set(get_args(ProposalKind))


class Failing:
    """An executor that fails as told, and counts."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.executions = 0

    async def check(self, _: Proposal, __: StaffDecision) -> Impossible | None:
        return None

    async def execute(self, _: Proposal, __: StaffDecision) -> Executed:
        self.executions += 1
        if self.failures:
            raise self.failures.pop(0)
        return Executed("done")

    async def made(self, _: Proposal, __: StaffDecision) -> Executed | None:
        return None


async def test_agreed_proposal_waits_where_it_cannot_be_carried_out(pool: Pool) -> None:
    proposal, executor = await proposed(pool, "ch_1"), Failing(NotNow("busy"))
    decisions = ProposalDecisions(Proposals(pool), {"refund": executor})
    waits = await decisions.approve(proposal, MAX, reason="yes")
    assert isinstance(waits, Proposal)
    assert waits.status == "approved"
    assert await decisions.finish() == 1
    ended = await read(pool, proposal.proposal_id)
    assert (ended.status, ended.result, executor.executions) == ("executed", "done", 2)
    assert await decisions.finish() == 0


async def test_failing_proposal_keeps_no_other_from_its_end(pool: Pool) -> None:
    first, second = await proposed(pool, "ch_1"), await proposed(pool, "ch_2")
    for one in (first, second):
        await step(pool, one, "approve", MAX, "proposed")
    executor = Failing(RuntimeError("broken"))
    decisions = ProposalDecisions(Proposals(pool), {"refund": executor})
    with pytest.raises(RuntimeError, match="broken"):
        await decisions.finish()
    assert [(await read(pool, one.proposal_id)).status for one in (first, second)] == ["approved", "executed"]


class ExpiryFails(Proposals):
    """A store in which no proposal expires."""

    async def take_step(self, proposal: Proposal, step: ProposalStep, **fields: Any) -> StepFlaw | None:
        if step == "expire":
            raise RuntimeError("broken")
        return await super().take_step(proposal, step, **fields)


async def test_failing_expiry_keeps_no_execution_from_its_end(pool: Pool, owner_pool: Pool) -> None:
    old, agreed = await proposed(pool, "ch_1"), await proposed(pool, "ch_2")
    await make_old(owner_pool, old)
    await step(pool, agreed, "approve", MAX, "proposed")
    with pytest.raises(RuntimeError, match="broken"):
        await ProposalDecisions(ExpiryFails(pool), {"refund": Failing()}).finish()
    assert (await read(pool, agreed.proposal_id)).status == "executed"


async def test_stuck_proposals_keep_no_later_one_waiting(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fincore.write.staff.proposals.FINISHED_AT_ONCE_MAX", 2)
    several = [await proposed(pool, f"ch_{number}") for number in range(3)]
    for one in several:
        await step(pool, one, "approve", MAX, "proposed")
    executor = Failing(NotNow("away"), NotNow("away"))
    assert await ProposalDecisions(Proposals(pool), {"refund": executor}).finish() == 1
    assert (await read(pool, several[-1].proposal_id)).status == "executed"


async def let_agreements_be_old(owner_pool: Pool) -> None:
    """Let two people have agreed more than 7 days ago on what they agreed on."""
    async with owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("alter table staff.proposal_steps disable trigger user")
        await connection.execute(
            "update staff.proposal_steps set taken_at = taken_at - interval '7 days 2 minutes'"
        )
        await connection.execute("alter table staff.proposal_steps enable trigger user")


async def test_stuck_proposals_are_tried_in_turn_after_others(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fincore.backoffice.proposals.STUCK_TRIED_MAX", 1)
    stuck = [await proposed(pool, f"ch_{number}") for number in range(2)]
    for one in stuck:
        await step(pool, one, "approve", MAX, "proposed")
    tried = list[str]()

    class Away(Failing):
        async def execute(self, proposal: Proposal, agreed: StaffDecision) -> Executed:
            tried.append(proposal.object_id)
            if proposal.object_id == "ch_new":
                return await super().execute(proposal, agreed)
            raise NotNow("away")

    decisions = ProposalDecisions(Proposals(pool), {"refund": Away()})
    await decisions.finish()
    new = await proposed(pool, "ch_new")
    await step(pool, new, "approve", MAX, "proposed")
    assert await decisions.finish() == 1
    await decisions.finish()
    assert tried == ["ch_0", "ch_1", "ch_new", "ch_0", "ch_1"]


async def test_person_gives_up_what_cannot_be_carried_out(pool: Pool) -> None:
    proposal = await proposed(pool, "ch_1")
    decisions = ProposalDecisions(Proposals(pool), {"refund": Failing(NotNow("away"), NotNow("away"))})
    early = await decisions.give_up(proposal, MAX, reason="it hangs")
    assert isinstance(early, NotDecided)
    assert early.flaw == "not_open"
    await decisions.approve(proposal, MAX, reason="yes")
    for _ in range(2):
        ended = await decisions.give_up(proposal, LEA, reason="it hangs")
        assert isinstance(ended, Proposal)
        assert (ended.status, ended.result) == ("refused", "lea gave it up: it hangs")
    assert isinstance(await decisions.give_up(proposal, MAX, reason="again"), NotDecided)
    assert await decisions.finish() == 0


async def test_giving_up_names_a_person_in_the_database(pool: Pool) -> None:
    proposal = await proposed(pool, "ch_1")
    with pytest.raises(asyncpg.RestrictViolationError):
        await step(pool, proposal, "give_up", MAX, "proposed")
    await step(pool, proposal, "approve", MAX, "proposed")
    with pytest.raises(asyncpg.CheckViolationError):
        await step(pool, proposal, "give_up", None, "approved")


async def test_refund_that_was_made_is_not_given_up(api: Api, pool: Pool, dsn: str) -> None:
    """The process died after it made the refund, and before the proposal was told."""
    charge_id = await api.paid()
    proposal = await proposed(pool, charge_id)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _APPROVE, dsn, proposal.proposal_id, "proposal.after"
    )
    assert await process.wait() == -9
    ended = await services_of(api).decisions.give_up(proposal, LEA, reason="it hangs")
    assert isinstance(ended, Proposal)
    (made,) = (await api.folded(charge_id)).refunds
    assert (ended.status, ended.result) == ("executed", made.refund_id)


async def test_giving_up_while_it_is_carried_out_waits_for_it(api: Api, pool: Pool) -> None:
    charge_id = await api.paid()
    proposal = await proposed(pool, charge_id)
    await step(pool, proposal, "approve", MAX, "proposed")
    one, other = services_of(api).decisions, services_of(api).decisions
    given_up, _ = await asyncio.gather(other.give_up(proposal, LEA, reason="it hangs"), one.finish())
    ended, refunds = await read(pool, proposal.proposal_id), (await api.folded(charge_id)).refunds
    assert ended.status == ("executed" if refunds else "refused")
    assert given_up is not None


@pytest.mark.parametrize("is_made", [True, False])
async def test_old_agreement_ends_as_what_was_made(
    api: Api, pool: Pool, owner_pool: Pool, *, is_made: bool
) -> None:
    """The role was away for a week: what was refunded before is told, and nothing is refunded now."""
    charge_id = await api.paid()
    proposal = await proposed(pool, charge_id)
    await step(pool, proposal, "approve", MAX, "proposed")
    agreed = await read(pool, proposal.proposal_id)
    services = services_of(api)
    if is_made:
        await services.refunds.execute(agreed, StaffDecision(LEA.subject, Agreement(agreed.proposal_id, MAX)))
    await let_agreements_be_old(owner_pool)
    assert await services.decisions.finish() == 1
    ended, refunds = await read(pool, proposal.proposal_id), (await api.folded(charge_id)).refunds
    assert (ended.status, len(refunds)) == (("executed", 1) if is_made else ("refused", 0))


async def test_database_executes_no_setting_agreed_on_long_ago(pool: Pool, owner_pool: Pool) -> None:
    new = NewProposal(
        kind="routing_rules",
        livemode=None,
        merchant_id=None,
        object_id="routing_rules",
        money=None,
        act=ProposedRoutingRules(text="", after=0),
        proposer=LEA,
        reason="why",
        needed_because="it is much",
    )
    async with pool.acquire() as connection, connection.transaction():
        proposal_id = await Proposals.add(connection, new)
    proposal = await read(pool, proposal_id)
    await step(pool, proposal, "approve", MAX, "proposed")
    await let_agreements_be_old(owner_pool)
    with pytest.raises(asyncpg.RestrictViolationError, match="more than 7 days ago"):
        await step(pool, proposal, "execute", None, "approved")


async def test_setting_agreed_on_too_long_ago_is_refused(pool: Pool, owner_pool: Pool) -> None:
    proposal = await proposed(pool, "ch_1")
    await step(pool, proposal, "approve", MAX, "proposed")
    await let_agreements_be_old(owner_pool)
    executors: dict[ProposalKind, InTransaction] = {"refund": InTransaction(Noting(pool))}
    assert await ProposalDecisions(Proposals(pool), {**executors}).finish() == 1
    ended = await read(pool, proposal.proposal_id)
    written = await pool.fetchval("select count(*) from staff.proposals where object_id like 'of %'")
    assert (ended.status, written) == ("refused", 0)
    assert "within 7 days" in (ended.result or "")


async def test_impossible_by_then_is_refused_and_says_why(api: Api, pool: Pool) -> None:
    """Both agreed, and the process died; meanwhile the merchant refunded the charge."""
    charge_id = await api.paid()
    proposal = await proposed(pool, charge_id)
    await step(pool, proposal, "approve", MAX, "proposed")
    await api.post("/v1/refunds", "merchant", {"charge": charge_id})
    assert await services_of(api).decisions.finish() == 1
    ended = await read(pool, proposal.proposal_id)
    assert (ended.status, ended.result) == ("refused", "Nothing is left to refund.")


_APPROVE: Final = """
import asyncio, sys
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.processes import running_writer
from fincore.bootstrap.staff_act_services import ActLimits, act_services
from fincore.domain.clock import SystemClock
from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.staff_actor import StaffActor
from fincore.eventstore.log import EventLog
from fincore.eventstore.commit import IdempotencyKey
from fincore.eventstore.watch import StreamWatch
from fincore.observability.failpoints import arm
from fincore.postgres.pool import create_pool

async def approve(dsn, proposal_id, place):
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    stores = Stores(eventstore=pool, queue=pool, notify=pool, risk=pool, paymentdb=pool, ledgerdb=pool)
    async with running_writer(pool, stores.jobs.insertion) as writer:
        log = EventLog(pool, CHARGE_EVENTS)
        services = act_services(stores, ActLimits(), writer=writer, watch=StreamWatch(log), log=log, clock=SystemClock())
        proposal = await services.proposals.read(proposal_id)
        arm(place)
        await services.decisions.approve(proposal, StaffActor("sub-max", "max"), reason="yes")

asyncio.run(approve(*sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("proposal.before", "approved"),
        ("commit.refund.requested.before", "approved"),
        ("commit.refund.requested.after", "approved"),
        ("proposal.after", "approved"),
    ],
)
async def test_kill_at_any_place_of_an_approval_refunds_once(
    api: Api, pool: Pool, dsn: str, place: str, status: str
) -> None:
    charge_id = await api.paid()
    proposal = await proposed(pool, charge_id)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _APPROVE, dsn, proposal.proposal_id, place
    )
    assert await process.wait() == -9
    assert (await read(pool, proposal.proposal_id)).status == status
    decisions = services_of(api).decisions
    # Two people ask again while the role looks, too.
    await asyncio.gather(
        decisions.finish(),
        services_of(api).decisions.finish(),
        decisions.approve(await read(pool, proposal.proposal_id), MAX, reason="yes"),
    )
    ended = await read(pool, proposal.proposal_id)
    (made,) = (await api.folded(charge_id)).refunds
    assert (ended.status, ended.result, made.amount_minor) == ("executed", made.refund_id, 500)


async def test_executed_once_after_its_key_is_forgotten(api: Api, pool: Pool, owner_pool: Pool) -> None:
    """The process died before it said that the refund was made, and the role was away for longer than keys are kept."""
    charge_id = await api.paid()
    proposal = await proposed(pool, charge_id)
    decisions = services_of(api).decisions
    agreed = await decisions.approve(proposal, MAX, reason="yes")
    assert isinstance(agreed, Proposal)
    await owner_pool.execute("delete from eventstore.idempotency_keys")
    decision = StaffDecision(LEA.subject, Agreement(agreed.proposal_id, MAX))
    again = await services_of(api).refunds.execute(agreed, decision)
    assert again == Executed(agreed.result or "")
    assert len((await api.folded(charge_id)).refunds) == 1


async def test_finisher_goes_on_after_a_failure_and_measures(pool: Pool) -> None:
    proposal, waiting = await proposed(pool, "ch_1"), await proposed(pool, "ch_2")
    await step(pool, proposal, "approve", MAX, "proposed")
    stop, executor = asyncio.Event(), Failing(RuntimeError("broken"))
    decisions = ProposalDecisions(Proposals(pool), {"refund": executor})
    finishing = asyncio.create_task(finish_proposals(decisions, stop, pause_seconds=0.01))

    async def is_executed() -> bool:
        return (await read(pool, proposal.proposal_id)).status == "executed"

    await eventually(is_executed)
    stop.set()
    await finishing
    await decisions.measure()
    assert executor.executions == 2
    assert (await read(pool, waiting.proposal_id)).status == "proposed"
    assert REGISTRY.get_sample_value("fincore_proposals_waiting") == 1
    assert REGISTRY.get_sample_value("fincore_proposal_agreed_seconds") == 0
    await step(pool, waiting, "approve", MAX, "proposed")
    await decisions.measure()
    assert (REGISTRY.get_sample_value("fincore_proposal_agreed_seconds") or 0) > 0
