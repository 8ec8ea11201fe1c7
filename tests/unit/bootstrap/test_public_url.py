"""A public URL that customers need and that is missing, or that leads to another server, is refused at start."""

from typing import NamedTuple

import pytest

from fincore.bootstrap.public_url import check_public_url
from fincore.domain.errors import ConfigurationError
from fixtures.routing import ACCOUNTS, paypal, stripe


class Told(NamedTuple):
    public_url: str | None
    api_port: int = 8080
    checkout_port: int = 8081


def test_wallet_without_public_url_is_refused_by_name() -> None:
    with pytest.raises(
        ConfigurationError, match="FINCORE_PUBLIC_URL is missing beside the paypal account shop"
    ):
        check_public_url((stripe("us"), paypal("shop")), Told(None))


def test_cards_alone_need_no_public_url() -> None:
    check_public_url((stripe("us"), stripe("eu")), Told(None))
    check_public_url(ACCOUNTS, Told("https://pay.example"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"])
def test_public_url_of_the_api_is_refused_with_the_right_one(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"leads to the merchants' API.*:8081$"):
        check_public_url(ACCOUNTS, Told(url))


def test_public_url_without_port_is_that_of_http() -> None:
    with pytest.raises(ConfigurationError, match="leads to the merchants' API"):
        check_public_url(ACCOUNTS, Told("http://localhost", api_port=80))


@pytest.mark.parametrize(
    "told",
    [
        Told("http://127.0.0.1:8081"),
        Told("https://pay.example:8080"),
        Told("https://localhost:8080"),
        Told("http://localhost:8080", checkout_port=8080),
    ],
)
def test_public_url_that_may_lead_to_checkout_is_taken(told: Told) -> None:
    check_public_url(ACCOUNTS, told)
