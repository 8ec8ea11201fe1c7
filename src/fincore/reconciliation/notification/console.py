"""The console: a notice is a line of the log of the process that delivers it."""

import structlog

from fincore.reconciliation.notification.channel import ChannelName
from fincore.reconciliation.notification.notice import Notice

_log = structlog.get_logger(__name__)


class Console:
    """It always takes what it is given."""

    name: ChannelName = "console"

    async def send(self, notice: Notice) -> None:
        """Log the notice; a test is shown by commands, too, which log only warnings."""
        tell = _log.warning if notice.needs_person or notice.kind == "test" else _log.info
        tell(
            "reconciliation.notice",
            subject=notice.subject,
            findings=list(notice.findings),
            figures=[f"{one.name}: {one.value}" for one in notice.figures],
            next_steps=list(notice.next_steps),
            kind=notice.kind,
            notice_id=notice.notice_id,
        )
