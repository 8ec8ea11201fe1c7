"""What operators do: look at health, stop processes, read the invariants, and be told in one sentence what is wrong."""

import asyncio
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fixtures.shop import Shop, events_of
from fixtures.system import ROLES, System

pytestmark = pytest.mark.timeout(600)

AUTHORIZE = {"path": "/v1/payment_intents", "method": "POST"}
OWN_METRIC = {
    "api": "fincore_http_request_seconds",
    "worker": "fincore_worker_jobs_total",
    "projectionist": "fincore_consumer_lag_seconds",
    "ledger": "fincore_consumer_lag_seconds",
    "notify": "fincore_webhook_deliveries_due",
    "risk": "fincore_consumer_lag_seconds",
}


def fetched(url: str) -> str:
    """The body of an answer that must be a 200."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- our own processes
        text: str = answer.read().decode()
        return text


# Health and metrics


@pytest.mark.parametrize("role", ROLES)
def test_each_role_serves_health_and_metrics(system: System, role: str) -> None:
    ops = system.ops_url(role)
    assert json.loads(fetched(f"{ops}/healthz")) == {"role": role, "status": "ok"}
    ready = json.loads(fetched(f"{ops}/readyz"))
    assert (ready["role"], ready["status"]) == (role, "ok")
    assert set(ready["parts"].values()) == {"ok"}
    assert f"# TYPE {OWN_METRIC[role]} " in fetched(f"{ops}/metrics")


def test_public_port_serves_health_and_no_metrics(system: System) -> None:
    assert json.loads(fetched(f"{system.api_url()}/healthz")) == {"status": "ok"}
    assert json.loads(fetched(f"{system.api_url()}/readyz"))["status"] == "ok"
    with pytest.raises(urllib.error.HTTPError, match="404") as refused:
        fetched(f"{system.api_url()}/metrics")
    refused.value.close()


# Stopping


async def test_worker_on_sigterm_finishes_and_records_its_call(system: System, shop: Shop) -> None:
    system.sandbox.add_fault("webhook_drop", count=100)
    system.sandbox.add_fault("slow", seconds=1.5, match=AUTHORIZE)
    accepted = await shop.charge()
    system.until("the PSP is being called", lambda: "slow" not in faults_left(system))
    assert await asyncio.to_thread(system.terminate, "worker") == 0
    # No worker is left to do it: it was done before the worker ended.
    paid = await shop.get(accepted["id"])
    assert (paid["status"], events_of(paid)) == ("succeeded", ["charge.created", "charge.captured"])


async def test_api_on_sigterm_answers_request_under_way(system: System, shop: Shop) -> None:
    system.sandbox.add_fault("slow", seconds=1.5, match=AUTHORIZE)
    waiting = asyncio.create_task(shop.post_charge(wait_seconds=20))
    await asyncio.to_thread(
        system.until, "the PSP is being called", lambda: "slow" not in faults_left(system)
    )
    assert await asyncio.to_thread(system.terminate, "api") == 0
    reply = await waiting
    assert (reply.status, reply.json["status"]) == (201, "succeeded")


async def test_charge_accepted_with_other_roles_down_is_done_later(system: System, shop: Shop) -> None:
    codes = [
        await asyncio.to_thread(system.terminate, role)
        for role in ("worker", "projectionist", "ledger", "risk")
    ]
    assert codes == [0, 0, 0, 0]
    accepted = await shop.charge(metadata={"while": "alone"})
    # The view lags; a look at the charge does not.
    assert (await shop.get(accepted["id"]))["status"] == "processing"
    assert await shop.all_charges("metadata[while]=alone") == []
    system.mend()
    await shop.until_status(accepted["id"], "succeeded")
    system.until_idle()
    (listed,) = await shop.all_charges("metadata[while]=alone")
    assert (listed["id"], listed["status"]) == (accepted["id"], "succeeded")


# The invariants


async def test_check_passes_and_names_tampered_balance(system: System, shop: Shop) -> None:
    paid = await shop.paid(amount_minor=1234)
    system.until_idle()
    held = system.fincore("check")
    assert held.code == 0, held.stdout
    assert "BROKEN" not in held.stdout
    with tampered_balance(system) as account:
        broken = system.fincore("check")
    assert broken.code == 1
    assert "BROKEN     balances_equal_postings" in broken.stdout
    assert account in broken.stdout
    assert paid["id"] not in broken.stdout


@contextmanager
def tampered_balance(system: System) -> Iterator[str]:
    """An account with a balance that was changed with the owner's rights."""
    ((account_id, name),) = system.rows(
        "select account_id, name from ledgerdb.accounts where name like 'merchant:%' order by account_id limit 1"
    )

    def add(amount_minor: int) -> None:
        system.execute(
            "set local session_replication_role = replica",
            f"update ledgerdb.accounts set balance_minor = balance_minor + {amount_minor} where account_id = {account_id}",  # noqa: S608 -- our own numbers
        )

    add(1)
    try:
        yield name
    finally:
        add(-1)


# One sentence


@contextmanager
def taken_port() -> Iterator[int]:
    """A port on which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        yield somebody.getsockname()[1]


def assert_one_sentence(system: System, *arguments: str, names: str, **settings: str) -> None:
    """The command fails with exit code 1 and one sentence that names what is wrong; a role may have logged before."""
    done = system.fincore(*arguments, settings=settings)
    *logged, sentence = done.stderr.splitlines()
    assert (done.code, done.stdout) == (1, ""), done
    assert sentence.startswith("fincore: "), done
    assert names in sentence
    assert [line for line in logged if not line.startswith('{"')] == []
    assert arguments[0] == "run" or logged == []
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("setting", "value"), [("FINCORE_API_PORT", "eighty"), ("FINCORE_API_PROT", "8080")])
def test_a_wrong_setting_is_named_in_one_sentence(system: System, setting: str, value: str) -> None:
    assert_one_sentence(system, "run", "worker", names=setting, **{setting: value})


@pytest.mark.parametrize(
    "command",
    [
        ("key", "create"),
        ("key", "list"),
        ("merchant", "fee-plan", "list"),
        ("ledger", "accounts", "--merchant"),
    ],
    ids=" ".join,
)
def test_an_unknown_merchant_is_named_in_one_sentence(system: System, command: tuple[str, ...]) -> None:
    unknown = "mer_01h2xcejqtf2nbrexx3vqjhp41"
    assert_one_sentence(system, *command, unknown, names=unknown)


def test_a_taken_port_is_named_in_one_sentence(system: System) -> None:
    with taken_port() as port:
        assert_one_sentence(
            system,
            "run",
            "api",
            names=f"{port}",
            FINCORE_API_PORT=str(port),
            FINCORE_OPS_PORT="0",
        )
        assert_one_sentence(
            system, "run", "api", names="FINCORE_OPS_PORT", FINCORE_API_PORT="0", FINCORE_OPS_PORT=str(port)
        )


def test_unreachable_or_empty_database_is_named_in_a_sentence(system: System) -> None:
    nobody = "postgresql://postgres@127.0.0.1:9/postgres"
    assert_one_sentence(system, "check", names="cannot reach PostgreSQL", FINCORE_EVENTSTORE_DSN=nobody)
    empty = system.dsn.replace("/postgres?", "/template1?")
    assert_one_sentence(system, "run", "ledger", names="fincore migrate", FINCORE_EVENTSTORE_DSN=empty)


def faults_left(system: System) -> list[str]:
    """The kinds of fault that have not fired yet."""
    return [fault["kind"] for fault in system.sandbox.call("GET", "/sandbox/faults")["faults"]]
