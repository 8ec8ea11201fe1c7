"""Secrets that rotate: what reveals them follows, and nothing that does not work takes the place of what does."""

import pytest

from fincore.bootstrap.psp_accounts.rotating_secret import RotatingSecrets
from fincore.bootstrap.secret_file import SecretUnreadable


class Store:
    """Versions of secrets by place: the present one first."""

    def __init__(self, **versions: list[str]) -> None:
        self.versions = versions

    def read(self, place: str) -> str:
        if not self.versions[place]:
            raise SecretUnreadable(f"{place} cannot be read")
        return self.versions[place][0]

    def read_previous(self, place: str) -> str | None:
        return next(iter(self.versions[place][1:]), None)


def flaw_of(text: str) -> str | None:
    return None if text.startswith("sk_") else "does not begin with sk_"


def test_secret_follows_a_rotation() -> None:
    store, secrets = Store(key=["sk_1"]), RotatingSecrets()
    (secret,) = secrets.watch(store, "key", flaw_of, with_previous=False)
    store.versions["key"].insert(0, "sk_2")
    assert secret.reveal() == "sk_1"
    secrets.refresh()
    assert secret.reveal() == "sk_2"


def test_previous_version_counts_until_the_next_rotation() -> None:
    store, secrets = Store(key=["sk_1"]), RotatingSecrets()
    accepted = secrets.watch(store, "key", flaw_of, with_previous=True)
    seen = []
    for text in ("sk_1", "sk_2", "sk_3"):
        if text != "sk_1":
            store.versions["key"].insert(0, text)
        secrets.refresh()
        seen.append({one.reveal() for one in accepted})
    assert seen == [{"sk_1"}, {"sk_2", "sk_1"}, {"sk_3", "sk_2"}]


def test_version_with_a_flaw_leaves_the_one_that_works() -> None:
    store, secrets = Store(key=["sk_1"]), RotatingSecrets()
    (secret,) = secrets.watch(store, "key", flaw_of, with_previous=False)
    store.versions["key"].insert(0, "whsec_hidden")
    with pytest.raises(SecretUnreadable) as error:
        secrets.refresh()
    assert secret.reveal() == "sk_1"
    assert str(error.value) == "the present version of key does not begin with sk_"


def test_previous_version_with_a_flaw_does_not_count() -> None:
    store, secrets = Store(key=["sk_2", "another form"]), RotatingSecrets()
    accepted = secrets.watch(store, "key", flaw_of, with_previous=True)
    secrets.refresh()
    assert [one.reveal() for one in accepted] == ["sk_2", "sk_2"]


def test_one_secret_out_of_reach_keeps_no_other_from_a_rotation() -> None:
    store, secrets = Store(a=["sk_a1"], b=["sk_b1"], c=["sk_c1"]), RotatingSecrets()
    a, b, c = (secrets.watch(store, place, flaw_of, with_previous=False)[0] for place in "abc")
    store.versions = {"a": [], "b": ["sk_b2"], "c": []}
    with pytest.raises(SecretUnreadable, match="a cannot be read; c cannot be read"):
        secrets.refresh()
    assert [one.reveal() for one in (a, b, c)] == ["sk_a1", "sk_b2", "sk_c1"]


def test_rotating_secret_does_not_show_itself() -> None:
    (secret,) = RotatingSecrets().watch(Store(key=["sk_hidden"]), "key", flaw_of, with_previous=False)
    secret.replace("sk_hidden_too")
    assert "hidden" not in f"{secret} {secret!r}"
