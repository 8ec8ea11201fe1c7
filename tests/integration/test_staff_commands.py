"""`fincore staff`: what it prints, records and refuses."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from fincore.__main__ import main
from fincore.postgres.pool import Pool
from fincore.write.staff.acts import Acts

Typed = Callable[..., Awaitable[tuple[int, str]]]
WHY = ("--by", "Ada", "--reason", "new colleague")
SECRETS_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@pytest.fixture
def typed(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    """Runs `fincore staff`; returns its exit code and what it prints."""
    monkeypatch.setenv("FINCORE_EVENTSTORE_DSN", dsn)
    monkeypatch.setenv("FINCORE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FINCORE_SECRETS_KEY", SECRETS_KEY)

    async def typed(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["fincore", "staff", *words])

        def run() -> int:
            try:
                main()
            except SystemExit as ended:
                return int(ended.code or 0)
            return 0

        code = await asyncio.to_thread(run)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return typed


async def test_added_person_gets_a_password_and_is_listed(typed: Typed, pool: Pool) -> None:
    code, printed = await typed(
        "add", "ada@example.com", "--name", "Ada Byron", "--role", "support:test", "--role", "viewer", *WHY
    )
    assert code == 0, printed
    assert re.fullmatch(r"[a-z2-9]{5}(-[a-z2-9]{5}){3}", printed.splitlines()[1])
    _, listed = await typed("list")
    assert re.search(r"ada@example.com +Ada Byron +support:test viewer +.*one-time password until", listed)
    acts, _ = await Acts(pool).list(livemode=False, of_no_mode=True, merchant_ids=None, limit=10)
    assert [(one.actor.username, one.action, one.reason, one.details["roles"]) for one in acts] == [
        ("Ada", "add_person", "new colleague", "support:test viewer")
    ]
    assert printed.splitlines()[1] not in str(acts)


async def test_each_change_of_a_person_is_recorded(typed: Typed, pool: Pool) -> None:
    await typed("add", "ada", "--role", "viewer", *WHY)
    assert await typed("set-roles", "ADA", "--role", "finance", *WHY) == (0, "ada has the roles finance\n")
    assert await typed("disable", "ada", *WHY) == (0, "disabled ada\n")
    assert re.search(r"disabled \d{4}-", (await typed("list"))[1])
    code, printed = await typed("reset", "ada", *WHY)
    assert (code, len(printed.splitlines())) == (0, 2)
    code, printed = await typed("rotate-key", *WHY)
    assert (code, printed.startswith("tokens are signed by the key ")) == (0, True)
    acts, _ = await Acts(pool).list(livemode=False, of_no_mode=True, merchant_ids=None, limit=10)
    assert [one.action for one in acts] == [
        "rotate_key",
        "reset_person",
        "disable_person",
        "set_roles",
        "add_person",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "ada", "--role", "boss"), "a role must be viewer, support, finance or admin"),
        (("add", "ada", "--role", "viewer:both"), "a role must be viewer, support, finance or admin"),
        (("add", "ada byron", "--role", "viewer"), "a username must have"),
        (("add", "Eve", "--role", "viewer"), "there is a person Eve already"),
        (("disable", "bob"), "there is no person bob: `fincore staff list` lists them all"),
        (("reset", "bob"), "there is no person bob"),
        (("set-roles", "bob", "--role", "viewer"), "there is no person bob"),
    ],
)
async def test_person_that_cannot_be_kept_is_one_sentence(
    typed: Typed, pool: Pool, words: tuple[str, ...], said: str
) -> None:
    await typed("add", "eve", "--role", "viewer", *WHY)
    code, printed = await typed(*words, *WHY)
    assert (code != 0, said in printed, printed.count("\n")) == (True, True, 1), printed
    assert await pool.fetchval("select count(*) from staff.acts") == 1


async def test_people_of_another_issuer_are_kept_there(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINCORE_STAFF_ISSUER", "https://login.example.com")
    code, printed = await typed("add", "ada", "--role", "viewer", *WHY)
    assert (code != 0, "staff log in at FINCORE_STAFF_ISSUER" in printed) == (True, True)
