"""Invariant: money moved by what two people of staff agreed on exactly where the proposal says that it was carried out."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from fincore.audit.invariants.invariant import STATEMENT_TIMEOUT_SECONDS, Invariant, Stores, Violation, scan
from fincore.domain.errors import InvalidId
from fincore.domain.ids import RefundId, parse_charge_id, staff_refund_id
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "proposals.sql")

_OWNER: Final = "staff"
"""Owns the keys of refunds that two people agreed on: the id of each refund follows from it."""


async def _check(stores: Stores) -> list[Violation]:
    async def judge(proposals: Sequence[asyncpg.Record]) -> list[Violation]:
        refunds = {row["proposal_id"]: _refund_of(row) for row in proposals if row["kind"] == "refund"}
        of_log = await stores.eventstore.fetch(
            _SQL.refunds_of_log, list(refunds.values()), timeout=STATEMENT_TIMEOUT_SECONDS
        )
        decided = await stores.ledgerdb.fetch(
            _SQL.decisions_of_proposals,
            [row["proposal_id"] for row in proposals if row["kind"] != "refund"],
            timeout=STATEMENT_TIMEOUT_SECONDS,
        )
        known = {row["refund_id"] for row in of_log}
        made = {proposal_id for proposal_id, refund_id in refunds.items() if refund_id in known}
        made |= {row["proposal_id"] for row in decided}
        return [
            Violation(f"proposal {row['proposal_id']}", _finding(row["kind"], row["status"]))
            for row in proposals
            if (row["proposal_id"] in made) != (row["status"] == "executed")
        ]

    # What a proposal is about is written before the proposal ends: it is looked for after the proposals were read.
    return await scan(stores.eventstore, _SQL.ended_proposals, judge=judge)


def _refund_of(row: asyncpg.Record) -> RefundId | None:
    try:
        return staff_refund_id(parse_charge_id(row["object_id"]), _OWNER, row["proposal_id"])
    except InvalidId:
        return None


def _finding(kind: str, status: str) -> str:
    where = "the log" if kind == "refund" else "the record of adjustments"
    if status == "executed":
        return f"is executed, and {where} has nothing of it"
    return f"is {status}, and {where} has what it was to do"


ENDED_PROPOSALS_TELL_WHAT_WAS_MADE: Final = Invariant(
    "ended_proposals_tell_what_was_made",
    "Every refund and adjustment of a proposal that has ended was made where the proposal is executed, and nowhere else.",
    _check,
)
"""If it fails, money moved that a person refused, or did not move although two people read that it did. Compare the charge or the break with the proposal, and correct it by a new act."""
