"""What a PSP tells of a charge, with the times in it that are believed: no clock of a PSP puts off what FinCore does."""

from datetime import datetime
from typing import TypeVar

import msgspec
import structlog

from fincore.domain.charge import Charge
from fincore.domain.reported_times import unlikely_times, with_likely_times
from fincore.write.psp.port import WebhookReport

Report = TypeVar("Report", bound=msgspec.Struct)

_log = structlog.get_logger(__name__)


def believed(report: Report, charge: Charge, now: datetime) -> Report:
    """A report about a charge, told at `now`; each time in it that is not believed is logged, and another one stands in its place."""
    likely = with_likely_times(report, now, livemode=charge.livemode)
    if likely is not report:
        unlikely = unlikely_times(report, now, livemode=charge.livemode)
        _log.warning(
            "worker.time_not_believed",
            psp=charge.psp,
            psp_account=charge.psp_account,
            report=type(report).__name__,
            **{field: told.isoformat() for field, told in unlikely.items()},
        )
    return likely


def believed_report(report: WebhookReport, charge: Charge, now: datetime) -> WebhookReport:
    """The same of what a webhook reports."""
    if report.content is None:
        return report
    return msgspec.structs.replace(report, content=believed(report.content, charge, now))
