"""Secrets never show themselves."""

import json
import pickle

import msgspec
import pytest

from fincore.domain.secret import Secret


class Account(msgspec.Struct):
    key: Secret


SECRET = Secret("sk_test_hidden")


def test_a_secret_gives_its_value_only_when_asked() -> None:
    assert SECRET.reveal() == "sk_test_hidden"


@pytest.mark.parametrize(
    "shown",
    [str(SECRET), repr(SECRET), f"{SECRET}", f"{SECRET!r:>40}", repr(Account(SECRET)), repr([SECRET])],
)
def test_a_printed_secret_is_masked(shown: str) -> None:
    assert "hidden" not in shown
    assert "********" in shown


@pytest.mark.parametrize("write", [msgspec.json.encode, msgspec.to_builtins, json.dumps, pickle.dumps])
def test_no_encoder_writes_a_secret(write: object) -> None:
    assert callable(write)
    with pytest.raises(TypeError):
        write(SECRET)


def test_no_encoder_writes_a_struct_that_holds_a_secret() -> None:
    with pytest.raises(TypeError):
        msgspec.json.encode(Account(SECRET))


def test_secrets_compare_by_value_and_never_equal_their_text() -> None:
    assert Secret("sk_test_hidden") == SECRET
    assert hash(SECRET) == hash(Secret("sk_test_hidden"))
    assert Secret("sk_test_other") != SECRET
    assert SECRET != "sk_test_hidden"


def test_an_empty_secret_is_false() -> None:
    assert SECRET
    assert not Secret("")
