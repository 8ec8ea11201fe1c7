"""A key of the vault is lost: no card edge starts until an operator gives its cards up, and then nothing is left of them."""

import re
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import aiohttp
import pytest
from harness.installation import Merchant

from fixtures.system import System
from fixtures.vault import VISA, vault_settings

pytestmark = pytest.mark.timeout(600)

WHO_AND_WHY: Final = ("--by=Ada", "--reason=Key manager lost, ticket 17")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """Stores and settings only; the test starts the card edge."""
    system = System(settings=vault_settings())
    try:
        system.start_stores()
        yield system
    finally:
        system.stop()


async def asked(
    system: System, merchant: Merchant, method: str, path: str, number: str | None = None
) -> tuple[int, dict[str, Any]]:
    """The status and body of an answer of the card edge; a number is of a card to keep."""
    card = {"card": {"number": number, "expiry_month": 11, "expiry_year": 2037}}
    headers = {"Authorization": f"Bearer {merchant.api_key}", "Idempotency-Key": str(uuid4())}
    async with (
        aiohttp.ClientSession(system.card_edge_url, headers=headers) as session,
        session.request(method, path, json=card if number else None) as answer,
    ):
        body: dict[str, Any] = await answer.json()
        return answer.status, body


def refusal_of_the_card_edge(system: System) -> str:
    """What the card edge says of its settings, and ends."""
    system.launch("card-edge")
    edge = system.processes["card-edge"]
    system.until("the card edge has ended", lambda: edge.exit_code is not None)
    assert edge.exit_code == 1
    return system.logs()["card-edge"].splitlines()[-1]


def listed_keys(system: System) -> dict[str, tuple[str, ...]]:
    """What `fincore vault keys` lists: the check, the cards and the state of each key."""
    rows = [re.split(r"  +", line) for line in system.printed("vault", "keys").splitlines()[1:]]
    return {key: tuple(others) for key, *others in rows}


async def test_cards_under_lost_key_are_given_up_by_command(system: System) -> None:
    """The merchant's card ends as a deleted one; the same number is kept anew, under the new key."""
    merchant = await system.add_merchant()
    system.printed("merchant", "raw-cards", "enable", merchant.merchant_id, *WHO_AND_WHY)
    system.start("card-edge")
    status, card = await asked(system, merchant, "POST", "/v1/cards", VISA)
    assert status == 201, card
    system.terminate("card-edge")
    lost, new = (one["FINCORE_VAULT_KEYS"].partition(":")[2] for one in (system.settings, vault_settings()))
    system.settings["FINCORE_VAULT_KEYS"] = f"k2:{new}"

    assert "FINCORE_VAULT_KEYS lacks the key k1, which encrypts 1 card:" in refusal_of_the_card_edge(system)
    check, cards, state = listed_keys(system)["k1"]
    assert (cards, state) == ("1", "missing")
    forget = ("vault", "forget", "k1", f"--check={check}")
    refused = system.fincore(*forget, "--cards=2", *WHO_AND_WHY)
    assert (refused.code, refused.stdout) == (1, "")
    assert "repeat the command with --cards 1" in refused.stderr
    assert system.printed(*forget, "--cards=1", *WHO_AND_WHY) == "1 card given up for good"

    system.start("card-edge")
    status, shown = await asked(system, merchant, "GET", f"/v1/cards/{card['id']}")
    assert (status, shown["first6"], shown["last4"]) == (200, None, VISA[-4:])
    assert shown["deleted_at"]
    ((kept,),) = system.rows("select to_jsonb(c) from vault.cards c")
    assert [name for name in kept if re.search("key|content|fingerprint", name) and kept[name]] == []
    assert kept["deleted_by"] == "forgotten_key:k1"
    assert system.rows(
        "select key_id, encode(key_check, 'hex'), cards, forgotten_by, reason from vault.forgotten_keys"
    ) == [("k1", check, 1, "Ada", "Key manager lost, ticket 17")]

    assert "no card is encrypted by a key k1" in system.fincore(*forget, "--cards=1", *WHO_AND_WHY).stderr
    status, anew = await asked(system, merchant, "POST", "/v1/cards", VISA)
    assert (status, anew["deleted_at"]) == (201, None)
    assert {key: row[1:] for key, row in listed_keys(system).items()} == {"k2": ("1", "current")}
    printed = system.logs()
    assert [name for name in printed for secret in (VISA, lost, new) if secret in printed[name]] == []
