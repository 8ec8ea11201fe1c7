"""The notices that are to be sent, channel by channel: leased for one attempt, then sent, due again, or given up."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.reconciliation.metrics import NOTICE_LOOK_AGE_SECONDS, NOTICE_OLDEST_SECONDS, NOTICES
from fincore.reconciliation.notification.channel import SEND_SECONDS_MAX, ChannelName
from fincore.reconciliation.notification.notice import Notice
from fincore.reconciliation.notification.retry import PAUSE_MAX, pause_after

_SQL = load_sql("fincore.reconciliation.notification", "outbox.sql")

LEASE_SECONDS: Final = 2 * SEND_SECONDS_MAX
"""How long an attempt may stay without a result before its process counts as dead."""
FAILURE_CHARACTERS_MAX: Final = 500
UNREADABLE: Final = "this version of FinCore cannot read the notice"
KEPT_DAYS: Final = 90
"""How long a notice stays after it was made, where it waits on no channel."""


class Claimed(NamedTuple):
    """A notice that is to be sent now; attempts count from 1."""

    notice_no: int
    attempt: int
    notice: Notice


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How far a channel has come with a notice."""

    channel: ChannelName
    status: Literal["waiting", "sent", "dead"]
    attempts: int
    failure: str | None
    next_attempt_at: datetime


class ListedNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice, and its channels. `notice` is None where this version cannot read it."""

    made_at: datetime
    notice: Notice | None
    deliveries: tuple[Delivery, ...]


async def keep(connection: Connection, notice: Notice, channels: Collection[ChannelName]) -> None:
    """Have a notice sent on the channels; nothing where there is one about the same."""
    notice_no = await connection.fetchval(
        _SQL.keep_notice, notice.about, msgspec.json.encode(notice).decode()
    )
    if notice_no is not None:
        await connection.execute(_SQL.keep_deliveries, notice_no, list(channels))


async def forget(connection: Connection) -> None:
    """Forget what was told long ago."""
    await connection.execute(_SQL.forget, KEPT_DAYS)


class Outbox:
    """What waits on channels. Several processes may send beside each other."""

    def __init__(self, ledgerdb: Pool) -> None:
        self._pool = ledgerdb

    async def claim(self, channel: ChannelName) -> Claimed | None:
        """The oldest notice that is due on a channel. One of another version that cannot be read holds up no other one."""
        while (row := await self._pool.fetchrow(_SQL.claim, channel, LEASE_SECONDS, PAUSE_MAX)) is not None:
            notice = _notice(row["notice"])
            if notice is not None:
                return Claimed(row["notice_no"], row["attempts"], notice)
            await self._pool.execute(
                _SQL.not_sent, row["notice_no"], channel, row["attempts"], UNREADABLE, None
            )
        return None

    async def sent(self, claimed: Claimed, channel: ChannelName) -> None:
        """It arrived."""
        await self._pool.execute(_SQL.sent, claimed.notice_no, channel)

    async def not_sent(self, claimed: Claimed, channel: ChannelName, reason: str) -> None:
        """It did not arrive: it is due again later, or given up."""
        await self._pool.execute(
            _SQL.not_sent,
            claimed.notice_no,
            channel,
            claimed.attempt,
            reason[:FAILURE_CHARACTERS_MAX],
            pause_after(claimed.attempt),
        )

    async def give_up_all_but(self, channels: Collection[ChannelName]) -> None:
        """What waits on other channels is sent no more."""
        await self._pool.execute(_SQL.give_up_channels, list(channels))

    async def list(self, limit: int) -> list[ListedNotice]:
        """The last notices, the newest first."""
        found: dict[int, ListedNotice] = {}
        for row in await self._pool.fetch(_SQL.list_notices, limit):
            one = found.get(row["notice_no"]) or ListedNotice(
                made_at=row["made_at"], notice=_notice(row["notice"]), deliveries=()
            )
            if row["channel"] is not None:
                delivery = Delivery(
                    channel=row["channel"],
                    status=row["status"],
                    attempts=row["attempts"],
                    failure=row["failure"],
                    next_attempt_at=row["next_attempt_at"],
                )
                one = msgspec.structs.replace(one, deliveries=(*one.deliveries, delivery))
            found[row["notice_no"]] = one
        return list(found.values())


def _notice(text: str) -> Notice | None:
    try:
        return msgspec.json.decode(text, type=Notice)
    except msgspec.DecodeError:
        return None


async def measure_notices(ledgerdb: Pool) -> None:
    """Tell Prometheus how channels stand, and how old the last good look is."""
    NOTICE_LOOK_AGE_SECONDS.set(await ledgerdb.fetchval(_SQL.look_age))
    rows = await ledgerdb.fetch(_SQL.measure)
    NOTICES.clear()
    NOTICE_OLDEST_SECONDS.clear()
    for row in rows:
        for state in ("waiting", "dead"):
            NOTICES.labels(row["channel"], state).set(row[state])
        NOTICE_OLDEST_SECONDS.labels(row["channel"]).set(row["oldest_seconds"])
