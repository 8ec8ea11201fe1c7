"""The collector of traces: an address, and nothing that who sees the settings must not see."""

import pytest

from fincore.bootstrap.environment import read_settings
from fincore.domain.errors import ConfigurationError


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://user:secret@collector:4318", "no user, password or query"),
        ("https://collector/?token=secret", "no user, password or query"),
        ("https://collector/#part", "no user, password or query"),
        ("http://collector:4318/v1/traces", "without /v1/traces"),
        ("http://collector:4318/v1/traces/", "without /v1/traces"),
        ("grpc://collector:4317", "http://"),
    ],
)
def test_collector_that_cannot_be_used_is_refused_by_name(url: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match="FINCORE_TRACE_OTLP_URL") as refused:
        read_settings({"FINCORE_TRACE_OTLP_URL": url})
    assert why in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:4318", "https://collector.example/otlp"])
def test_address_of_a_collector_is_taken(url: str) -> None:
    assert read_settings({"FINCORE_TRACE_OTLP_URL": f"{url}/"}).trace_otlp_url == url


def test_nothing_is_traced_without_a_collector() -> None:
    settings = read_settings({})
    assert (settings.trace_otlp_url, settings.trace_rate, settings.trace_callers_per_second) == (
        None,
        0.01,
        0,
    )


@pytest.mark.parametrize("rate", ["-0.1", "1.1", "nan", "all"])
def test_share_of_traces_is_between_none_and_all(rate: str) -> None:
    with pytest.raises(ConfigurationError, match="FINCORE_TRACE_RATE"):
        read_settings({"FINCORE_TRACE_RATE": rate})
