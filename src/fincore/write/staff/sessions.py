"""Logins at the built-in issuer: sessions of browsers, codes that are used once, and families of refresh tokens that end as a whole.

Of each secret only its SHA-256 is stored: they are 256 random bits, so nothing likely can be tried. All times are the database's.
"""

import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec

from fincore.domain.ids import StaffSubject
from fincore.domain.secret import Secret
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.write.staff.passwords import PasswordHash

_SQL = load_sql("fincore.write.staff", "sessions.sql")

SECRET_BYTES: Final = 32
IDLE_SECONDS: Final = 2 * 3_600
"""How long a session and its refresh tokens count without use."""
SESSION_SECONDS: Final = 12 * 3_600
"""How long a session counts at most, and every token that follows from it."""
CODE_SECONDS: Final = 60
TICKET_SECONDS: Final = 600
KEPT_SECONDS: Final = 86_400
"""How long what has ended is kept, so that its use is known for what it is."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session that counts: its person, and when that logged in, in seconds since 1970."""

    session_hash: bytes
    subject: StaffSubject
    username: str
    name: str
    groups: tuple[str, ...]
    begun_at_seconds: int


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a code or a refresh token is worth: the login that it follows from, and the next refresh token."""

    family_id: UUID
    session: Session
    refresh_token: Secret
    nonce: str | None = None


class AskedCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a code is bound to."""

    redirect_uri: str
    code_challenge: str
    nonce: str | None


class StaffSessions:
    """The store of logins."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, subject: StaffSubject, password_number: int) -> Secret:
        """Begin a session of a person, which counts while the password with the number does; the secret of its browser."""
        secret = _new_secret()
        await self._pool.execute(_SQL.begin_session, _hash(secret.reveal()), subject, password_number)
        return secret

    async def find(self, secret: str) -> Session | None:
        """The session of a browser, which is used now; None where it has ended, or its person is disabled."""
        row = await self._pool.fetchrow(
            _SQL.use_session, _hash(secret), float(IDLE_SECONDS), float(SESSION_SECONDS)
        )
        return None if row is None else _session(dict(row))

    async def end(self, secret: str) -> None:
        """End a session, and with it every token that followed from it."""
        await self._pool.execute(_SQL.end_session, _hash(secret))

    async def new_code(self, session: Session, asked: AskedCode) -> Secret:
        """A code for the client, which counts once and for a minute."""
        code = _new_secret()
        await self._pool.execute(
            _SQL.add_code,
            _hash(code.reveal()),
            session.session_hash,
            asked.redirect_uri,
            asked.code_challenge,
            asked.nonce,
        )
        return code

    async def redeem_code(self, code: str, *, redirect_uri: str, code_challenge: str) -> Grant | None:
        """What a code is worth; None for one that does not count, or was made for another address or challenge.

        A code that is used twice ends the tokens that it was worth first (RFC 6749, 4.1.2).
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL.use_code, _hash(code), float(CODE_SECONDS))
            if row is None:
                await connection.execute(_SQL.end_family_of_code, _hash(code))
                return None
            if (row["redirect_uri"], row["code_challenge"]) != (redirect_uri, code_challenge):
                return None
            session = await self._live(connection, row["session_hash"])
            if session is None:
                return None
            family_id = uuid4()
            await connection.execute(_SQL.begin_family, family_id, session.session_hash, _hash(code))
            token = await _add_token(connection, family_id)
            return Grant(family_id=family_id, session=session, refresh_token=token, nonce=row["nonce"])

    async def refresh(self, token: str) -> Grant | None:
        """What a refresh token is worth; None for one that does not count. A token that is used twice ends its family."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL.use_token, _hash(token), float(IDLE_SECONDS))
            if row is None:
                await connection.execute(_SQL.end_family_of_token, _hash(token))
                return None
            session = await self._live(connection, row["session_hash"])
            if session is None:
                return None
            following = await _add_token(connection, row["family_id"])
            return Grant(family_id=row["family_id"], session=session, refresh_token=following)

    async def new_ticket(self, subject: StaffSubject, password_number: int) -> Secret:
        """What lets a person choose a password, once and for some minutes, after a one-time password was right, while that one counts."""
        ticket = _new_secret()
        await self._pool.execute(_SQL.add_ticket, _hash(ticket.reveal()), subject, password_number)
        return ticket

    async def find_ticket(self, ticket: str) -> str | None:
        """The username of the person of a ticket; None for one that does not count."""
        username: str | None = await self._pool.fetchval(
            _SQL.find_ticket, _hash(ticket), float(TICKET_SECONDS)
        )
        return username

    async def change_password(self, ticket: str, password: PasswordHash) -> tuple[StaffSubject, int] | None:
        """Use a ticket: keep the chosen password, and end the person's sessions; the person and the number of the password.

        None for a ticket that does not count, also where another password was given meanwhile.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            used = await connection.fetchrow(_SQL.use_ticket, _hash(ticket), float(TICKET_SECONDS))
            if used is None:
                return None
            subject, shown = used
            number = await connection.fetchval(_SQL.set_password, subject, *password, shown)
            return None if number is None else (StaffSubject(subject), number)

    async def purge(self) -> None:
        """Delete what has ended long ago."""
        await self._pool.execute(_SQL.purge_sessions, float(SESSION_SECONDS + KEPT_SECONDS))
        await self._pool.execute(_SQL.purge_tickets, float(KEPT_SECONDS))

    @staticmethod
    async def _live(connection: Connection, session_hash: bytes) -> Session | None:
        """The session that a code or token follows from, while it counts; its use is the browser's."""
        row = await connection.fetchrow(
            _SQL.use_session, session_hash, float(IDLE_SECONDS), float(SESSION_SECONDS)
        )
        return None if row is None else _session(dict(row))


async def _add_token(connection: Connection, family_id: UUID) -> Secret:
    token = _new_secret()
    await connection.execute(_SQL.add_token, _hash(token.reveal()), family_id)
    return token


def _session(row: Mapping[str, Any]) -> Session:
    return Session(
        session_hash=bytes(row["session_hash"]),
        subject=StaffSubject(row["subject"]),
        username=row["username"],
        name=row["name"],
        groups=tuple(row["groups"]),
        begun_at_seconds=row["begun_at_seconds"],
    )


def _new_secret() -> Secret:
    return Secret(secrets.token_urlsafe(SECRET_BYTES))


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
