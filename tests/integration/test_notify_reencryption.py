"""Changing the key that encrypts the endpoints' secrets, while they are in use."""

from collections.abc import AsyncIterator

import pytest

from fincore.domain.ids import WebhookEndpointId
from fincore.domain.secret import Secret
from fincore.notify.reencryption import Reencrypted, reencrypt
from fincore.notify.secret_cipher import SecretCipher, SecretUnreadable
from fincore.postgres.pool import Pool
from fixtures.commits import created
from fixtures.merchant_receiver import receiving
from fixtures.notify import OWNER, SECRETS_KEY, Notify, notifying

NEW_KEY = bytes(reversed(SECRETS_KEY))
NEW = SecretCipher(NEW_KEY)
CHANGING = SecretCipher(NEW_KEY, SECRETS_KEY)


@pytest.fixture
async def notify(dsn: str, pool: Pool) -> AsyncIterator[Notify]:
    async with notifying(dsn, pool) as notify:
        yield notify


async def opened(notify: Notify, endpoint_id: WebhookEndpointId, column: str) -> Secret:
    return NEW.decrypt((await notify.endpoint(endpoint_id))[column], endpoint_id)


async def test_every_secret_is_sealed_anew_and_stays_the_same_secret(notify: Notify) -> None:
    made = [await notify.listen("https://example.com/") for _ in range(5)]
    await notify.change(made[0].endpoint.endpoint_id, status="disabled")
    rotated_id = made[1].endpoint.endpoint_id
    new = await notify.rotate(rotated_id, overlap_seconds=100)
    assert await reencrypt(notify.pool, CHANGING, notify.clock, batch_endpoints_max=2) == Reencrypted(
        5, 0, ()
    )
    assert await opened(notify, rotated_id, "secret") == new
    assert await opened(notify, rotated_id, "previous_secret") == made[1].secret
    for one in (made[0], *made[2:]):
        assert await opened(notify, one.endpoint.endpoint_id, "secret") == one.secret


@pytest.mark.parametrize("batch_endpoints_max", [1, 2, 3, 4])
async def test_repeated_reencryption_skips_done_endpoints(notify: Notify, batch_endpoints_max: int) -> None:
    done = await notify.listen("https://example.com/")
    endpoint_id = done.endpoint.endpoint_id
    await reencrypt(notify.pool, CHANGING, notify.clock)
    before = await notify.endpoint(endpoint_id)
    # By an api that has not been told of the new key yet.
    rest = [await notify.listen("https://example.com/") for _ in range(2)]
    assert await reencrypt(
        notify.pool, CHANGING, notify.clock, batch_endpoints_max=batch_endpoints_max
    ) == Reencrypted(2, 1, ())
    assert await notify.endpoint(endpoint_id) == before
    for one in rest:
        assert await opened(notify, one.endpoint.endpoint_id, "secret") == one.secret
    assert await reencrypt(notify.pool, NEW, notify.clock) == Reencrypted(0, 3, ())


async def test_a_secret_that_no_key_opens_is_named_and_stops_no_other(notify: Notify) -> None:
    lost = (await notify.listen("https://example.com/")).endpoint.endpoint_id
    notify.endpoints._cipher = SecretCipher(bytes(32))
    await notify.rotate(lost, overlap_seconds=0)
    notify.endpoints._cipher = notify.cipher
    other = await notify.listen("https://example.com/")
    before = await notify.endpoint(lost)
    assert await reencrypt(notify.pool, CHANGING, notify.clock) == Reencrypted(1, 0, (lost,))
    assert await notify.endpoint(lost) == before
    assert await opened(notify, other.endpoint.endpoint_id, "secret") == other.secret


async def test_a_secret_that_signs_no_more_is_forgotten_instead(notify: Notify) -> None:
    endpoint_id = (await notify.listen("https://example.com/")).endpoint.endpoint_id
    await notify.rotate(endpoint_id, overlap_seconds=100)
    notify.later(100)
    assert await reencrypt(notify.pool, CHANGING, notify.clock) == Reencrypted(1, 0, ())
    row = await notify.endpoint(endpoint_id)
    assert (row["previous_secret"], row["previous_expires_at"]) == (None, None)


async def test_webhooks_verify_before_during_and_after_reencryption(notify: Notify) -> None:
    async with receiving() as receiver:
        made = await notify.listen(receiver.url, "charge.created")
        for cipher in (notify.cipher, CHANGING, NEW):
            if cipher is NEW:
                with pytest.raises(SecretUnreadable):
                    await opened(notify, made.endpoint.endpoint_id, "secret")
                await reencrypt(notify.pool, CHANGING, notify.clock)
            notify.deliverer._cipher = cipher
            await notify.happen(created())
            await notify.deliverer.deliver_due()
        assert len(receiver.hooks) == 3
        for hook in receiver.hooks:
            hook.verified(made.secret)


async def test_deleted_endpoint_has_no_secret_to_reencrypt(notify: Notify) -> None:
    deleted = (await notify.listen("https://example.com/")).endpoint.endpoint_id
    kept = await notify.listen("https://example.com/")
    async with notify.pool.acquire() as connection:
        assert await notify.endpoints.delete(connection, OWNER, deleted)
    assert await reencrypt(notify.pool, CHANGING, notify.clock) == Reencrypted(1, 0, ())
    assert await opened(notify, kept.endpoint.endpoint_id, "secret") == kept.secret
