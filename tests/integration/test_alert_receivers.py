"""Alertmanager with the configuration of this version tells real receivers: a mail server, Slack's and PagerDuty's form of webhook, and a webhook of the operator's own."""

import asyncio
import json
import shutil
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from harness.ports import Ports as FreePorts

from fincore.alerting.monitoring_files import (
    ALERTMANAGER_FILE,
    Email,
    Pace,
    Ports,
    Receivers,
    monitoring_files,
)
from fixtures.smtp_server import mail_server
from fixtures.waiting import eventually
from fixtures.webhook_receiver import WebhookReceiver

PROGRAM: Final = shutil.which("prometheus-alertmanager")
TITLES: Final = ["[FIRING] page: RoleAbsent", "[RESOLVED] page: RoleAbsent"]
PAGERDUTY_KEY: Final = "0123456789abcdef0123456789abcdef"
PACE: Final = Pace(scrape_seconds=0.1)


def told_alertmanager(url: str, *, is_over: bool) -> bool:
    """Tell it of an alert as Prometheus does; False where it does not listen yet."""
    now = datetime.now(UTC)
    alert = {
        "labels": {"alertname": "RoleAbsent", "severity": "page", "consumer": "ledger"},
        "annotations": {
            "summary": "Prometheus receives no metrics.",
            "runbook": "docs/runbooks/RoleAbsent.md",
        },
        "startsAt": (now - timedelta(minutes=1)).isoformat(),
        "endsAt": (now if is_over else now + timedelta(minutes=5)).isoformat(),
    }
    request = urllib.request.Request(  # noqa: S310 -- of this test
        f"{url}/api/v2/alerts",
        data=json.dumps([alert]).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 -- as above
            return bool(answer.status == 200)
    except OSError:
        return False


@asynccontextmanager
async def alertmanager(folder: Path, receivers: Receivers) -> AsyncIterator[str]:
    """Its address."""
    if PROGRAM is None:
        pytest.skip("not installed: prometheus-alertmanager; as root: sh scripts/install_monitoring.sh")
    ports = FreePorts()
    port = ports.take()
    for name, content in monitoring_files({}, receivers, Ports(alertmanager=port), PACE).items():
        (folder / name).write_text(content)
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        f"--config.file={folder / ALERTMANAGER_FILE}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
        cwd=folder,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()
        ports.release()


async def test_alert_reaches_each_receiver_and_is_over_there(tmp_path: Path) -> None:
    with WebhookReceiver() as console, WebhookReceiver() as slack, WebhookReceiver() as pagerduty:
        pagerduty.statuses = [202, 202]
        (tmp_path / "slack-url").write_text(slack.url)
        (tmp_path / "pagerduty-key").write_text(PAGERDUTY_KEY)
        async with mail_server() as mail:
            receivers = Receivers(
                console_url=console.url,
                email=Email("on-call@example.com", "alerts@example.com", f"127.0.0.1:{mail.port}"),
                slack_url_file=str(tmp_path / "slack-url"),
                pagerduty_key_file=str(tmp_path / "pagerduty-key"),
                pagerduty_url=pagerduty.url,
            )
            async with alertmanager(tmp_path, receivers) as url:

                async def is_told(*, is_over: bool, mails: int) -> bool:
                    await asyncio.to_thread(told_alertmanager, url, is_over=is_over)
                    return len(mail.mails) >= mails

                async def has_fired() -> bool:
                    return await is_told(is_over=False, mails=1)

                async def is_over() -> bool:
                    return await is_told(is_over=True, mails=2)

                await eventually(has_fired)
                await eventually(is_over)
                slacked = await asyncio.to_thread(slack.take, 2)
                paged = [json.loads(one.body) for one in await asyncio.to_thread(pagerduty.take, 2)]
                heard = await asyncio.to_thread(console.take, 2)

    assert [str(one.message["Subject"]) for one in mail.mails[:2]] == TITLES
    assert (mail.mails[0].sender, mail.mails[0].recipients) == ("alerts@example.com", ["on-call@example.com"])
    text = mail.mails[0].part("plain")
    assert "consumer=ledger" in text
    assert "Prometheus receives no metrics." in text
    assert "What to do: docs/runbooks/RoleAbsent.md" in text
    attachments = [json.loads(one.body)["attachments"][0] for one in slacked]
    assert [one["title"] for one in attachments] == TITLES
    assert "What to do: docs/runbooks/RoleAbsent.md" in attachments[0]["text"]
    assert [json.loads(one.body)["status"] for one in heard] == ["firing", "resolved"]
    assert [one["event_action"] for one in paged] == ["trigger", "resolve"]
    assert {one["routing_key"] for one in paged} == {PAGERDUTY_KEY}
    # PagerDuty ends the incident that has the same key.
    assert len({one["dedup_key"] for one in paged}) == 1
    assert paged[0]["payload"]["summary"] == TITLES[0]
    assert "What to do: docs/runbooks/RoleAbsent.md" in paged[0]["payload"]["custom_details"]["alerts"]
