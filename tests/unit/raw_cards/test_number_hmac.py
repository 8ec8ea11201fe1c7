"""What a card number becomes in fingerprints: under which key, and apart from anything else under it."""

import hashlib
import hmac
from base64 import b64encode

from fincore.domain.secret import Secret
from fincore.write.raw_cards.number_hmac import NumberHmac

KEY, BEFORE = bytes(range(32)), bytes(range(32, 64))
NUMBER = Secret("4242424242424242")


def encoded(key: bytes) -> Secret:
    return Secret(b64encode(key).decode())


def expected(key: bytes) -> str:
    purpose = b"fincore request fingerprint, card number\n"
    return hmac.new(key, purpose + b"4242424242424242", hashlib.sha256).hexdigest()


def test_number_is_hashed_under_each_key() -> None:
    hashes = NumberHmac(encoded(KEY), encoded(BEFORE))
    assert (hashes.of(NUMBER), hashes.before_of(NUMBER)) == (expected(KEY), expected(BEFORE))


def test_number_is_counted_by_another_hash_than_fingerprints() -> None:
    hashes, other = NumberHmac(encoded(KEY), encoded(BEFORE)), NumberHmac(encoded(BEFORE))
    counted = hashes.counted_of(NUMBER)
    assert counted == NumberHmac(encoded(KEY)).counted_of(NUMBER)
    assert counted not in {hashes.of(NUMBER), hashes.before_of(NUMBER), other.counted_of(NUMBER)}


def test_number_has_no_hash_under_a_key_that_is_gone() -> None:
    hashes = NumberHmac(encoded(KEY))
    assert (hashes.of(NUMBER), hashes.before_of(NUMBER)) == (expected(KEY), None)
