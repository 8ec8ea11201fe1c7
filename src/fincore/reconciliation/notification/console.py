"""The console: a notice is a line of the log of the process that delivers it."""

import structlog

from fincore.reconciliation.notification.channel import ChannelName
from fincore.reconciliation.notification.notice import Notice
from fincore.reconciliation.notification.notice_forms import notice_text

_log = structlog.get_logger(__name__)


class Console:
    """It always takes what it is given."""

    name: ChannelName = "console"

    async def send(self, notice: Notice) -> None:
        """Log the notice with its text; a test is shown by commands, too, which log only warnings."""
        tell = _log.warning if notice.needs_person or notice.kind == "test" else _log.info
        tell("reconciliation.notice", notice_id=notice.notice_id, kind=notice.kind, text=notice_text(notice))
