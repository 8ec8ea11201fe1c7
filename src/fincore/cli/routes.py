"""What `fincore routes` can do: the routing rules, a further version of them, and what rules would do."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, get_args

from cyclopts import App, Parameter, validators

from fincore.backoffice import route_simulation, routing_rules
from fincore.backoffice.route_simulation import LogSimulation
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.bootstrap.psps import configured_accounts
from fincore.cli.arguments import By, Live, Merchant, Reason
from fincore.cli.commands import COMMANDS
from fincore.cli.plan_text import plan_lines
from fincore.cli.rules_file import author, text_of
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.counting import counted
from fincore.domain.currency import parse_currency
from fincore.domain.errors import UsageError
from fincore.domain.events import CaptureMethod
from fincore.domain.ids import MerchantId
from fincore.domain.money import AMOUNT_MINOR_MAX, Money
from fincore.domain.outcome import PspAccount
from fincore.domain.payment_method import PaymentMethodType, payment_method_of
from fincore.domain.route_plan import PaymentMethodChoice
from fincore.write.routing.router import NoRoute, RouteRequest
from fincore.write.routing.rule_file import TEXT_CHARACTERS_MAX
from fincore.write.routing.rules import Routed, Rule, routed

DAYS_MAX: Final = 3_650
NO_MERCHANT: Final = MerchantId("")
"""A dry run of a charge of no merchant: rules for some merchants do not match."""

routes = App(name="routes", help=COMMANDS["routes"].help)


@routes.command(name="show")
def show_routes(version: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None) -> None:
    """Print a version of the routing rules, as a table and as it was written, and list all versions.

    Parameters
    ----------
    version
        The version; the live one unless given.
    """
    found = on_stores(lambda stores: routing_rules.show_rules(stores.routing_rules, version), "eventstore")
    if found is None:
        show(
            "no routing rules were ever set: each charge goes to the account of its payment method, or to the default one"
        )
        return
    show(f"version {found.version.version}{', live' if found.version == found.history[0] else ''}")
    if found.rules is None:
        show("this version of FinCore cannot read these rules")
    else:
        show_table(
            ("rule", "mode", "merchants", "when", "accounts"), [_rule_row(rule) for rule in found.rules]
        )
    show("")
    show_table(
        ("version", "set", "by", "reason"),
        [(str(one.version), moment_text(one.set_at), one.set_by, one.reason) for one in found.history],
    )
    show("")
    show(found.version.text.rstrip())


@routes.command(name="set")
def set_routes(file: Path, *, reason: Reason, by: By | None = None) -> None:
    """Let the rules in a file count for charges accepted from now on. Try them first: `fincore routes simulate --file`.

    A file with a flaw is refused with its line. API processes see the new version within a few seconds.

    Parameters
    ----------
    file
        The rules, in TOML.
    by
        Your name, which is stored with this change; that of the user of this machine unless given.
    """
    text, accounts = text_of(file, TEXT_CHARACTERS_MAX), configured_accounts(read_settings(os.environ))
    name = author(by)
    live = on_stores(
        lambda stores: routing_rules.set_rules(stores.routing_rules, text, accounts, by=name, reason=reason),
        "eventstore",
    )
    show(f"version {live.version} is live, with {counted(len(live.rules), 'rule')}")


@routes.command(name="simulate")
def simulate_routes(
    *,
    days: Annotated[int | None, Parameter(validator=validators.Number(gte=1, lte=DAYS_MAX))] = None,
    amount_minor: Annotated[
        int | None, Parameter(validator=validators.Number(gte=1, lte=AMOUNT_MINOR_MAX))
    ] = None,
    currency: str = "usd",
    payment_method: tuple[str, ...] = ("card",),
    merchant: Merchant | None = None,
    live: Live = False,
    capture: CaptureMethod = "automatic",
    metadata: tuple[str, ...] = (),
    key: str = "",
    file: Path | None = None,
) -> None:
    """Print where charges would go, and why: those of the last days, or one that the other options describe. Nothing is written.

    Parameters
    ----------
    days
        Route every charge of the last days anew, and compare with where it went.
    amount_minor
        The amount of one charge, in the currency's minor unit.
    currency
        Its currency.
    payment_method
        What its merchant offers: card, paypal or paypal_vault, with the account that a token belongs to, such as card@eu. Repeat the
        option for several; the preferred one first.
    merchant
        Its merchant; without one, rules for some merchants do not match.
    capture
        When its money is taken.
    metadata
        One of its metadata, as name=value. Repeat the option for several.
    key
        What weights are drawn by: the charge's id, for one that exists.
    file
        Try the rules in this file instead of the live ones.
    """
    if (days is None) == (amount_minor is None):
        raise UsageError(
            "give either --days, or --amount-minor of one charge; see `fincore routes simulate --help`"
        )
    text = None if file is None else text_of(file, TEXT_CHARACTERS_MAX)
    if days is not None:
        _simulate_days(days, text)
        return
    parsed = parse_currency(currency)
    if parsed is None:
        raise UsageError("--currency must be an ISO 4217 code such as usd")
    request = RouteRequest(
        key=key,
        merchant_id=merchant or NO_MERCHANT,
        livemode=live,
        money=Money(amount_minor or 0, parsed),
        capture_method=capture,
        offered=tuple(map(_choice, payment_method)),
        metadata=dict(map(_metadata, metadata)),
    )
    accounts = configured_accounts(read_settings(os.environ))

    async def simulate(stores: OperatorStores) -> Routed:
        rules = await routing_rules.rules_to_try(stores.routing_rules, accounts, text)
        return routed(request, accounts, rules)

    found = on_stores(simulate, "eventstore")
    show("\n".join(routed_lines(found)))


def _simulate_days(days: int, text: str | None) -> None:
    accounts = configured_accounts(read_settings(os.environ))

    async def simulate(stores: OperatorStores) -> LogSimulation:
        rules = await routing_rules.rules_to_try(stores.routing_rules, accounts, text)
        since = stores.clock.now() - timedelta(days=days)
        return await route_simulation.simulate_log(stores.log, accounts, rules, since=since)

    found = on_stores(simulate, "eventstore")
    show("\n".join(simulation_lines(found)))
    show_table(
        ("charges", "went to", "would go to", "rule"),
        [
            (f"{count:,}", ", then ".join(way.went), way.would_go, way.rule or "-")
            for way, count in found.ways
        ],
    )


def routed_lines(found: Routed) -> list[str]:
    """Where one charge would go, and why."""
    erred = [f"rule {error.rule} errs and does not match: {error.reason}" for error in found.errors]
    if isinstance(found.plan, NoRoute):
        return [*erred, f"refused: {found.plan.code}{f': {found.plan.detail}' if found.plan.detail else ''}"]
    return [*erred, *plan_lines(found.plan)]


def simulation_lines(found: LogSimulation) -> list[str]:
    """How many charges would begin elsewhere, and what is to be known of the rest."""
    lines = [
        f"{counted(found.charges, 'charge')}, of which {found.moved:,} would begin at another account, or at none"
    ]
    if found.rerouted:
        lines.append(f"{found.rerouted:,} went on to a further account: rules say only where a charge begins")
    if found.unreadable:
        lines.append(f"{counted(found.unreadable, 'charge')} cannot be read by this version of FinCore")
    lines += [f"rule {rule} errs for {counted(count, 'charge')}" for rule, count in found.errors.items()]
    return lines


def _rule_row(rule: Rule) -> tuple[str, ...]:
    weights = rule.weights or (None,) * len(rule.accounts)
    accounts = (
        str(account) if weight is None else f"{account} {weight}"
        for account, weight in zip(rule.accounts, weights, strict=True)
    )
    return rule.name, rule.mode or "both", ", ".join(rule.merchants) or "all", rule.when, ", ".join(accounts)


def _choice(text: str) -> PaymentMethodChoice:
    kind, _, account = text.partition("@")
    for known in get_args(PaymentMethodType):
        if kind == known:
            method = payment_method_of(known, "token")
            return PaymentMethodChoice(method, PspAccount(account) if account else None)
    raise UsageError(
        f"--payment-method is {', '.join(get_args(PaymentMethodType))}, or one of them with an account, such as card@eu"
    )


def _metadata(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise UsageError("--metadata is name=value")
    return name, value
