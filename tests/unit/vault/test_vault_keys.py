"""The keys of the vault: how they are written, and which are refused in words that do not repeat them."""

from base64 import b64encode

import pytest

from fincore.write.vault.vault_keys import KEYS_MAX, ServiceKey, VaultKey, VaultKeys, key_flaw, vault_keys_of
from fixtures.key_services import ARN
from fixtures.vault import key_of, vault_key


def written(*pairs: tuple[str, bytes]) -> str:
    return ",".join(f"{key_id}:{b64encode(key).decode()}" for key_id, key in pairs)


def test_vault_keys_are_read_with_the_current_one_first() -> None:
    keys = vault_keys_of(f" {written(('2026-11', key_of('a')), ('2026-05', key_of('b')))} ,")
    assert keys.current == VaultKey("2026-11", key_of("a"))
    assert keys.find("2026-05") == VaultKey("2026-05", key_of("b"))
    assert keys.find("2025-01") is None
    assert [key.key_id for key in keys] == ["2026-11", "2026-05"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b64encode(key_of("a")).decode(), "pairs of a key id and a key"),
        (written(("A B", key_of("a"))), "key id"),
        (written(("", key_of("a"))), "key id"),
        (written(("x" * 33, key_of("a"))), "key id"),
        (written(("a", key_of("a")), ("a", key_of("b"))), "two keys with one id"),
        (written(("a", key_of("a")), ("b", key_of("a"))), "one key under two ids"),
        (written(("a", key_of("a")[:16])), "is not 32 bytes in base64"),
        ("a:not base64", "is not 32 bytes in base64"),
        (",", "1 to 8 keys"),
        (written(*((f"k{n}", key_of(str(n))) for n in range(KEYS_MAX + 1))), "1 to 8 keys"),
    ],
)
def test_wrong_vault_keys_are_refused_in_words(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=word) as refused:
        vault_keys_of(text)
    assert b64encode(key_of("a")).decode()[:10] not in str(refused.value)


@pytest.mark.parametrize(
    "key",
    [
        bytes(32),
        b"\xff" * 32,
        bytes(range(32)),
        bytes(range(64, 0, -2)),
        key_of("a")[:8] * 4,
        b"correct horse battery staple 123",
        b"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
    ],
)
def test_key_that_no_random_source_makes_is_weak(key: bytes) -> None:
    assert len(key) == 32
    assert key_flaw(key) is not None
    with pytest.raises(ValueError, match="holds a key a that is"):
        VaultKeys([VaultKey("a", key)])


def test_random_keys_are_not_called_weak() -> None:
    assert [key_flaw(key_of(str(number))) for number in range(2_000)] == [None] * 2_000


def test_vault_key_does_not_show_itself() -> None:
    shown = f"{vault_key('a')!r} {VaultKeys([vault_key('a')])!r} {[vault_key('a')]}"
    assert "'a'" in shown
    assert repr(key_of("a")) not in shown
    assert vault_key("a").check != vault_key("a", "other").check
    assert vault_key("a").check not in key_of("a")


def test_arn_of_kms_stands_for_a_key() -> None:
    keys = vault_keys_of(f"2026-11:{ARN}1,{written(('2026-05', key_of('b')))}")
    assert keys.current == ServiceKey("2026-11", f"{ARN}1")
    assert keys.current.check != ServiceKey("2026-11", f"{ARN}2").check
    assert [key.key_id for key in keys] == ["2026-11", "2026-05"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a:arn:aws:kms:eu-central-1:123456789012:alias/vault", "an alias may become another key"),
        ("a:arn:aws:s3:::bucket", "an ARN that is none of a key of KMS"),
        (f"a:{ARN}1,b:{ARN}1", "one key under two ids"),
    ],
)
def test_arn_of_no_key_is_refused(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        vault_keys_of(text)
