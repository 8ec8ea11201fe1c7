"""The record of accesses: each use of a card's data key, by which process, why and when. Rows are only ever added."""

import getpass
import os
import socket
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from fincore.domain.clock import Clock
from fincore.domain.ids import CardId, ChargeId
from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.write.vault", "accesses.sql")
_BY_CHARACTERS_MAX = 200

Purpose = Literal["charge", "rotation", "verification"]
Sweep = Literal["rotation", "verification"]
"""A purpose for which an operator's command goes through the cards."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a card's data key. The charge, its attempt and the account at the PSP are those that it was used for."""

    access_no: int
    card_id: CardId
    purpose: Purpose
    accessed_at: datetime
    accessed_by: str
    charge_id: str | None
    attempt: int | None
    psp: str | None
    psp_account: str | None


class Accesses:
    """Adds to the record and lists it. `by` is the process that uses the keys."""

    def __init__(self, pool: Pool, clock: Clock, *, by: str) -> None:
        self._pool = pool
        self._clock = clock
        self._by = by[:_BY_CHARACTERS_MAX]

    async def swept(self, card_ids: Sequence[CardId], purpose: Sweep) -> None:
        """Note that the keys of some cards are about to be used. It is committed when this returns."""
        await self._pool.execute(_SQL.add_sweep, list(card_ids), purpose, self._clock.now(), self._by)

    async def charged(
        self, card_id: CardId, charge_id: ChargeId, attempt: int, psp: PspName, psp_account: PspAccount
    ) -> None:
        """Note that a card's key is about to be used for a token at the account of a charge's attempt. It is committed then."""
        await self._pool.execute(
            _SQL.add_charge,
            card_id,
            self._clock.now(),
            self._by,
            charge_id,
            attempt,
            psp,
            psp_account,
        )


class AccessRecord:
    """Lists the record."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list(self, card_id: CardId | None, *, limit: int) -> list[Access]:
        """The latest uses of keys, of one card or of all, newest first."""
        rows = await self._pool.fetch(_SQL.list_accesses, card_id, limit)
        return [Access(**dict(row)) for row in rows]


def this_process(role: str) -> str:
    """A process as the record tells it: role or command, user, machine, number."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as containers run with
        user = f"uid {os.getuid()}"
    return f"{role}, {user}@{socket.gethostname()}, process {os.getpid()}"
