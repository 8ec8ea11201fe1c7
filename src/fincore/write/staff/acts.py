"""The audit trail: what people of staff did, why, and how it ended. Rows are added; an outcome is set once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from fincore.domain.ids import ActId, MerchantId, RequestId, act_id_of, act_uuid, new_act_id
from fincore.domain.staff_actor import StaffActor
from fincore.postgres.conditions import with_conditions
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.write.staff.act_names import ActName

_SQL = load_sql("fincore.write.staff", "acts.sql")

DONE: Final = "done"
PROPOSED: Final = "proposed"
REPLAYED: Final = "replayed"
"""Outcomes beside the codes of problems: carried out; waits for a second person; an earlier request with the key did it."""

Details = Mapping[str, str | int | bool | None]


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """An act as it begins. `livemode` and `merchant_id` are None for what belongs to no mode, and to no merchant.

    `action` is a verb in snake case, `permission` the one that allowed it; `details` hold nothing secret.
    """

    actor: StaffActor
    permission: str
    action: ActName
    object_kind: str
    object_id: str
    reason: str
    request_id: RequestId
    act_id: ActId = msgspec.field(default_factory=new_act_id)
    livemode: bool | None = None
    merchant_id: MerchantId | None = None
    details: Details = {}


class RecordedAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act as the trail tells it. `outcome` is None while the act is under way, and where its process ended first."""

    act_id: ActId
    begun_at: datetime
    actor: StaffActor
    permission: str
    action: str
    object_kind: str
    object_id: str
    reason: str
    request_id: RequestId
    livemode: bool | None
    merchant_id: MerchantId | None
    details: dict[str, str | int | bool | None]
    outcome: str | None
    ended_at: datetime | None

    @property
    def id(self) -> str:
        """Its id, as the place from which the next page goes on."""
        return self.act_id


class Acts:
    """The record of acts, in the event store's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, act: Act) -> None:
        """Note an act before what it does, which is in another transaction. A repeated request is noted again."""
        await _add(self._pool, act, None)

    async def end(self, act_id: ActId, outcome: str) -> None:
        """Say how an act ended: `done`, `proposed`, `replayed`, or the code of a problem. The first that is said stays."""
        await self._pool.execute(_SQL.end_act, act_uuid(act_id), outcome)

    @staticmethod
    async def add(transaction: Connection, act: Act, outcome: str = DONE) -> None:
        """Add an act in the transaction of what it does."""
        await _add(transaction, act, outcome)

    async def list(
        self,
        *,
        livemode: bool,
        of_no_mode: bool,
        merchant_ids: tuple[MerchantId, ...] | None,
        limit: int,
        after_id: ActId | None = None,
        subject: str | None = None,
        object_id: str | None = None,
        only_of_no_mode: bool = False,
        begun_from: datetime | None = None,
        begun_before: datetime | None = None,
    ) -> tuple[list[RecordedAct], bool]:
        """Acts in a mode, and those of no mode where asked for, latest first; and whether more follow.

        `merchant_ids` are the only merchants that count; None: all, and what belongs to none.
        """
        statement, arguments = with_conditions(
            _SQL.list_acts,
            (limit + 1, of_no_mode, livemode, None if merchant_ids is None else list(merchant_ids)),
            (
                ("actor_subject = {value}", subject),
                ("object_id = {value}", object_id),
                ("(livemode is null) = {value}", only_of_no_mode or None),
                ("begun_at >= {value}", begun_from),
                ("begun_at < {value}", begun_before),
                (
                    "act_no < (select act_no from staff.acts where act_id = {value})",
                    None if after_id is None else act_uuid(after_id),
                ),
            ),
        )
        rows = await self._pool.fetch(statement, *arguments)
        return [_recorded(dict(row)) for row in rows[:limit]], len(rows) > limit


async def _add(store: "Pool | Connection", act: Act, outcome: str | None) -> None:
    await store.execute(
        _SQL.add_act,
        act_uuid(act.act_id),
        act.actor.subject,
        act.actor.username,
        act.permission,
        act.action,
        act.livemode,
        act.merchant_id,
        act.object_kind,
        act.object_id,
        act.reason,
        act.request_id,
        msgspec.json.encode(act.details).decode(),
        outcome,
    )


def _recorded(row: Mapping[str, Any]) -> RecordedAct:
    return RecordedAct(
        act_id=act_id_of(row["act_id"]),
        begun_at=row["begun_at"],
        actor=StaffActor(subject=row["actor_subject"], username=row["actor_username"]),
        permission=row["permission"],
        action=row["action"],
        object_kind=row["object_kind"],
        object_id=row["object_id"],
        reason=row["reason"],
        request_id=RequestId(row["request_id"]),
        livemode=row["livemode"],
        merchant_id=row["merchant_id"],
        details=msgspec.json.decode(row["details"]),
        outcome=row["outcome"],
        ended_at=row["ended_at"],
    )
