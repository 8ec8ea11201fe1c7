"""What `fincore staff` can do: the people who log in at the built-in issuer, and the key that signs their tokens."""

from collections.abc import Callable, Coroutine
from typing import Annotated, TypeVar

from cyclopts import App, Parameter

from fincore.backoffice.staff_people import Cause, NewPassword, PeopleKeeper, operator
from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.staff_people import people_keeper, replace_signing_key
from fincore.cli.arguments import By, Name, Reason
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_installation
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.ids import new_request_id
from fincore.write.staff.people import StaffAccount

staff = App(name="staff", help=COMMANDS["staff"].help)

T = TypeVar("T")
Username = Annotated[str, Parameter(help="The name under which the person logs in, such as ada@example.com.")]
Roles = Annotated[
    tuple[str, ...],
    Parameter(
        name="--role",
        negative="",
        help="viewer, support, finance or admin; with :live or :test in one mode alone, with @mer_... for one merchant alone. May be given several times.",
    ),
]


@staff.command(name="add")
def add_person(username: Username, *, role: Roles, name: Name | None = None, by: By, reason: Reason) -> None:
    """Add a person, and print a one-time password, this once. At the first login the person chooses another."""
    added = _on_people(lambda people: people.add(username, name or "", role, _cause(by, reason)))
    _show_password(added)


@staff.command(name="list")
def list_people() -> None:
    """List the people, with their roles."""
    found = _on_people(lambda people: people.list())
    show_table(
        ("username", "name", "roles", "added", "state"),
        [
            (one.username, one.name, " ".join(one.groups), moment_text(one.added_at), _state(one))
            for one in found
        ],
    )


@staff.command(name="set-roles")
def set_roles(username: Username, *, role: Roles, by: By, reason: Reason) -> None:
    """Give a person other roles in place of all that the person has. They count at once."""
    changed = _on_people(lambda people: people.set_roles(username, role, _cause(by, reason)))
    show(f"{changed.username} has the roles {' '.join(changed.groups)}")


@staff.command(name="disable")
def disable_person(username: Username, *, by: By, reason: Reason) -> None:
    """Disable a person: every session ends, and nothing that the person's browser holds counts any more."""
    disabled = _on_people(lambda people: people.disable(username, _cause(by, reason)))
    show(f"disabled {disabled.username}")


@staff.command(name="reset")
def reset_person(username: Username, *, by: By, reason: Reason) -> None:
    """Print a new one-time password for a person, this once, and end every session. A disabled person may log in again."""
    _show_password(_on_people(lambda people: people.reset(username, _cause(by, reason))))


@staff.command(name="rotate-key")
def rotate_key(*, by: By, reason: Reason) -> None:
    """Sign access tokens by a new key from now on. Those that are signed by the one before it count until they expire."""

    async def rotate(settings: Settings, databases: Databases) -> str:
        async with operator_stores(databases, "eventstore") as stores:
            return await replace_signing_key(settings, stores.eventstore, _cause(by, reason))

    show(f"tokens are signed by the key {on_installation(rotate)}")


def _on_people(act: Callable[[PeopleKeeper], Coroutine[object, object, T]]) -> T:
    async def on(settings: Settings, databases: Databases) -> T:
        async with operator_stores(databases, "eventstore") as stores:
            return await act(people_keeper(settings, stores.eventstore))

    return on_installation(on)


def _cause(by: str, reason: str) -> Cause:
    return Cause(operator(by), reason, new_request_id())


def _show_password(new: NewPassword) -> None:
    show(
        f"{new.account.username} has the roles {' '.join(new.account.groups)}, and logs in with this one-time password until "
        f"{moment_text(new.account.one_time_until)} UTC:"
    )
    show(new.password.reveal())


def _state(account: StaffAccount) -> str:
    if account.disabled_at is not None:
        return f"disabled {moment_text(account.disabled_at)}"
    if account.one_time_until is not None:
        return f"one-time password until {moment_text(account.one_time_until)}"
    return ""
