"""What `fincore psp` can do: list the accounts at PSPs, and check what each may do."""

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from cyclopts import App, Parameter

from fincore.backoffice.account_checks import run_checks
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.event_loop import run_coroutine
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount
from fincore.bootstrap.psp_checks import account_checks
from fincore.bootstrap.secret_stores import secret_resolver
from fincore.bootstrap.settings import Settings
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.errors import ConfigurationError, FinCoreError
from fincore.observability.logs import configure_logs
from fincore.write.psp.account_check import AccountCheck
from fincore.write.routing.breaker_store import AccountKey, SharedBreaker

EXIT_PROBLEM: Final = 1

psps = App(name="psp", help=COMMANDS["psp"].help)


@psps.command
def accounts(*, check: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List the accounts at PSPs: mode, the host that is called, the breaker, where secrets come from and webhooks go.

    With `--check` the exit code is 1 if an account has a problem.

    Parameters
    ----------
    check
        Call each PSP, and print what the account may do there and what is wrong with it. Nothing is changed there.
    """
    configured = read_settings(os.environ)
    if not configured.psp_accounts:
        raise ConfigurationError(
            "no PSP account is configured: set FINCORE_PSP_ACCOUNTS_FILE or a PSP's settings"
        )
    checks = run_coroutine(_checks(configured)) if check else {}
    breakers, unread = _breakers()
    show_table(
        ("account", "mode", "default", "called at", "breaker"),
        [_row(account, breakers) for account in configured.psp_accounts],
    )
    if unread:
        show(f"breakers are not shown: {unread}")
    show("")
    show_table(
        ("account", "webhooks go to"),
        [(account.label, _webhook_url(configured, account)) for account in configured.psp_accounts],
    )
    show("")
    show_table(
        ("account", "value", "comes from"),
        [row for account in configured.psp_accounts for row in _sources(account)],
    )
    if check:
        show("")
        show_table(("account", "check", "found"), list(_findings(checks)))
    if any(one.problems for one in checks.values()):
        sys.exit(EXIT_PROBLEM)


async def _checks(settings: Settings) -> dict[str, AccountCheck]:
    configure_logs(level="error", log_format="console")
    async with account_checks(settings, secret_resolver(settings, os.environ)) as checks:
        return await run_checks(checks)


def _breakers() -> tuple[Mapping[AccountKey, SharedBreaker] | None, str | None]:
    """The breakers that have a state; or None and why they cannot be read, as before the first start."""

    async def read(stores: OperatorStores) -> dict[AccountKey, SharedBreaker]:
        return await stores.breakers.read()

    try:
        return on_stores(read, "eventstore"), None
    except FinCoreError as error:
        return None, str(error)


def _row(account: DeclaredAccount, breakers: Mapping[AccountKey, SharedBreaker] | None) -> tuple[str, ...]:
    return (
        account.label,
        "live" if account.livemode else "test",
        "yes" if account.is_default else "",
        account.host,
        "-" if breakers is None else breaker_text(breakers.get(AccountKey(account.psp, account.name))),
    )


def _sources(account: DeclaredAccount) -> Iterator[tuple[str, str, str]]:
    """A row for each place from which a value comes; a place that holds several is named once."""
    for field, sources in account.sources.items():
        for place in dict.fromkeys(map(str, sources)):
            yield (account.label, field, place)


def breaker_text(breaker: SharedBreaker | None) -> str:
    """The state of a breaker, since when, and when the account is tried again; times are UTC."""
    if breaker is None or breaker.state == "closed":
        return "closed"
    since = f" since {moment_text(breaker.changed_at)}" if breaker.changed_at is not None else ""
    if breaker.state == "half_open":
        return f"half-open{since}, one call tries the account: {breaker.reason}"
    next_try = f"in {breaker.seconds_left:.0f} s" if breaker.seconds_left >= 1 else "by the next call"
    return f"open{since}, tried again {next_try}: {breaker.reason}"


def _webhook_url(settings: Settings, account: DeclaredAccount) -> str:
    """What to register at the PSP."""
    path = f"/webhooks/{account.psp}/{account.name}"
    return f"{settings.api_url}{path}" if settings.api_url else f"{path} (at FINCORE_API_URL)"


def _findings(checks: Mapping[str, AccountCheck]) -> Iterator[tuple[str, str, str]]:
    """A row for each problem of an account, and one for what the account may do."""
    for label, check in checks.items():
        for problem in check.problems:
            yield (label, "problem", problem)
        if check.may:
            yield (label, "" if check.problems else "ok", f"may {', '.join(check.may)}")
