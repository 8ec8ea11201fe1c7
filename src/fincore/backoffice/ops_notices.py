"""Notices to operations, as staff see them: the channels tried, and what was told."""

from collections.abc import Sequence
from uuid import uuid4

from fincore.domain.clock import Clock
from fincore.postgres.pool import Pool
from fincore.reconciliation.notification.channel import Channel, ChannelName
from fincore.reconciliation.notification.notice import notice_of
from fincore.reconciliation.notification.outbox import ListedNotice, Outbox
from fincore.reconciliation.notification.teller import attempted


async def tried(channels: Sequence[Channel], clock: Clock) -> dict[ChannelName, str | None]:
    """Send a test message once on each channel; why it did not arrive, None where it did."""
    notice = notice_of(
        about=f"test:{uuid4()}",
        kind="test",
        occurred_at=clock.now(),
        subject="FinCore can tell operations by this channel",
        figures=[("what it is told here", "runs of reconciliation, days, and what is wrong between runs")],
        next_steps=["nothing: this is a test"],
        needs_person=False,
    )
    return {channel.name: await attempted(channel, notice) for channel in channels}


async def list_notices(ledgerdb: Pool, limit: int) -> list[ListedNotice]:
    """The last notices, the newest first."""
    return await Outbox(ledgerdb).list(limit)
