"""What the real Alertmanager sends of an alert to each receiver: the console, a webhook, e-mail and Slack."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiohttp
import pytest
from harness.ports import Ports as FreePorts

from fincore.alerting.monitoring_files import (
    ALERTMANAGER_FILE,
    LOOPBACK,
    Email,
    Pace,
    Ports,
    Receivers,
    monitoring_files,
)
from fincore.bootstrap.monitoring import console_url
from fincore.observability.alert_receiver import AlertReceiver
from fixtures.smtp_server import MailServer, mail_server
from fixtures.waiting import eventually
from fixtures.webhook_receiver import WebhookReceiver

ALERTMANAGER: Final = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")

pytestmark = [
    pytest.mark.skipif(
        ALERTMANAGER is None, reason="Alertmanager is missing; as root: sh scripts/install_monitoring.sh"
    ),
    pytest.mark.timeout(120),
]

ALERT: Final[dict[str, Any]] = {
    "labels": {"alertname": "RoleAbsent", "severity": "page", "consumer": "ledger"},
    "annotations": {"summary": "A role is gone.", "runbook": "docs/runbooks/RoleAbsent.md"},
}


class Told(NamedTuple):
    """Alertmanager, and what its receivers got. `slack` takes what would go to Slack."""

    url: str
    lines: list[str]
    webhook: WebhookReceiver
    slack: WebhookReceiver
    mails: MailServer

    async def post(self, **fields: str) -> None:
        """Tell Alertmanager of the alert; `endsAt` where it is over."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/api/v2/alerts", json=[ALERT | fields]) as answer,
        ):
            assert answer.status == 200, await answer.text()


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[Told]:
    """A running Alertmanager with every receiver that this machine can be."""
    free = FreePorts()
    port, receiver_port = free.take(), free.take()
    lines: list[str] = []
    receiver = AlertReceiver(lines.append)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(free.release)
        webhook, slack = (stack.enter_context(WebhookReceiver()) for _ in range(2))
        mails = await stack.enter_async_context(mail_server())
        await receiver.start(receiver_port)
        stack.push_async_callback(receiver.stop)
        (tmp_path / "slack_url").write_text(slack.url)
        receivers = Receivers(
            console_url(receiver_port),
            (webhook.url,),
            Email("ops@example.com", "fincore@example.com", f"{LOOPBACK}:{mails.port}"),
            str(tmp_path / "slack_url"),
        )
        files = monitoring_files({"api": 9100}, receivers, Ports(alertmanager=port), Pace(scrape_seconds=0.1))
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        running = await asyncio.create_subprocess_exec(
            str(ALERTMANAGER),
            f"--config.file={tmp_path / ALERTMANAGER_FILE}",
            f"--storage.path={tmp_path / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
            "--cluster.listen-address=",
            "--log.level=error",
        )
        stack.push_async_callback(running.wait)
        stack.callback(running.terminate)
        url = f"http://{LOOPBACK}:{port}"
        await eventually(lambda: _answers(url))
        yield Told(url, lines, webhook, slack, mails)


async def _answers(url: str) -> bool:
    with contextlib.suppress(aiohttp.ClientError):
        async with aiohttp.ClientSession() as session, session.get(f"{url}/-/ready") as answer:
            return answer.status == 200
    return False


async def test_alert_arrives_at_every_receiver_and_so_does_its_end(told: Told) -> None:
    await told.post()

    async def has_arrived() -> bool:
        return bool(told.lines and told.mails.mails and told.webhook.waiting() and told.slack.waiting())

    await eventually(has_arrived)
    assert told.lines[0] == (
        "FIRING page RoleAbsent consumer=ledger: A role is gone. (docs/runbooks/RoleAbsent.md)"
    )
    (sent,) = await asyncio.to_thread(told.webhook.take, 1)
    assert json.loads(sent.body)["alerts"][0]["labels"] == ALERT["labels"]
    mail = told.mails.mails[0]
    assert (mail.sender, mail.recipients) == ("fincore@example.com", ["ops@example.com"])
    assert mail.message["Subject"] == "[FIRING] page: RoleAbsent"
    for part in ("consumer=ledger", "A role is gone.", "docs/runbooks/RoleAbsent.md"):
        assert part in mail.part("plain")
    (sent,) = await asyncio.to_thread(told.slack.take, 1)
    (attachment,) = json.loads(sent.body)["attachments"]
    assert attachment["title"] == "[FIRING] page: RoleAbsent"
    assert "A role is gone." in attachment["text"]

    await told.post(startsAt="2026-01-01T00:00:00Z", endsAt="2026-01-01T00:00:01Z")

    async def is_over() -> bool:
        return told.lines[-1].startswith("RESOLVED page RoleAbsent") and len(told.mails.mails) > 1

    await eventually(is_over)
    assert told.mails.mails[-1].message["Subject"] == "[RESOLVED] page: RoleAbsent"


async def test_console_refuses_what_alertmanager_does_not_send() -> None:
    free, lines = FreePorts(), list[str]()
    receiver = AlertReceiver(lines.append)
    port = free.take()
    try:
        await receiver.start(port)
        async with aiohttp.ClientSession() as session:
            for body in (b"not JSON", b'{"alerts": [{"labels": {}}]}', b"[]"):
                async with session.post(console_url(port), data=body) as answer:
                    assert answer.status == 400
    finally:
        await receiver.stop()
        free.release()
    assert lines == []
