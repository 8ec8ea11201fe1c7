"""What `fincore key` can do: merchants' API keys."""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from fincore.bootstrap import operations
from fincore.cli.arguments import Key, Merchant, Name
from fincore.cli.terminal import moment_text, on_databases, show, show_table

keys = App(name="key", help="API keys of merchants: create, list, revoke.")


@keys.command(name="create")
def create_key(
    merchant_id: Merchant,
    *,
    kind: Literal["secret", "publishable"] = "secret",
    live: Annotated[bool, Parameter(negative="")] = False,
    name: Name | None = None,
) -> None:
    """Make an API key and print it, this once: only its hash is kept.

    Parameters
    ----------
    kind
        Secret keys are for back ends; no call takes a publishable one.
    live
        A key for live charges instead of test charges.
    """
    key = on_databases(
        lambda databases: operations.create_key(
            databases, merchant_id, kind=kind, livemode=live, name=name or ""
        )
    )
    show(key.secret.reveal())


@keys.command(name="list")
def list_keys(merchant_id: Merchant) -> None:
    """List a merchant's keys by what each begins and ends with, never whole."""
    found = on_databases(lambda databases: operations.list_keys(databases, merchant_id))
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
    """Revoke a key for good; it stops working within seconds."""
    on_databases(lambda databases: operations.revoke_key(databases, merchant_id, key_id))
    show(f"revoked {key_id}")
