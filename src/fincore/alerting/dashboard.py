"""What a dashboard is, and how Grafana reads it (schema version 39). Pure."""

import json
from typing import Any, Final, Literal

import msgspec

Unit = Literal["short", "s", "reqps", "percentunit", "currencyless"]

_UNITS: Final[dict[Unit, str]] = {
    "short": "short",
    "s": "s",
    "reqps": "reqps",
    "percentunit": "percentunit",
    "currencyless": "none",
}
_SCHEMA_VERSION: Final = 39
_WIDTH: Final = 12
_HEIGHT: Final = 8
_COLUMNS: Final = 2
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


class Query(msgspec.Struct, frozen=True):
    """PromQL, and the legend of its series; `{{psp}}` is the value of a label."""

    expression: str
    legend: str


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """Curves over time. `currencyless`: minor units of the currency that the labels name."""

    title: str
    unit: Unit = "short"
    queries: tuple[Query, ...]


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """Panels under a title; `name` is its file and its `uid`."""

    name: str
    title: str
    panels: tuple[Panel, ...]


def dashboard_text(dashboard: Dashboard) -> str:
    """The JSON that Grafana imports or is provisioned with. It asks the data source that the variable `datasource` names."""
    document = {
        "uid": f"fincore-{dashboard.name}",
        "title": f"FinCore: {dashboard.title}",
        "tags": ["fincore"],
        "timezone": "utc",
        "schemaVersion": _SCHEMA_VERSION,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "editable": False,
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(number, one) for number, one in enumerate(dashboard.panels)],
    }
    return json.dumps(document, indent=2) + "\n"


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, _COLUMNS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": _UNITS[panel.unit], "min": 0}, "overrides": []},
        "options": {
            "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []},
            "tooltip": {"mode": "multi", "sort": "none"},
        },
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": _SOURCE,
                "expr": one.expression,
                "legendFormat": one.legend,
            }
            for index, one in enumerate(panel.queries)
        ],
    }
