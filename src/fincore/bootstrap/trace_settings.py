"""The settings that say which traces are exported, and where to."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fincore.bootstrap.setting import setting
from fincore.bootstrap.setting_values import OPTIONAL_URL, Form, Number
from fincore.domain.errors import ConfigurationError


def _collector_url(name: str, text: str) -> str | None:
    url = OPTIONAL_URL(name, text)
    parts = urlsplit(url or "")
    if "@" in parts.netloc or parts.query or parts.fragment:
        # It is shown to who may see the settings.
        raise ConfigurationError(
            f"{name} must hold no user, password or query: let a collector beside FinCore add credentials"
        )
    if parts.path.endswith("/v1/traces"):
        raise ConfigurationError(f"{name} must be the collector's address without /v1/traces, which is added")
    return url


_COLLECTOR_URL: Final = Form("http://... or https://... without a user and a query", _collector_url)


@dataclass(frozen=True, kw_only=True)
class TraceSettings:
    """A part of `Settings`."""

    trace_otlp_url: str | None = setting(
        _COLLECTOR_URL,
        "collector that takes traces by OTLP over HTTP, such as http://127.0.0.1:4318; `/v1/traces` is added; empty: nothing is traced",
    )
    trace_rate: float = setting(
        Number(float, 0, 1),
        "share of traces that are exported whole, drawn where they begin; spans that failed, were slow or became unknown are exported in any case",
        default="0.01",
    )
    trace_callers_per_second: float = setting(
        Number(float, 0, 1_000, "traces a second"),
        "traces beyond that share that one process exports because merchants marked them as sampled in `traceparent`",
        default="0",
    )
