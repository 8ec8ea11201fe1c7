"""A response in a shared cache opens under its own name and key alone, and its name tells nothing."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.ids import MerchantId
from fincore.eventstore.commit import IdempotencyKey, RenderedResponse, StoredResponse
from fincore.redis.response_cipher import ResponseCipher

CIPHER = ResponseCipher(bytes(32))
KEY = IdempotencyKey(MerchantId("mer_1"), False, "order-1")
STORED = StoredResponse(
    fingerprint=b"f" * 32, response=RenderedResponse(201, b'{"id":"ch_1"}', "/v1/charges/ch_1")
)


@given(
    stored=st.builds(
        lambda fingerprint, status, body, location: StoredResponse(
            fingerprint=fingerprint, response=RenderedResponse(status, body, location)
        ),
        st.binary(max_size=40),
        st.integers(100, 599),
        st.binary(max_size=200),
        st.none() | st.text(max_size=20),
    )
)
def test_response_comes_back_byte_for_byte(stored: StoredResponse) -> None:
    name = CIPHER.name_of(KEY)
    assert CIPHER.decrypt(name, CIPHER.encrypt(name, stored)) == stored


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(KEY, merchant_id=MerchantId("mer_2")),
        msgspec.structs.replace(KEY, livemode=True),
        msgspec.structs.replace(KEY, key="order-2"),
    ],
)
def test_response_moved_to_another_key_does_not_open(other: IdempotencyKey) -> None:
    name = CIPHER.name_of(other)
    assert name != CIPHER.name_of(KEY)
    assert CIPHER.decrypt(name, CIPHER.encrypt(CIPHER.name_of(KEY), STORED)) is None


def test_any_altered_byte_closes_the_response() -> None:
    name = CIPHER.name_of(KEY)
    value = CIPHER.encrypt(name, STORED)
    for place in range(len(value)):
        altered = bytes(byte ^ (index == place) for index, byte in enumerate(value))
        assert CIPHER.decrypt(name, altered) is None


@given(value=st.binary(max_size=80))
def test_bytes_of_others_do_not_open(value: bytes) -> None:
    assert CIPHER.decrypt(CIPHER.name_of(KEY), value) is None


def test_another_installation_has_other_names_and_opens_nothing() -> None:
    other, name = ResponseCipher(b"1" * 32), CIPHER.name_of(KEY)
    assert other.name_of(KEY) != name
    assert other.decrypt(name, CIPHER.encrypt(name, STORED)) is None


def test_response_is_other_bytes_each_time_and_shows_nothing() -> None:
    name = CIPHER.name_of(KEY)
    one, other = CIPHER.encrypt(name, STORED), CIPHER.encrypt(name, STORED)
    assert one != other
    assert b"ch_1" not in one
    assert b"order-1" not in name
    assert b"mer_1" not in name
