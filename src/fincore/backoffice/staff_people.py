"""People of the built-in issuer, as an operator or an admin keeps them: added, given roles, disabled, given a one-time password.

Each change and its row of the audit trail are one transaction. Who may ask for it, and who must agree, is decided before.
"""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from fincore.domain.errors import FinCoreError
from fincore.domain.ids import RequestId, StaffSubject
from fincore.domain.secret import Secret
from fincore.domain.staff_actor import StaffActor
from fincore.postgres.pool import Connection, Pool, transaction_on
from fincore.write.staff.act_names import ActName
from fincore.write.staff.acts import Act, Acts, Details
from fincore.write.staff.login_attempts import LoginAttempts
from fincore.write.staff.passwords import PasswordHash, Passwords, one_time_password
from fincore.write.staff.people import (
    NAME_CHARACTERS_MAX,
    PersonRefused,
    StaffAccount,
    StaffPeople,
    username_key,
)
from fincore.write.staff.proposals import Proposals

PERMISSION: Final = "staff.manage"
OPERATOR: Final = "operator"
"""The subject of an operator at a terminal in the audit trail; no issuer gives it."""
DISABLED: Final = "the person who proposed it was disabled"
OTHER_ROLES: Final = "the person who proposed it got other roles: propose it again if it is still needed"
"""Why an open proposal ended."""


class ReadRole(Protocol):
    """Checks a role, with mode and merchant where it counts there alone. Raises `ValueError` with the rest of a sentence."""

    def __call__(self, text: str) -> object: ...


class NoSuchPerson(FinCoreError):
    """There is no such person."""

    def __init__(self, username: str) -> None:
        super().__init__(f"there is no person {username}: `fincore staff list` lists them all")


class Cause(NamedTuple):
    """Who asks for a change, why, and by which request: for an operator at a terminal a new id of its own."""

    actor: StaffActor
    reason: str
    request_id: RequestId


class NewPassword(NamedTuple):
    """A person with a one-time password, which is shown this once."""

    account: StaffAccount
    password: Secret


class PreparedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person who is not added yet."""

    username: str
    name: str
    groups: tuple[str, ...]


def operator(by: str) -> StaffActor:
    """An operator at a terminal, under the name that was typed."""
    return StaffActor(subject=OPERATOR, username=by)


class PeopleKeeper:
    """Keeps the people of the built-in issuer."""

    def __init__(self, pool: Pool, passwords: Passwords, read_role: ReadRole) -> None:
        self._pool = pool
        self._passwords = passwords
        self._read_role = read_role
        self._people = StaffPeople(pool)
        self._attempts = LoginAttempts(pool)

    async def list(self) -> Sequence[StaffAccount]:
        """All people, by username."""
        return await self._people.list()

    async def find(self, subject: str) -> StaffAccount | None:
        """The person with an id; None where there is none."""
        return (await self.by_subject([subject])).get(StaffSubject(subject))

    async def by_subject(self, subjects: Collection[str]) -> Mapping[StaffSubject, StaffAccount]:
        """The people with some ids; those that there are not, or that are of another issuer, are left out."""
        return await self._people.by_subject(subjects)

    async def add(self, username: str, name: str, roles: Sequence[str], cause: Cause) -> NewPassword:
        """Add a person with some roles and a one-time password. Raises `PersonRefused`."""
        prepared = await self.prepared(username, name, roles)
        password = one_time_password()
        hashed = await self._passwords.hash(password.reveal())
        async with transaction_on(self._pool) as transaction:
            account = await self.add_in(transaction, prepared, cause, password=hashed)
        return NewPassword(account, password)

    async def prepared(self, username: str, name: str, roles: Sequence[str]) -> PreparedPerson:
        """A person who may be added later. Raises `PersonRefused`."""
        groups, shown = self._groups(roles), _name(name or username)
        if await self.is_taken(username):
            raise PersonRefused(f"there is a person {username} already: `fincore staff list` lists them all")
        return PreparedPerson(username=username, name=shown, groups=groups)

    async def is_taken(self, username: str) -> bool:
        """Whether a person has this username, in any spelling. Raises `PersonRefused` for a text that is none."""
        return await self._people.find(username) is not None

    @staticmethod
    async def add_in(
        transaction: Connection,
        prepared: PreparedPerson,
        cause: Cause,
        *,
        password: PasswordHash | None = None,
    ) -> StaffAccount:
        """Add a prepared person in a transaction of the caller, such as that of an approval. Raises `PersonRefused`.

        Without a password, the person logs in once an operator has given one by `reset`.
        """
        account = await StaffPeople.add(
            transaction, prepared.username, prepared.name, prepared.groups, password
        )
        await _record(transaction, "add_person", account, cause)
        return account

    async def set_roles(self, username: str, roles: Sequence[str], cause: Cause) -> StaffAccount:
        """Give a person other roles, which count at once. Raises `PersonRefused` and `NoSuchPerson`."""
        groups, subject = self._groups(roles), await self._subject(username)
        async with transaction_on(self._pool) as transaction:
            return await self.set_roles_in(transaction, subject, groups, cause, username=username)

    async def set_roles_in(
        self,
        transaction: Connection,
        subject: StaffSubject,
        roles: Sequence[str],
        cause: Cause,
        *,
        username: str = "",
        before: Sequence[str] | None = None,
    ) -> StaffAccount:
        """The same in a transaction of the caller, such as that of an approval. `before`: the roles that the person must have still."""
        account = await StaffPeople.set_groups(transaction, subject, self._groups(roles), before=before)
        if account is None:
            raise NoSuchPerson(username or subject)
        await Proposals.refuse_open_of(transaction, subject, OTHER_ROLES)
        await _record(transaction, "set_roles", account, cause)
        return account

    async def disable(self, username: str, cause: Cause) -> StaffAccount:
        """Disable a person: every session ends, and access tokens are refused at once. Raises `PersonRefused` and `NoSuchPerson`."""
        subject = await self._subject(username)
        async with transaction_on(self._pool) as transaction:
            account = await self.disable_in(transaction, subject, username=username)
            await _record(transaction, "disable_person", account, cause)
        return account

    @staticmethod
    async def disable_in(transaction: Connection, subject: StaffSubject, *, username: str) -> StaffAccount:
        """The same in a transaction of the caller, who records the act there. Raises `PersonRefused`."""
        account = await StaffPeople.disable(transaction, subject)
        if account is None:
            raise PersonRefused(
                f"{username} is disabled already: `fincore staff reset {username}` lets the person in again"
            )
        await Proposals.refuse_open_of(transaction, subject, DISABLED)
        return account

    async def reset(self, username: str, cause: Cause) -> NewPassword:
        """Give a person a new one-time password, end every session, and let a disabled person in again. Raises `NoSuchPerson`."""
        subject = await self._subject(username)
        password = one_time_password()
        hashed = await self._passwords.hash(password.reveal())
        async with transaction_on(self._pool) as transaction:
            account = await StaffPeople.reset(transaction, subject, hashed)
            if account is None:
                raise NoSuchPerson(username)
            await _record(transaction, "reset_person", account, cause)
        await self._attempts.forget(username_key(account.username))
        return NewPassword(account, password)

    async def _subject(self, username: str) -> StaffSubject:
        account = await self._people.find(username)
        if account is None:
            raise NoSuchPerson(username)
        return account.subject

    def checked_roles(self, roles: Sequence[str]) -> tuple[str, ...]:
        """Roles as they are stored. Raises `PersonRefused`."""
        return self._groups(roles)

    def _groups(self, roles: Sequence[str]) -> tuple[str, ...]:
        groups = tuple(dict.fromkeys(roles))
        if not groups:
            raise PersonRefused("name a role: viewer, support, finance or admin")
        for group in groups:
            try:
                self._read_role(group)
            except ValueError:
                raise PersonRefused(
                    "a role must be viewer, support, finance or admin, and may have :live or :test and @mer_... behind it"
                ) from None
        return groups


def _name(name: str) -> str:
    shown = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(shown) <= NAME_CHARACTERS_MAX or not shown.isprintable():
        raise PersonRefused(
            f"a name must have 1 to {NAME_CHARACTERS_MAX} characters, and no control characters"
        )
    return shown


def details_of(account: StaffAccount) -> Details:
    """What the audit trail keeps of a person who was changed."""
    return {"username": account.username, "roles": " ".join(account.groups)}


async def _record(transaction: Connection, action: ActName, account: StaffAccount, cause: Cause) -> None:
    await Acts.add(
        transaction,
        Act(
            actor=cause.actor,
            permission=PERMISSION,
            action=action,
            object_kind="person",
            object_id=account.subject,
            reason=cause.reason,
            request_id=cause.request_id,
            details=details_of(account),
        ),
    )
