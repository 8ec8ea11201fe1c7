"""What `fincore pages` can do: what browsers report of FinCore's pages, and whether the pages are those of this version."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Final, NamedTuple

from cyclopts import App, Parameter

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.page_checks import PageCheck, check_frames, check_pages
from fincore.bootstrap.secret_stores import secret_resolver
from fincore.bootstrap.setting_values import PUBLIC_URL
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.shop_frames import frame_scope, frame_scopes, livemode_of, shop_frames
from fincore.checkout.paypal_frame.handlers import PATH
from fincore.cli.arguments import Limit
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_installation, on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.errors import ConfigurationError, UsageError
from fincore.read.paymentdb.session_queries import SessionQueries
from fincore.write.pages.verifications import Scope

EXIT_DIFFERS: Final = 1
EXIT_UNCHECKED: Final = 3
_NOT_ASKED: Final = "it needs --key and --origin of a shop, which are asked for it"
_NO_ACCOUNT: Final = "no account at PayPal is in the mode of the key"

pages = App(name="pages", help=COMMANDS["pages"].help)


@pages.command(name="reports")
def list_reports(*, limit: Limit = 100) -> None:
    """List what browsers kept out of the pages, by the pages' policies: the violations that were reported last come first."""
    found = on_stores(lambda stores: stores.csp_reports.list(limit=limit), "eventstore")
    show_table(
        ("page", "directive", "blocked", "reports", "first seen", "last seen"),
        [
            (
                one.page,
                one.directive,
                one.blocked,
                f"{one.reports:,}",
                moment_text(one.first_seen_at),
                moment_text(one.last_seen_at),
            )
            for one in found
        ],
    )


@pages.command
def verify(
    url: Annotated[
        str | None, Parameter(help="Where customers reach the pages: https://... without a path.")
    ] = None,
    /,
    *,
    key: Annotated[
        str | None, Parameter(help="A publishable key of a shop, to look at its frames for PayPal.")
    ] = None,
    origin: Annotated[
        str | None, Parameter(help="An origin of that shop that is registered: https://shop.example.")
    ] = None,
) -> None:
    """Compare pages, scripts and headers as customers get them with those of this version.

    The exit code is 0 if all match, 1 if one differs, and 3 if none is known to and one could not be checked. Without an address,
    FINCORE_PUBLIC_URL is looked at and the result is kept for the alerts; give another address to look at the pages from inside.
    """
    if (key is None) != (origin is None):
        raise UsageError("--key and --origin go together: the key of a shop, and an origin of its pages")
    shop = None if key is None or origin is None else _Shop(key, origin)
    checks, looked_at = on_installation(lambda settings, databases: _verified(url, shop, settings, databases))
    show_table(("what", "result"), [(check.what, check.result) for check in checks])
    for finding in dict.fromkeys(finding for check in checks for finding in check.findings):
        first, *further = (check.what for check in checks if finding in check.findings)
        show(f"{first}{f' and {len(further)} more' if further else ''}: {finding}.")
    matching = sum(check.result == "matches" for check in checks)
    show(f"{matching} of {matching + _problems(checks)} match at {looked_at}")
    sys.exit(exit_code_of(checks))


def exit_code_of(checks: Sequence[PageCheck]) -> int:
    """0 where all match, 1 where one differs, 3 where none is known to and one could not be checked."""
    results = {check.result for check in checks}
    if "differs" in results:
        return EXIT_DIFFERS
    return EXIT_UNCHECKED if "not checked" in results else 0


class _Shop(NamedTuple):
    """A shop that holds frames: its publishable key, and an origin of its pages."""

    key: str
    origin: str


async def _verified(
    url: str | None, shop: _Shop | None, settings: Settings, databases: Databases
) -> tuple[list[PageCheck], str]:
    try:
        given = None if url is None else PUBLIC_URL("the address", url)
    except ConfigurationError as error:
        raise UsageError(str(error)) from None
    address = str(given or settings.public_url or "")
    if not address:
        raise UsageError("there is no address to look at: set FINCORE_PUBLIC_URL, or name one")
    frames = (
        [] if shop is None else shop_frames(settings, secret_resolver(settings, os.environ), **shop._asdict())
    )
    asked = None if shop is None else frame_scope(livemode=livemode_of(shop.key))
    expected = frame_scopes(settings)
    async with operator_stores(databases, "eventstore", "paymentdb") as stores:
        last = await SessionQueries(stores.paymentdb).find_last()
        checks = await check_pages(address, None if last is None else last.session)
        of_frames = await check_frames(address, frames)
        if address == settings.public_url:
            kept = stores.page_verifications
            await kept.expect(expected)
            await kept.record("pages", _problems(checks))
            # Where there is no frame, none matches.
            if asked is not None and of_frames:
                await kept.record(asked, _problems(of_frames))
    return [*checks, *(of_frames or _no_frame(asked)), *_left_out(expected - {asked})], address


def _no_frame(asked: Scope | None) -> Iterator[PageCheck]:
    """The frames that were asked for, of which there is none."""
    if asked is not None:
        yield PageCheck(f"{PATH}, {asked}", "left out", (_NO_ACCOUNT,))


def _left_out(scopes: set[Scope]) -> Iterator[PageCheck]:
    """The frames that there may be, and that were not asked for."""
    for scope in sorted(scopes):
        yield PageCheck(f"{PATH}, {scope}", "left out", (_NOT_ASKED,))


def _problems(checks: Sequence[PageCheck]) -> int:
    return sum(check.result in ("differs", "not checked") for check in checks)
