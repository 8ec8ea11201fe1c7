"""The alerts as a file of rules for Prometheus. Pure."""

import json
from collections.abc import Iterable
from typing import Final

from fincore.alerting.alert import Alert

RUNBOOKS: Final = "docs/runbooks/"
"""Where the pages are, relative to the root of the project."""


def rules(alerts: Iterable[Alert], *, runbooks: str = RUNBOOKS, for_factor: float = 1.0) -> dict[str, object]:
    """The rules as Prometheus reads them, a group for each severity. `for_factor` shortens or stretches how long each must hold."""
    groups: dict[str, list[dict[str, object]]] = {"page": [], "ticket": []}
    for one in alerts:
        groups[one.severity].append(
            {
                "alert": one.name,
                "expr": one.expression,
                "for": f"{round(1_000 * one.for_seconds * for_factor)}ms",
                "labels": {"severity": one.severity},
                "annotations": {"summary": one.meaning, "runbook": f"{runbooks}{one.name}.md"},
            }
        )
    return {"groups": [{"name": f"fincore-{severity}", "rules": rows} for severity, rows in groups.items()]}


def rules_text(alerts: Iterable[Alert], *, runbooks: str = RUNBOOKS) -> str:
    """The rules as the text of a file: JSON, which is YAML too."""
    return json.dumps(rules(alerts, runbooks=runbooks), indent=2) + "\n"
