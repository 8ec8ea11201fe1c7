"""A wallet without a page to come back to is refused at start."""

import pytest

from fincore.bootstrap.return_page import check_return_page
from fincore.domain.errors import ConfigurationError
from fixtures.routing import ACCOUNTS, paypal, stripe


def test_wallet_without_public_url_is_refused_by_name() -> None:
    with pytest.raises(
        ConfigurationError, match="FINCORE_PUBLIC_URL is missing beside the paypal account shop"
    ):
        check_return_page((stripe("us"), paypal("shop")), None)


def test_cards_alone_need_no_public_url() -> None:
    check_return_page((stripe("us"), stripe("eu")), None)
    check_return_page(ACCOUNTS, "https://pay.example")
