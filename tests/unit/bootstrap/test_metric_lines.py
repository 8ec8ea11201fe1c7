"""Roles print metrics for CloudWatch where the setting says so, and what they counted last when they end."""

import json
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY
from prometheus_client.samples import Sample

from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.metric_lines import printed_metrics
from fincore.notify.metrics import ENDPOINTS_DISABLED

METRIC = "fincore_webhook_endpoints_disabled_total"
AT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


class FixedClock:
    """One moment."""

    def now(self) -> datetime:
        return AT


async def printed(capsys: pytest.CaptureFixture[str], **settings: str) -> list[dict[str, object]]:
    """The lines of a role that counts once before it ends."""
    async with printed_metrics(read_settings(settings), FixedClock()):
        ENDPOINTS_DISABLED.labels("failing").inc()
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def samples_of(name: str) -> list[Sample]:
    """What this process has counted."""
    return [one for family in REGISTRY.collect() for one in family.samples if one.name == name]


async def test_role_prints_what_it_counted_when_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    lines = await printed(capsys, FINCORE_METRICS_LOG="cloudwatch")
    counted = [line[METRIC] for line in lines if METRIC in line]
    told = sum(sum(one) if isinstance(one, list) else float(str(one)) for one in counted)
    # Tests before this one counted in the same process.
    assert told == sum(sample.value for sample in samples_of(METRIC)) >= 1
    assert {line["_aws"]["Timestamp"] for line in lines} == {AT.timestamp() * 1_000}  # type: ignore[index]


async def test_role_prints_no_metrics_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert await printed(capsys) == []
