"""Passwords of the built-in issuer: kept as scrypt, compared a few at a time, and refused where they are easy to guess."""

import asyncio
import re
import threading

import pytest

from fincore.domain.errors import Overloaded
from fincore.write.staff import passwords as module
from fincore.write.staff.passwords import N_MIN, N, P, Passwords, flaw_of, one_time_password

CHEAP = Passwords(n=N_MIN, p=1)


async def test_kept_password_is_known_again_and_no_other() -> None:
    kept = await CHEAP.hash("correct horse battery")
    again = await CHEAP.hash("correct horse battery")
    assert (kept.hash != again.hash, kept.salt != again.salt) == (True, True)
    assert await CHEAP.is_right("correct horse battery", kept)
    assert not await CHEAP.is_right("correct horse batterz", kept)
    # With the parameters that it was kept with, whichever count now.
    assert await Passwords().is_right("correct horse battery", kept)
    assert (N, P) == (2**15, 3)


async def test_same_word_typed_on_two_keyboards_is_one_password() -> None:
    kept = await CHEAP.hash("Zu\u0308rich am See")
    assert await CHEAP.is_right("Z\u00fcrich am See", kept)


async def test_password_of_no_person_is_compared_and_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[bytes] = []
    scrypt = module._scrypt

    def counted(password: bytes, kept: module.PasswordHash) -> bytes:
        computed.append(password)
        return scrypt(password, kept)

    monkeypatch.setattr(module, "_scrypt", counted)
    assert not await CHEAP.is_right("correct horse battery", None)
    assert computed == [b"correct horse battery"]


async def test_few_passwords_are_compared_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, running, most = threading.Event(), 0, 0
    lock = threading.Lock()

    def slow(_: bytes, __: module.PasswordHash) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        may_end.wait(30)
        with lock:
            running -= 1
        return bytes(32)

    monkeypatch.setattr(module, "_scrypt", slow)
    passwords = Passwords(at_once_max=2, waiting_max=4)
    waiting = [asyncio.create_task(passwords.hash("x")) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await passwords.hash("x")
    may_end.set()
    await asyncio.gather(*waiting)
    assert most <= 2
    await passwords.hash("x")


def test_one_time_passwords_are_new_and_easy_to_type() -> None:
    made = {one_time_password().reveal() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){3}", one) for one in made)


@pytest.mark.parametrize(
    ("password", "flaw"),
    [
        ("x" * 11, "length"),
        ("abcdefghijkl", None),
        ("abcdefghijkl" * 11, "length"),
        ("abababababab", "guessable"),
        ("My-Password-1234", "guessable"),
        ("Ada.Byron@Example.com", "guessable"),
        ("Ada.Byron1234", None),
    ],
)
def test_flaw_of_a_password_is_its_length_or_how_it_is_guessed(password: str, flaw: str | None) -> None:
    assert flaw_of(password, password, username="ada.byron@example.com") == flaw
    assert flaw_of(password, f"{password}x", username="ada") == "different"
