"""`fincore routes` and the dry run over the log: what it finds is what acceptance did, and new rules show what they would change."""

import asyncio
import contextlib
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from fincore.__main__ import main
from fincore.backoffice import route_simulation
from fincore.backoffice.route_simulation import LogSimulation, Way, simulate_log
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.cli.routes import simulation_lines
from fincore.domain.events import ChargeCreated, ChargeRerouted
from fincore.domain.ids import ChargeId, charge_of, new_stream_id
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.payment_method import PayPalWallet
from fincore.domain.route_plan import RoutePlan
from fincore.postgres.pool import Pool
from fincore.write.routing.plan import is_told_by_its_attempt
from fincore.write.routing.rule_file import read_rules
from fincore.write.routing.rules import LiveRules, draw_of, routed
from fixtures.commits import NOON, append, captured, created
from fixtures.routing import ACCOUNTS, CARD, EUR, MERCHANT, USD, WALLET, asking, choice
from fixtures.traffic import live as live_traffic
from fixtures.traffic import running_writer

SPLIT = """
[[rule]]
name = "split"
when = 'currency == "usd"'
accounts = ["paypal/shop", "paypal/outlet", "stripe/us"]
weights = [2, 1, 0]

[[rule]]
name = "gold"
when = 'metadata["tier"] == "gold"'
accounts = ["stripe/eu"]
"""


REROUTED = ChargeRerouted(
    abandoned_attempt=1,
    abandoned_psp=PspName("stripe"),
    abandoned_psp_account=PspAccount("test"),
    psp=PspName("paypal"),
    psp_account=PspAccount("shop"),
    payment_method=PayPalWallet(),
    code="account_unavailable",
    reason="Stripe refused the connection",
    requested_at=NOON,
)


def rules(text: str, version: int) -> LiveRules:
    found = read_rules(text)
    assert isinstance(found, tuple), found
    return LiveRules(version, found)


async def accepted(operator: OperatorStores, pool: Pool, live: LiveRules, count: int) -> None:
    """Charges with a wallet and a card, as acceptance writes them under some rules."""
    async with running_writer(pool) as writer:
        for number in range(count):
            stream = new_stream_id()
            request = asking(
                choice(WALLET), choice(CARD), key=charge_of(stream), currency=(USD, EUR)[number % 3 == 0]
            )
            plan = routed(request, ACCOUNTS, live).plan
            assert isinstance(plan, RoutePlan)
            first = plan.attempts[0]
            await writer.commit(
                append(
                    stream,
                    created(
                        request.money.amount_minor,
                        currency=request.money.currency,
                        psp=first.psp,
                        psp_account=first.psp_account,
                        payment_method=first.payment_method,
                        plan=None if is_told_by_its_attempt(plan) else plan,
                        merchant_id=MERCHANT,
                    ),
                )
            )


async def simulated(operator: OperatorStores, live: LiveRules | None) -> LogSimulation:
    since = operator.clock.now() - timedelta(days=1)
    return await simulate_log(operator.log, ACCOUNTS, live, since=since)


async def test_dry_run_over_the_log_finds_what_acceptance_did(operator: OperatorStores, pool: Pool) -> None:
    live = rules(SPLIT, 4)
    await accepted(operator, pool, live, 60)
    found = await simulated(operator, live)
    assert (found.charges, found.moved, found.unreadable) == (60, 0, 0)
    ways = dict(found.ways)
    assert ways[Way(None, ("stripe/us",), "stripe/us")] == 20
    shop = ways[Way("split", ("paypal/shop",), "paypal/shop")]
    outlet = ways[Way("split", ("paypal/outlet",), "paypal/outlet")]
    assert (shop + outlet, shop > outlet > 0) == (40, True)
    # PayPal takes no euros here, and the second rule errs for a charge without the key.
    assert found.errors == {"gold": 20}


async def test_dry_run_of_new_rules_shows_what_they_would_move(operator: OperatorStores, pool: Pool) -> None:
    await accepted(operator, pool, rules(SPLIT, 4), 30)
    to_stripe = "[[rule]]\nname = 'cards'\nwhen = 'currency == \"usd\"'\naccounts = ['stripe/us']\n"
    found = await simulated(operator, rules(to_stripe, 5))
    assert (found.charges, found.moved) == (30, 20)
    to_eu = "[[rule]]\nname = 'eu'\nwhen = 'true'\naccounts = ['stripe/eu']\n"
    found = await simulated(operator, rules(to_eu, 5))
    assert {way.would_go for way, _ in found.ways} == {"refused: payment_method_not_taken"}


