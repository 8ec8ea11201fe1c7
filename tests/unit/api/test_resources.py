"""Every folder of a resource has the same modules, and its routes begin with its name."""

from pathlib import Path

import fincore.api

API = Path(fincore.api.__file__).parent
SHARED = {"docs"}
CAST = {"handlers", "body", "requests", "openapi"}
PATHS = {
    "charges": ("/v1/charges",),
    "refunds": ("/v1/refunds",),
    "checkout_sessions": ("/v1/checkout_sessions",),
    "disputes": ("/v1/disputes",),
    "balance": ("/v1/balance", "/v1/balance_transactions"),
    "events": ("/v1/events",),
    "webhook_endpoints": ("/v1/webhook_endpoints", "/v1/webhook_deliveries"),
    "psp_webhooks": ("/webhooks",),
}


def test_every_resource_has_a_folder_of_its_own() -> None:
    folders = {path.name for path in API.iterdir() if (path / "__init__.py").exists()}
    assert folders - SHARED == PATHS.keys()


def test_modules_of_a_resource_are_of_the_cast() -> None:
    for resource in PATHS:
        parts = {path.stem.rpartition("_")[2] for path in (API / resource).glob("*.py")} - {""}
        assert parts <= CAST, resource
        assert parts >= {"handlers", "openapi"}, resource


def test_docstring_of_a_resource_names_its_paths() -> None:
    for resource, paths in PATHS.items():
        docstring = (API / resource / "__init__.py").read_text().partition(":")[0]
        missing = [path for path in paths if path not in docstring]
        assert missing == [], resource
