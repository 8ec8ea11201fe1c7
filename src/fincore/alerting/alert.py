"""What an alert is."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from fincore.alerting.cloudwatch import CloudWatchForm

Severity = Literal["page", "ticket"]
SEVERITIES: Final[Mapping[Severity, str]] = {
    "page": "money is at risk or merchants see errors; a person looks now",
    "ticket": "a person looks on the next working day",
}


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """`expression` is PromQL and true where there is something to do; it must stay so for `for_seconds`.

    `meaning` says what is the matter, and begins its page in `docs/runbooks`, which says what to do. `cloudwatch` is the same
    as an alarm of Amazon CloudWatch, or what to use there instead.
    """

    name: str
    severity: Severity
    expression: str
    for_seconds: int = 0
    meaning: str
    cloudwatch: CloudWatchForm
