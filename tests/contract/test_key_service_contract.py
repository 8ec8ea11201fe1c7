"""The port KeyService, in memory and on the emulator of AWS KMS."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
from botocore.session import get_session

from fincore.bootstrap.kms import kms_keys
from fincore.domain.ids import CardId, MerchantId
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.key_service import KeyService, KeyServiceUnavailable
from fincore.write.vault.sealed_card import CardIdentity, CardUnreadable
from fincore.write.vault.vault_keys import ServiceKey, VaultKeys
from fixtures.key_services import MemoryKeyService, service_key
from fixtures.vault import card

DATA_KEY = bytes(range(32))
CONTEXT = {"card": "card_a", "mode": "live"}
REGION = "eu-central-1"


class Service(NamedTuple):
    """A service with two keys."""

    keys: KeyService
    one: ServiceKey
    other: ServiceKey
    is_emulator: bool


def emulator(url: str) -> Any:
    return get_session().create_client("kms", region_name=REGION, endpoint_url=url)


@pytest.fixture(params=["memory", "kms"])
async def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    if request.param == "memory":
        yield Service(MemoryKeyService(), service_key("k1", 1), service_key("k2", 2), False)
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    url = request.getfixturevalue("aws_url")
    made = [(await asyncio.to_thread(emulator(url).create_key))["KeyMetadata"]["Arn"] for _ in range(2)]
    yield Service(kms_keys(url=url), ServiceKey("k1", made[0]), ServiceKey("k2", made[1]), True)


async def test_data_key_is_unwrapped_for_its_context_alone(service: Service) -> None:
    wrapped = await service.keys.wrap(service.one, DATA_KEY, CONTEXT)
    assert DATA_KEY not in wrapped
    assert await service.keys.unwrap(service.one, wrapped, CONTEXT) == DATA_KEY
    for changed in ({**CONTEXT, "card": "card_b"}, {"card": "card_a"}, {}):
        assert await service.keys.unwrap(service.one, wrapped, changed) is None


async def test_bytes_that_nothing_wrapped_are_not_unwrapped(service: Service) -> None:
    for false in (b"x", b"x" * 150):
        assert await service.keys.unwrap(service.one, false, CONTEXT) is None


async def test_another_key_unwraps_nothing(service: Service) -> None:
    """The emulator unwraps with any key, to other bytes: a card is not read by them."""
    wrapped = await service.keys.wrap(service.one, DATA_KEY, CONTEXT)
    unwrapped = await service.keys.unwrap(service.other, wrapped, CONTEXT)
    assert unwrapped != DATA_KEY
    assert unwrapped is None or service.is_emulator


@pytest.mark.parametrize("service", ["kms"], indirect=True)
async def test_key_that_is_not_there_is_no_answer(service: Service) -> None:
    absent = ServiceKey("k3", service.one.name[:-1] + ("0" if service.one.name[-1] != "0" else "1"))
    with pytest.raises(KeyServiceUnavailable, match=r"KMS .*\(NotFoundException\) with the key k3"):
        await service.keys.wrap(absent, DATA_KEY, CONTEXT)


async def test_service_out_of_reach_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with listening:
        keys = kms_keys(url=f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        for call in (keys.wrap, keys.unwrap):
            with pytest.raises(KeyServiceUnavailable, match=r"^KMS cannot be reached \(\w+\): repeat"):
                await call(service_key("k1"), DATA_KEY, CONTEXT)


async def test_card_is_sealed_under_a_key_of_the_service(service: Service) -> None:
    cipher = CardCipher(VaultKeys([service.one]), service.keys)
    owner = CardIdentity(CardId("card_a"), MerchantId("mer_a"), livemode=False)
    another = CardIdentity(CardId("card_b"), MerchantId("mer_a"), livemode=False)
    assert await cipher.current_key_works()
    sealed = await cipher.seal(card(), owner)
    assert await cipher.open(sealed, owner) == card()
    with pytest.raises(CardUnreadable, match="sealed_for_another"):
        await cipher.open(sealed, another)
