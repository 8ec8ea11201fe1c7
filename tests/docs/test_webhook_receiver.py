"""What the guide tells merchants to do with a webhook, done: its code takes one that is signed as ours are."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from docs.markdown import named_block
from fincore.domain.ids import WebhookDeliveryId
from fincore.domain.secret import Secret
from fincore.notify.webhook_secret import mint_secret, signed_headers

BODY = (
    b'{"type":"charge.captured","timestamp":"2026-01-02T12:00:00Z","data":{"charge_id":"ch_1","version":2}}'
)


class Merchant:
    """Runs the code of the guide on a database of its own."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.secret = mint_secret()
        self.database = database
        database.execute("create table seen_webhooks (id text primary key)")
        database.execute("create table to_do (charge_id text, type text)")
        code = named_block("docs/guides/integrate.md", "run", "take-webhook").code
        assert code.count('"whsec_..."') == 1
        defined: dict[str, Any] = {}
        exec(code.replace("whsec_...", self.secret.reveal()), defined)  # noqa: S102 -- the guide's own code
        self._take: Callable[[Mapping[str, str], bytes, sqlite3.Connection], int] = defined["take"]

    def takes(self, delivery: str, body: bytes = BODY, *, signed_by: Secret | None = None) -> int:
        """The answer to a webhook that is signed now."""
        headers = signed_headers(
            WebhookDeliveryId(delivery), BODY, [signed_by or self.secret], datetime.now(UTC)
        )
        return self._take(headers, body, self.database)

    def to_do(self) -> list[tuple[str, str]]:
        """What the merchant has to do."""
        return self.database.execute("select * from to_do").fetchall()


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    database = sqlite3.connect(":memory:")
    try:
        yield Merchant(database)
    finally:
        database.close()


def test_a_webhook_is_taken_once_however_often_it_comes(merchant: Merchant) -> None:
    assert [merchant.takes("msg_1"), merchant.takes("msg_1"), merchant.takes("msg_2")] == [204, 204, 204]
    assert merchant.to_do() == [("ch_1", "charge.captured")] * 2


def test_altered_or_foreign_webhook_is_refused(merchant: Merchant) -> None:
    assert merchant.takes("msg_1", BODY.replace(b"ch_1", b"ch_2")) == 400
    assert merchant.takes("msg_1", signed_by=mint_secret()) == 400
    assert merchant.to_do() == []
    assert merchant.takes("msg_1") == 204


def test_webhook_not_stored_is_accepted_when_repeated(merchant: Merchant) -> None:
    merchant.database.execute("alter table to_do rename to elsewhere")
    with pytest.raises(sqlite3.OperationalError):
        merchant.takes("msg_1")
    merchant.database.execute("alter table elsewhere rename to to_do")
    assert merchant.takes("msg_1") == 204
    assert merchant.to_do() == [("ch_1", "charge.captured")]
