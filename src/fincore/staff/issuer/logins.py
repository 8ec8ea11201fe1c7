"""A login at the built-in issuer: throttled, as long and as silent for a name that no person has, then a session or a new password."""

from typing import Final

import msgspec

from fincore.domain.secret import Secret
from fincore.staff.issuer.metrics import LOGINS
from fincore.write.staff.login_attempts import LoginAttempts
from fincore.write.staff.passwords import CHARACTERS_MAX, PasswordFlaw, Passwords, flaw_of
from fincore.write.staff.people import PersonRefused, StaffPeople, username_key
from fincore.write.staff.sessions import StaffSessions

NO_ADDRESS: Final = "unknown"


class LoggedIn(msgspec.Struct, frozen=True):
    """The password was right; `session` is the secret of the browser."""

    session: Secret


class MustChoose(msgspec.Struct, frozen=True):
    """A one-time password was right; `ticket` lets its person choose another password."""

    ticket: Secret


class WrongLogin(msgspec.Struct, frozen=True):
    """The name or the password is wrong, or the person is disabled: which of it is not said."""


class MustWait(msgspec.Struct, frozen=True):
    """Too many attempts: nothing was compared."""

    seconds: float


class NotChosen(msgspec.Struct, frozen=True):
    """The new password may not be chosen; the ticket still counts."""

    flaw: PasswordFlaw


class Logins:
    """Logs people in."""

    def __init__(
        self, people: StaffPeople, sessions: StaffSessions, attempts: LoginAttempts, passwords: Passwords
    ) -> None:
        self._people = people
        self._sessions = sessions
        self._attempts = attempts
        self._passwords = passwords

    async def log_in(
        self, username: str, password: str, address: str | None
    ) -> LoggedIn | MustChoose | WrongLogin | MustWait:
        """Log a person in. Raises `Overloaded`."""
        try:
            key = username_key(username)
        except PersonRefused:
            return WrongLogin()
        wait_seconds = await self._attempts.begin(key, address or NO_ADDRESS)
        if wait_seconds > 0:
            LOGINS.labels("throttled").inc()
            return MustWait(wait_seconds)
        kept = await self._people.kept_password(key)
        is_right = await self._passwords.is_right(
            password[: CHARACTERS_MAX * 2], None if kept is None else kept.password
        )
        if kept is None or not is_right or not kept.may_log_in:
            LOGINS.labels("wrong").inc()
            return WrongLogin()
        await self._attempts.forget(key)
        LOGINS.labels("one_time" if kept.is_one_time else "logged_in").inc()
        if kept.is_one_time:
            return MustChoose(await self._sessions.new_ticket(kept.subject, kept.password_number))
        return LoggedIn(await self._sessions.begin(kept.subject, kept.password_number))

    async def choose_password(
        self, ticket: str, password: str, repeated: str
    ) -> LoggedIn | NotChosen | WrongLogin:
        """Keep the password that a person chose, and log the person in. Raises `Overloaded`."""
        username = await self._sessions.find_ticket(ticket)
        if username is None:
            return WrongLogin()
        flaw = flaw_of(password, repeated, username=username)
        if flaw is not None:
            return NotChosen(flaw)
        changed = await self._sessions.change_password(ticket, await self._passwords.hash(password))
        return WrongLogin() if changed is None else LoggedIn(await self._sessions.begin(*changed))
