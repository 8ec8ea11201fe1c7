"""Which frames the page of a shop may hold, by the settings of the operator's machine."""

import pytest

from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.shop_frames import shop_frames
from fincore.domain.errors import UsageError
from fincore.domain.secret import Secret
from fincore.write.merchants.api_key import mint
from fincore.write.merchants.origin import OriginNotUsable
from fixtures.secrets import secret_resolver

ENVIRONMENT = {
    f"FINCORE_PAYPAL_{mode}_{name}": f"A{mode.lower()}"
    for mode in ("TEST", "LIVE")
    for name in ("CLIENT_ID", "CLIENT_SECRET", "WEBHOOK_ID")
}


def of_key(key: Secret, origin: str = "https://SHOP.example:443") -> list[tuple[str, str, str | None]]:
    frames = shop_frames(
        read_settings(ENVIRONMENT), secret_resolver(ENVIRONMENT), key=key.reveal(), origin=origin
    )
    return [(one.request.account, one.request.origin, one.access.client_id) for one in frames]


@pytest.mark.parametrize(("livemode", "expected"), [(False, "test"), (True, "live")])
def test_frames_are_of_accounts_in_the_mode_of_the_key(*, livemode: bool, expected: str) -> None:
    found = of_key(mint("publishable", livemode=livemode))
    assert found == [(expected, "https://shop.example", f"A{expected}")]


@pytest.mark.parametrize("key", [mint("secret", livemode=False), Secret("pk_test_"), Secret("pk_live")])
def test_frames_need_a_publishable_key(key: Secret) -> None:
    with pytest.raises(UsageError, match="publishable key"):
        of_key(key)


def test_frames_need_an_origin() -> None:
    with pytest.raises(OriginNotUsable, match="leave out what follows"):
        of_key(mint("publishable", livemode=True), "https://shop.example/pay")