async def test_rerouted_charge_counts_by_where_it_began(
    operator: OperatorStores, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where its events lie on two pages; what it went on to is shown beside."""
    monkeypatch.setattr(route_simulation, "EVENTS_AT_A_TIME", 1)
    async with running_writer(pool) as writer:
        await live_traffic(writer, [(created(), REROUTED), (created(), captured())])
    found = await simulated(operator, None)
    assert dict(found.ways) == {
        Way(None, ("stripe/test", "paypal/shop"), "refused: account_unknown"): 1,
        Way(None, ("stripe/test",), "refused: account_unknown"): 1,
    }
    assert (found.charges, found.rerouted) == (2, 1)
    assert (
        simulation_lines(found)[1] == "1 went on to a further account: rules say only where a charge begins"
    )


async def test_dry_run_leaves_out_what_is_older(operator: OperatorStores, pool: Pool) -> None:
    await accepted(operator, pool, rules("", 1), 3)
    found = await simulate_log(
        operator.log, ACCOUNTS, None, since=operator.clock.now() + timedelta(minutes=5)
    )
    assert found.charges == 0


# The commands


Run = Callable[..., Awaitable[str]]


@pytest.fixture
def run(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `fincore` in a thread, on the stores of the test; returns what it prints, or the sentence with which it fails."""
    monkeypatch.setenv("FINCORE_EVENTSTORE_DSN", dsn)
    monkeypatch.setenv("FINCORE_STRIPE_TEST_SECRET_KEY", "sk_test_1")
    monkeypatch.setenv("FINCORE_STRIPE_LIVE_SECRET_KEY", "sk_live_1")
    monkeypatch.chdir(tmp_path)

    async def run_command(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["fincore", *words])
        with contextlib.suppress(SystemExit):
            await asyncio.to_thread(main)
        said = capsys.readouterr()
        return said.out + said.err

    return run_command


RULES = """[[rule]]
name = "all"
when = 'amount_minor > 0'
accounts = ["stripe/test", "stripe/live"]
weights = [1, 0]
"""


async def test_rules_are_set_shown_and_refused_by_commands(run: Run, tmp_path: Path) -> None:
    assert (await run("routes", "show")).startswith("no routing rules were ever set")
    file = tmp_path / "routes.toml"
    file.write_text(RULES.replace("amount_minor", "amuont_minor"))
    refused = await run("routes", "set", "routes.toml", "--reason", "begin")
    assert refused == (
        "fincore: the rules cannot be used: line 3: rule all, column 1 of the condition: undeclared reference to 'amuont_minor'\n"
    )
    file.write_text(RULES.replace("stripe/test", "stripe/tset"))
    assert "the account stripe/tset is not configured" in await run(
        "routes", "set", "routes.toml", "--reason", "x"
    )
    file.write_text(RULES)
    assert await run("routes", "set", "routes.toml", "--reason", "begin", "--by", "ada") == (
        "version 1 is live, with 1 rule\n"
    )
    shown = await run("routes", "show")
    assert shown.startswith("version 1, live\n")
    assert re.search(r"all +both +all +amount_minor > 0 +stripe/test 1, stripe/live 0\n", shown)
    assert re.search(r"1 +[\d :-]{19} +ada +begin\n", shown)
    assert shown.endswith(RULES)
    assert await run("routes", "show", "2") == (
        "fincore: there is no version 2 of the routing rules: `fincore routes show` lists those there are\n"
    )
    await run("routes", "set", "routes.toml", "--reason", "again")
    assert (await run("routes", "show", "1")).startswith("version 1\n")


async def test_one_charge_is_simulated_with_plan_rule_and_draw(run: Run, tmp_path: Path) -> None:
    (tmp_path / "routes.toml").write_text(RULES)
    one = ("routes", "simulate", "--amount-minor", "1999", "--key", "ch_1", "--file", "routes.toml")
    assert (
        await run(*one) == f"plan: stripe/test (card); rule all of version 1, draw {draw_of(1, 'ch_1'):.6f}\n"
    )
    assert await run(*one[:6]) == "plan: stripe/test (card); no routing rules were live\n"
    assert await run(*one, "--payment-method", "paypal") == (
        "refused: payment_method_not_taken: No account for test mode to which the routing rule all sends it takes paypal.\n"
    )
    assert "give either --days, or --amount-minor" in await run("routes", "simulate")
    assert "--payment-method is card" in await run(*one, "--payment-method", "cash")
    assert "--metadata is name=value" in await run(*one, "--metadata", "tier")
    assert "the file with the rules cannot be read" in await run(*one[:-1], "nowhere.toml")


async def test_days_of_the_log_are_simulated_by_a_command(run: Run, pool: Pool) -> None:
    async with running_writer(pool) as writer:
        await live_traffic(writer, [(created(), captured())] * 3)
    assert await run("routes", "simulate", "--days", "1") == (
        "3 charges, of which 0 would begin at another account, or at none\n"
        "charges  went to      would go to  rule\n"
        "3        stripe/test  stripe/test  -\n"
    )


async def test_history_of_a_charge_shows_its_plan(run: Run, pool: Pool, operator: OperatorStores) -> None:
    await accepted(operator, pool, rules(SPLIT, 4), 2)
    (first, *_) = await operator.log.read_after(0, 0, limit=10)
    charge_id: ChargeId = charge_of(first.stream_id)
    shown = await run("charges", "show", charge_id)
    assert "plan: stripe/us (card); no rule of version 4 matched" in shown
    assert "skipped: paypal/shop: it does not take the currency" in shown
    assert isinstance(getattr(first, "event", None), ChargeCreated)
