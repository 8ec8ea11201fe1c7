"""What `fincore reconcile` can do with notices to operations: try the channels, and list what was told."""

import sys
from typing import Final

from fincore.backoffice.ops_notices import list_notices, tried
from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.ops_channels import channels_of, check_channels
from fincore.bootstrap.settings import Settings
from fincore.cli.arguments import Limit
from fincore.cli.stores import on_installation, on_stores
from fincore.cli.terminal import moment_text, show, table_text
from fincore.domain.counting import counted
from fincore.reconciliation.notification.channel import ChannelName
from fincore.reconciliation.notification.outbox import UNREADABLE, Delivery, ListedNotice

EXIT_NOT_SENT: Final = 1
LEDGERDB: Final = "ledgerdb"


def notify() -> None:
    """Send one test message on every channel to operations that is set, and say what came of each; exit with 1 if one did not take it.

    The role `reconciliation` sends what there is to tell on the same channels.
    """
    came_of = on_installation(_tried)
    show(
        "\n".join(
            f"{name}: {f'not sent: {reason}' if reason else 'sent'}" for name, reason in came_of.items()
        )
    )
    if len(came_of) == 1:
        show(
            "no other channel is set: set FINCORE_OPS_WEBHOOK_URL, FINCORE_OPS_SMTP_URL or FINCORE_OPS_SNS_TOPIC"
        )
    if any(came_of.values()):
        sys.exit(EXIT_NOT_SENT)


async def _tried(settings: Settings, databases: Databases) -> dict[ChannelName, str | None]:
    check_channels(settings)
    async with operator_stores(databases, LEDGERDB) as stores:
        return await tried(channels_of(settings, stores.clock), stores.clock)


def notices(*, limit: Limit = 20) -> None:
    """List what operations were told, the newest first, and how far each channel has come with it.

    Parameters
    ----------
    limit
        At most so many.

    """
    found = on_stores(lambda stores: list_notices(stores.ledgerdb, limit), LEDGERDB)
    show(notices_text(found))


def notices_text(found: list[ListedNotice]) -> str:
    """The list as a table."""
    rows: list[tuple[str, ...]] = [
        (
            moment_text(one.made_at),
            one.notice.subject if one.notice else UNREADABLE,
            ", ".join(map(_delivery_text, one.deliveries)) or "none",
        )
        for one in found
    ]
    return f"{table_text(('told, UTC', 'subject', 'channels'), rows)}\n{counted(len(found), 'notice')}"


def _delivery_text(one: Delivery) -> str:
    match one.status:
        case "sent":
            return f"{one.channel} sent"
        case "waiting" if one.failure is None:
            return f"{one.channel} waits"
        case "waiting":
            return f"{one.channel} again at {moment_text(one.next_attempt_at)} ({one.failure})"
        case "dead":
            return f"{one.channel} GIVEN UP after {counted(one.attempts, 'attempt')} ({one.failure})"
