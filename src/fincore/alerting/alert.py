"""What an alert is."""

from typing import Literal

import msgspec

Severity = Literal["critical", "warning"]
"""`critical`: money is at risk or merchants see errors; a person looks now. `warning`: on the next working day."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """`expression` is PromQL and true where there is something to do; it must stay so for `for_seconds`.

    `runbook` says in a sentence or two what it means and what to do; `section` is the anchor in docs/guides/operate.md that
    says more.
    """

    name: str
    severity: Severity
    expression: str
    for_seconds: int = 0
    runbook: str
    section: str
