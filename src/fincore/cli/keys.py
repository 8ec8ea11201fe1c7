"""What `fincore key` can do: merchants' API keys."""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from fincore.backoffice import merchants
from fincore.cli.arguments import Key, Merchant, Name
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table

keys = App(name="key", help=COMMANDS["key"].help)


@keys.command(name="create")
def create_key(
    merchant_id: Merchant,
    *,
    kind: Literal["secret", "publishable"] = "secret",
    live: Annotated[bool, Parameter(negative="")] = False,
    name: Name | None = None,
) -> None:
    """Create an API key and print it, this once: only its hash is stored.

    Parameters
    ----------
    kind
        Secret keys are for back ends. Publishable keys are for pages at registered origins, and charge nothing.
    live
        A key for live charges instead of test charges.
    """
    key = on_stores(
        lambda stores: stores.merchants.create_key(merchant_id, kind, livemode=live, name=name or ""),
        "eventstore",
    )
    show(key.secret.reveal())


@keys.command(name="list")
def list_keys(merchant_id: Merchant) -> None:
    """List a merchant's keys: the beginning and the end of each, never the whole key."""
    found = on_stores(lambda stores: merchants.list_keys(stores.merchants, merchant_id), "eventstore")
    show_table(
        ("id", "key", "name", "created", "revoked"),
        [
            (
                key.key_id,
                f"{key.prefix}...{key.last4}",
                key.name,
                moment_text(key.created_at),
                moment_text(key.revoked_at),
            )
            for key in found
        ],
    )


@keys.command(name="revoke")
def revoke_key(merchant_id: Merchant, key_id: Key) -> None:
    """Revoke a key for good; the API refuses it within seconds."""
    on_stores(lambda stores: merchants.revoke_key(stores.merchants, merchant_id, key_id), "eventstore")
    show(f"revoked {key_id}")
