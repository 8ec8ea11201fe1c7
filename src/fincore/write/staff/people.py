"""The people of the built-in issuer: added, listed, disabled, and with a password that is kept as a hash."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NewType

import msgspec

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import StaffSubject, new_staff_subject
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.postgres.shared_fetch import SharedFetch
from fincore.write.staff.passwords import ONE_TIME_HOURS, PasswordHash, no_password

_SQL = load_sql("fincore.write.staff", "people.sql")

NAME_CHARACTERS_MAX: Final = 255
UsernameKey = NewType("UsernameKey", str)
"""A username as it is found: two that differ in letter case or in the form of a character are one."""


class PersonRefused(FinCoreError):
    """A person that cannot be added or changed; the message is a sentence that says what to do."""


class StaffAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A person of the built-in issuer. `groups` are roles, with mode and merchant where they count there alone.

    `one_time_until`: the person has a one-time password, which counts until then.
    """

    subject: StaffSubject
    username: str
    name: str
    groups: tuple[str, ...]
    added_at: datetime
    disabled_at: datetime | None
    password_set_at: datetime
    one_time_until: datetime | None


class KeptPassword(msgspec.Struct, frozen=True, kw_only=True):
    """What a login needs of a person. `may_log_in` is False where the person is disabled, or a one-time password has expired."""

    subject: StaffSubject
    username: str
    password: PasswordHash
    password_number: int
    is_one_time: bool
    may_log_in: bool


class LiveAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A person with a login that has not ended, as an access token names both."""

    subject: StaffSubject
    username: str
    name: str
    groups: tuple[str, ...]


def username_key(username: str) -> UsernameKey:
    """How a username is found. Raises `PersonRefused` for a text that is none."""
    key = unicodedata.normalize("NFKC", username).strip().casefold()
    if not 1 <= len(key) <= NAME_CHARACTERS_MAX or not key.isprintable() or " " in key:
        raise PersonRefused(
            f"a username must have 1 to {NAME_CHARACTERS_MAX} characters and no space, such as ada@example.com"
        )
    return UsernameKey(key)


class StaffPeople:
    """The store of people. The methods that change take the transaction in which the act is recorded, too."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._live: SharedFetch[tuple[str, str], LiveAccount] = SharedFetch(self._find_live)

    @staticmethod
    async def add(
        transaction: Connection,
        username: str,
        name: str,
        groups: Sequence[str],
        password: PasswordHash | None,
    ) -> StaffAccount:
        """Add a person with a one-time password; None: with none, so that only `reset` lets the person in.

        Raises `PersonRefused` where the username is taken.
        """
        key, subject = username_key(username), new_staff_subject()
        row = await transaction.fetchrow(
            _SQL.add_person,
            subject,
            unicodedata.normalize("NFC", username).strip(),
            key,
            name,
            list(groups),
            *(no_password() if password is None else password),
            timedelta(hours=0 if password is None else ONE_TIME_HOURS),
        )
        if row is None:
            raise PersonRefused(f"there is a person {username} already: `fincore staff list` lists them all")
        return _account(dict(row))

    @staticmethod
    async def set_groups(
        transaction: Connection,
        subject: StaffSubject,
        groups: Sequence[str],
        *,
        before: Sequence[str] | None = None,
    ) -> StaffAccount | None:
        """Give a person other roles, which count at once; None where there is no such person, or it has not those of `before` any more."""
        row = await transaction.fetchrow(
            _SQL.set_groups, subject, list(groups), None if before is None else list(before)
        )
        return None if row is None else _account(dict(row))

    @staticmethod
    async def disable(transaction: Connection, subject: StaffSubject) -> StaffAccount | None:
        """Disable a person and end every session; None where there is no such person, or it is disabled already."""
        row = await transaction.fetchrow(_SQL.disable_person, subject)
        if row is not None:
            await transaction.execute(_SQL.end_sessions_of_person, subject)
        return None if row is None else _account(dict(row))

    @staticmethod
    async def reset(
        transaction: Connection, subject: StaffSubject, password: PasswordHash
    ) -> StaffAccount | None:
        """Give a person a new one-time password, end every session, and let a disabled person in again."""
        row = await transaction.fetchrow(
            _SQL.reset_person, subject, *password, timedelta(hours=ONE_TIME_HOURS)
        )
        if row is not None:
            await transaction.execute(_SQL.end_sessions_of_person, subject)
        return None if row is None else _account(dict(row))

    async def list(self) -> list[StaffAccount]:
        """All people, by username."""
        return [_account(dict(row)) for row in await self._pool.fetch(_SQL.list_people)]

    async def find(self, username: str) -> StaffAccount | None:
        """The person with a username; None where there is none."""
        row = await self._pool.fetchrow(_SQL.find_person, username_key(username))
        return None if row is None else _account(dict(row))

    async def by_subject(self, subjects: Collection[str]) -> Mapping[StaffSubject, StaffAccount]:
        """The people with some ids; those that there are not, or that are of another issuer, are left out."""
        rows = await self._pool.fetch(_SQL.people_by_subject, list(set(subjects)))
        return {account.subject: account for account in (_account(dict(row)) for row in rows)}

    async def kept_password(self, key: UsernameKey) -> KeptPassword | None:
        """What a login needs of the person with a username; None where there is none."""
        row = await self._pool.fetchrow(_SQL.find_password, key)
        if row is None:
            return None
        return KeptPassword(
            subject=StaffSubject(row["subject"]),
            username=row["username"],
            password=PasswordHash(
                bytes(row["password_hash"]),
                bytes(row["password_salt"]),
                row["password_n"],
                row["password_r"],
                row["password_p"],
            ),
            password_number=row["password_number"],
            is_one_time=row["is_one_time"],
            may_log_in=row["may_log_in"],
        )

    async def find_live(self, subject: str, family_id: str) -> LiveAccount | None:
        """The person that an access token of ours names, while neither the person is disabled nor the login has ended."""
        return await self._live.find((subject, family_id))

    async def _find_live(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], LiveAccount]:
        rows = await self._pool.fetch(_SQL.find_live, [key[0] for key in keys], [key[1] for key in keys])
        return {
            (row["subject"], row["family_id"]): LiveAccount(
                subject=StaffSubject(row["subject"]),
                username=row["username"],
                name=row["name"],
                groups=tuple(row["groups"]),
            )
            for row in rows
        }


def _account(row: Mapping[str, Any]) -> StaffAccount:
    return StaffAccount(
        subject=StaffSubject(row["subject"]),
        username=row["username"],
        name=row["name"],
        groups=tuple(row["groups"]),
        added_at=row["added_at"],
        disabled_at=row["disabled_at"],
        password_set_at=row["password_set_at"],
        one_time_until=row["one_time_until"],
    )
