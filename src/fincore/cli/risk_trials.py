"""Commands that try risk rules on charges of the past, and compare versions in shadow with the live one."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import Parameter, validators

from fincore.backoffice import risk_backtest
from fincore.backoffice.past_charges import Selection
from fincore.backoffice.risk_backtest import NAMED_DEFAULT, Trial
from fincore.backoffice.risk_report import RiskReport
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.bootstrap.psp_limits import LIMITS
from fincore.cli.arguments import Day, Merchant
from fincore.cli.risk_report_text import report_text
from fincore.cli.risk_rules import Version, show_flaws
from fincore.cli.rules_file import text_of
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show
from fincore.domain.errors import UsageError
from fincore.write.risk.rule_file import TEXT_CHARACTERS_MAX
from fincore.write.risk.rules import RuleSet

PROGRESS_CHARGES: Final = 10_000
_NAMED_MAX: Final = 1_000
_VERSION_DIGITS_MAX: Final = 9

Mode = Literal["live", "test"]
ChargesMax = Annotated[
    int,
    Parameter(validator=validators.Number(gte=1), help="Look at no more charges than that, the first ones."),
]
Named = Annotated[
    int,
    Parameter(
        name="--show",
        validator=validators.Number(gte=0, lte=_NAMED_MAX),
        help=f"How many of the latest charges to name that were decided otherwise then, up to {_NAMED_MAX:,}.",
    ),
]


def back_test_rules(
    rules: str,
    /,
    *,
    since: Day | None = None,
    until: Day | None = None,
    merchant: Merchant | None = None,
    mode: Mode | None = None,
    charges_max: ChargesMax | None = None,
    show_max: Named = NAMED_DEFAULT,
) -> None:
    """Try rules on charges of the past: what they would have blocked, reviewed and challenged, and what became of those charges.

    Nothing is changed, and charges go on meanwhile. Counters and lists are as they stood at each charge.

    Parameters
    ----------
    rules
        A file of rules in TOML, or the number of a version.
    since
        The first day, such as 2026-10-01, by UTC; the first of all unless given.
    until
        The last day, included.
    merchant
        Only charges of this merchant.
    mode
        Only charges of this mode.
    """
    selection = _selection(since, until, merchant, mode)
    version = _version_of(rules)
    text = None if version is not None else text_of(Path(rules), TEXT_CHARACTERS_MAX)

    async def test(stores: OperatorStores) -> RiskReport:
        tried = await _rules(stores, version, text)
        trial = Trial(rules=tried, selection=selection, charges_max=charges_max, named_max=show_max)
        return await risk_backtest.back_test(
            stores.log, stores.risk_lists, LIMITS, trial, progress=_progress()
        )

    with show_flaws():
        found = on_stores(test, "eventstore")
    name = f"the rules of {rules}" if version is None else f"version {version} of the rules"
    show(report_text(found, name, is_recorded=False))


def compare_risk(
    version: Version,
    /,
    *,
    since: Day | None = None,
    until: Day | None = None,
    merchant: Merchant | None = None,
    mode: Mode | None = None,
    charges_max: ChargesMax | None = None,
    show_max: Named = NAMED_DEFAULT,
) -> None:
    """Compare what a version said in shadow with what the live one decided, charge by charge, and what became of them.

    Parameters
    ----------
    version
        The version that is or was in shadow.
    since
        The first day, such as 2026-10-01, by UTC; the first of all unless given.
    until
        The last day, included.
    merchant
        Only charges of this merchant.
    mode
        Only charges of this mode.
    """
    selection = _selection(since, until, merchant, mode)

    async def compare(stores: OperatorStores) -> RiskReport:
        tried = await _rules(stores, version, None)
        trial = Trial(rules=tried, selection=selection, charges_max=charges_max, named_max=show_max)
        return await risk_backtest.compare_shadow(stores.log, trial, progress=_progress())

    with show_flaws():
        found = on_stores(compare, "eventstore")
    show(report_text(found, f"version {version} of the rules in shadow", is_recorded=True))


def _version_of(rules: str) -> int | None:
    """The number of a version, or None for the name of a file."""
    if not (rules.isascii() and rules.isdigit()):
        return None
    if len(rules) > _VERSION_DIGITS_MAX:
        raise UsageError(
            f"the number of a version has at most {_VERSION_DIGITS_MAX} digits; write ./ before the name of a file"
        )
    return int(rules)


async def _rules(stores: OperatorStores, version: int | None, text: str | None) -> RuleSet:
    if version is not None:
        return await risk_backtest.rules_of_version(stores.risk_rules, version)
    return await risk_backtest.rules_of_text(stores.risk_rules, text or "", now=stores.clock.now())


def _selection(
    since: Day | None, until: Day | None, merchant: Merchant | None, mode: Mode | None
) -> Selection:
    if since is not None and until is not None and until < since:
        raise UsageError(f"--until {until} is before --since {since}")
    return Selection(since=since, until=until, merchant_id=merchant, mode=mode)


def _progress() -> risk_backtest.Progress:
    """Prints a line to standard error each time another `PROGRESS_CHARGES` were looked at."""
    printed = 0

    def tell(charges: int, at: datetime) -> None:
        nonlocal printed
        if charges // PROGRESS_CHARGES > printed:
            printed = charges // PROGRESS_CHARGES
            sys.stderr.write(f"{charges:,} charges read, up to {moment_text(at)}\n")
            sys.stderr.flush()

    return tell
