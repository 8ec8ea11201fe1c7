"""Opens the shop: what an operator does for a merchant with a page, and what the shop reads of FinCore at its start."""

import json
import urllib.request
from typing import Final

from harness.failure import InstallationFailed
from harness.installation import Installation

from demo.shop.back_end import Access, BackEnd
from demo.shop.pages import Shop, ShopSettings
from demo.shop.server import ShopServer

MANIFEST_PATH: Final = "/js/v1/manifest.json"
SCRIPT: Final = "fincore.js"
TIMEOUT_SECONDS: Final = 10.0


def open_shop(installation: Installation, merchant_id: str, api_key: str) -> ShopServer:
    """A shop that serves: its origin is registered, it has a publishable key, and it may send card numbers. Raises `InstallationFailed`."""
    server = ShopServer()
    try:
        installation.printed("merchant", "origins", "add", merchant_id, server.url)
        publishable_key = installation.printed(
            "key", "create", merchant_id, "--kind", "publishable", "--name", "shop"
        )
        installation.printed(
            *("merchant", "raw-cards", "enable", merchant_id),
            *("--by", "the demo", "--reason", "the sandbox's test cards only"),
        )
        settings = shop_settings(installation.checkout_url, installation.sandbox.url, publishable_key)
        access = Access(installation.api_url(), installation.card_edge_url, api_key)
        server.start(Shop(server.url, settings, BackEnd(access)))
    except BaseException:
        server.stop()
        raise
    return server


def shop_settings(checkout_url: str, psp_url: str, publishable_key: str) -> ShopSettings:
    """What the page needs, with the newest script and its hash. Raises `InstallationFailed` where FinCore does not tell them."""
    try:
        with urllib.request.urlopen(checkout_url + MANIFEST_PATH, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 -- ours
            manifest = json.load(response)
    except OSError as error:
        raise InstallationFailed(f"{checkout_url}{MANIFEST_PATH} cannot be read: {error}") from error
    return ShopSettings(
        checkout_url=checkout_url,
        script_path=f"/js/{manifest['version']}/{SCRIPT}",
        script_integrity=manifest["files"][SCRIPT]["integrity"],
        psp_origins=(psp_url,),
        publishable_key=publishable_key,
    )
