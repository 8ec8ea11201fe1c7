"""What `fincore webhooks` can do: endpoints that fail, deliveries given up, a change of the key."""

import sys
from typing import Final

from cyclopts import App

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.secrets_key import secret_cipher
from fincore.bootstrap.settings import Settings
from fincore.cli.arguments import Limit
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_installation, on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.counting import counted
from fincore.notify.failing_endpoints import COUNTED_MAX, FailingEndpoints
from fincore.notify.reencryption import Reencrypted, reencrypt

webhooks = App(name="webhooks", help=COMMANDS["webhooks"].help)

_STATES: Final = {
    "gone": "disabled: it answered 410",
    "failing": "disabled: nothing arrived",
    "paused": "failing",
    "gave_up": "working again",
}


@webhooks.command(name="failing")
def list_failing(*, limit: Limit = 100) -> None:
    """List the merchants' endpoints that webhooks do not reach, disabled ones first.

    FinCore sends `waiting` webhooks again on a schedule that ends after days. It does not send `given up` ones again, but
    the merchant can replay them. A disabled endpoint receives nothing until its merchant enables it.
    """
    found = on_stores(lambda stores: FailingEndpoints(stores.notify).endpoints(limit=limit), "eventstore")
    show_table(
        (
            "endpoint",
            "merchant",
            "mode",
            "host",
            "state",
            "failures in a row",
            "last success",
            "last answer",
            "waiting",
            "given up",
        ),
        [
            (
                one.endpoint_id,
                one.merchant_id,
                "live" if one.livemode else "test",
                one.host,
                _STATES[one.state],
                str(one.failures),
                moment_text(one.last_success_at) or "never",
                one.last_answer or "-",
                _count_text(one.pending),
                _count_text(one.given_up),
            )
            for one in found
        ],
    )


@webhooks.command(name="given-up")
def list_given_up(*, limit: Limit = 100) -> None:
    """List the webhooks that FinCore has given up, newest first. Their merchants can replay them."""
    found = on_stores(lambda stores: FailingEndpoints(stores.notify).given_up(limit=limit), "eventstore")
    show_table(
        ("delivery", "endpoint", "event", "reason", "attempts", "last answer", "given up"),
        [
            (
                one.delivery_id,
                one.endpoint_id,
                one.event_type,
                one.failure,
                str(one.attempts),
                one.last_answer or "-",
                moment_text(one.finished_at),
            )
            for one in found
        ],
    )


@webhooks.command(name="reencrypt")
def reencrypt_secrets() -> None:
    """Encrypt with FINCORE_SECRETS_KEY the endpoint secrets that FINCORE_SECRETS_KEY_BEFORE encrypted.

    Run it after a change of the key, and again if it was interrupted. It exits with 1 if neither key decrypts a secret.
    """
    done = on_installation(_reencrypted)
    show(
        f"{counted(done.reencrypted, 'secret')} encrypted with the present key; "
        f"{counted(done.current, 'secret was', 'secrets were')} encrypted with it before"
    )
    for endpoint_id in done.unreadable:
        show(f"{endpoint_id}: neither key decrypts its secret; ask its merchant to rotate it")
    sys.exit(1 if done.unreadable else 0)


async def _reencrypted(settings: Settings, databases: Databases) -> Reencrypted:
    async with operator_stores(databases, "eventstore") as stores:
        # Not by the pool of notify: a crash may lose its last commits, and the key before may be gone by then.
        return await reencrypt(stores.eventstore, secret_cipher(settings), stores.clock)


def _count_text(count: int) -> str:
    return str(count) if count < COUNTED_MAX else f"{COUNTED_MAX} or more"
