"""The evidence store in a bucket: how objects lie there, what a hostile or failing S3 does, and what its settings lead to."""

import asyncio
import contextlib
import hashlib
import io
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from fincore.__main__ import main
from fincore.bootstrap import evidence_bucket as bucket_settings
from fincore.bootstrap.databases import Databases, Installation
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.everything import run_everything
from fincore.bootstrap.settlement_evidence import check_evidence, open_evidence
from fincore.domain.errors import ConfigurationError
from fincore.domain.outcome import PspAccount, PspName
from fincore.reconciliation.evidence import s3
from fincore.reconciliation.evidence.port import EvidenceNotKept
from fincore.reconciliation.evidence.s3 import S3Evidence
from fincore.reconciliation.fetching import look
from fixtures.dynamo_clients import REGION
from fixtures.evidence_bucket import PREFIX, BucketWorld, evidence_bucket, s3_client

PAYPAL, ACCOUNT, NAME = PspName("paypal"), PspAccount("eu"), "STL.CSV"
SHA256 = hashlib.sha256(b"one").hexdigest()
LOCATION = f"paypal/eu/{SHA256}-{NAME}"
PART_BYTES = 5 * 1024 * 1024
LARGE = bytes(PART_BYTES + 1)
SOURCES = """
[[source]]
name = "stripe"
psp = "stripe"
account = "test"
mode = "test"
kind = "folder"
folder = "{folder}"
names = "*.csv"
format = "stripe_payout_itemized"
cron = "0 12 * * *"
"""


@pytest.fixture
async def world(aws_url: str, tmp_path: Path) -> AsyncIterator[BucketWorld]:
    async with evidence_bucket(aws_url, tmp_path / "spool", part_bytes=PART_BYTES) as bucket:
        yield bucket


async def keep(store: S3Evidence, content: io.BytesIO | None = None) -> str:
    kept = await store.keep(PAYPAL, ACCOUNT, NAME, content or io.BytesIO(b"one"))
    return kept.location


async def uploads(world: BucketWorld) -> Sequence[object]:
    listed = await world.client.list_multipart_uploads(Bucket=world.bucket)
    return list(listed.get("Uploads", ()))


async def test_object_is_named_by_its_hash_which_s3_compared(world: BucketWorld) -> None:
    assert await keep(world.store) == LOCATION
    head = await world.client.head_object(Bucket=world.bucket, Key=PREFIX + LOCATION, ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == b64encode(bytes.fromhex(SHA256)).decode()


async def test_other_object_of_the_name_is_left_alone(world: BucketWorld) -> None:
    await world.client.put_object(Bucket=world.bucket, Key=PREFIX + LOCATION, Body=b"something else")
    with pytest.raises(EvidenceNotKept, match="was altered"):
        await keep(world.store)
    answer = await world.client.get_object(Bucket=world.bucket, Key=PREFIX + LOCATION)
    async with answer["Body"] as body:
        assert await body.read() == b"something else"


class Changing(io.BytesIO):
    """A file that another process writes to while it is sent: what is read a second time differs."""

    changes = 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        super().seek(0)
        self.changes += 1
        super().write(b"%d" % self.changes)
        return super().seek(offset, whence)


@pytest.mark.parametrize("content", [b"0000", LARGE])
async def test_file_that_changes_while_it_is_sent_is_not_kept(world: BucketWorld, content: bytes) -> None:
    with pytest.raises(EvidenceNotKept, match="changed while it was sent"):
        await keep(world.store, Changing(content))
    assert await world.kept() == []
    assert await uploads(world) == []


async def test_large_file_is_never_in_memory_whole(world: BucketWorld) -> None:
    asked: list[int] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(-1 if size is None else size)
            return super().read(size)

    await keep(world.store, Watched(LARGE))
    assert 0 < min(asked) <= max(asked) <= PART_BYTES


async def test_part_that_cannot_be_read_leaves_no_upload(world: BucketWorld) -> None:
    class Torn(io.BytesIO):
        seeks = 0

        def seek(self, offset: int, whence: int = 0, /) -> int:
            self.seeks += 1
            return super().seek(offset, whence)

        def read(self, size: int | None = -1, /) -> bytes:
            if self.seeks and self.tell():
                raise OSError(5, "Input/output error")
            return super().read(size)

    with pytest.raises(EvidenceNotKept, match="Input/output error"):
        await keep(world.store, Torn(LARGE))
    assert await world.kept() == []
    assert await uploads(world) == []


async def test_file_beyond_the_bound_is_neither_kept_nor_read(
    world: BucketWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = await keep(world.store)
    monkeypatch.setattr(s3, "FILE_BYTES_MAX", 2)
    with pytest.raises(EvidenceNotKept, match="has more than 2 bytes"):
        await keep(world.store, io.BytesIO(b"two"))
    with pytest.raises(EvidenceNotKept, match="was altered: it has more than 2 bytes"):
        await world.store.open(location, SHA256)


async def test_file_that_is_read_has_no_name_on_this_machine(world: BucketWorld) -> None:
    location = await keep(world.store)
    with await world.store.open(location, SHA256) as opened:
        assert list(world.spool.iterdir()) == []
        assert opened.read() == b"one"


async def test_folder_that_cannot_be_written_is_told(world: BucketWorld, tmp_path: Path) -> None:
    location = await keep(world.store)
    (tmp_path / "spool").write_bytes(b"")
    with pytest.raises(EvidenceNotKept, match="no file can be written in"):
        await world.store.open(location, SHA256)


class Answer(NamedTuple):
    """What a server says: a status and a code of S3, or the beginning of a file, or nothing at all."""

    status: int = 200
    code: str = ""
    is_cut_short: bool = False
    is_missing: bool = False


CUT_SHORT, NONE = Answer(is_cut_short=True), Answer(is_missing=True)


@contextlib.asynccontextmanager
async def answering(answers: Sequence[Answer], tmp_path: Path, **config: Any) -> AsyncIterator[S3Evidence]:
    """A server that answers each request with the next of some answers, and the last one again and again."""
    left = list(answers)
    ending = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        one = left.pop(0) if len(left) > 1 else left[0]
        if one.is_missing:
            await ending.wait()
        if one.is_cut_short:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b"0123456789")
            assert request.transport is not None
            request.transport.close()
            return response
        told = f"<Error><Code>{one.code}</Code><Message>secret words</Message></Error>" if one.code else ""
        return web.Response(status=one.status, text=told)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application) as server, s3_client(str(server.make_url("")), **config) as client:
        try:
            yield S3Evidence(client, "evidence", spool=tmp_path / "spool")
        finally:
            ending.set()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(403, "AccessDenied"), "S3 denies access (AccessDenied)"),
        (Answer(404, "NoSuchBucket"), "the bucket is not there (NoSuchBucket)"),
        (Answer(404, "NoSuchKey"), "it is not there (NoSuchKey)"),
        (Answer(400, "ExpiredToken"), "the credentials for S3 have expired (ExpiredToken)"),
        (Answer(503, "SlowDown"), "S3 answers SlowDown (HTTP 503)"),
        (Answer(500, "InternalError"), "S3 answers InternalError (HTTP 500)"),
        (CUT_SHORT, "S3 cannot be reached"),
        (NONE, "S3 cannot be reached (ReadTimeoutError)"),
    ],
)
async def test_answer_of_s3_that_fails_is_one_sentence(answer: Answer, sentence: str, tmp_path: Path) -> None:
    async with answering([answer], tmp_path, read_timeout=0.5) as store:
        with pytest.raises(EvidenceNotKept) as told:
            await store.open(LOCATION, SHA256)
    assert sentence in str(told.value)
    assert "secret words" not in str(told.value)


@pytest.mark.parametrize("answer", [Answer(403, "AccessDenied"), NONE])
async def test_file_that_s3_does_not_take_is_not_kept(answer: Answer, tmp_path: Path) -> None:
    async with answering([answer], tmp_path, read_timeout=0.5) as store:
        with pytest.raises(EvidenceNotKept, match="cannot be kept in the bucket evidence"):
            await keep(store)


async def test_file_that_others_send_at_once_is_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "PAUSE_SECONDS", 0)
    conflict = Answer(409, "ConditionalRequestConflict")
    async with answering([conflict, conflict, Answer(200)], tmp_path) as store:
        assert await keep(store) == LOCATION
    async with answering([conflict], tmp_path) as store:
        with pytest.raises(EvidenceNotKept, match="by other processes, too"):
            await keep(store)


async def test_kept_file_is_known_again_after_a_lost_answer(world: BucketWorld, aws_url: str) -> None:
    """The library sends it once more, and S3 says that it is there."""
    async with s3_client(aws_url) as client:
        sends = client.put_object

        async def twice(**request: Any) -> Any:
            await sends(**request)
            return await sends(**request)

        client.put_object = twice
        assert await keep(S3Evidence(client, world.bucket, prefix=PREFIX, spool=world.spool)) == LOCATION


async def test_bucket_that_keeps_each_object_is_ready(world: BucketWorld) -> None:
    assert await world.store.state() == "ready"
    assert await world.store.state(kept_days=365) == "keeps_too_short"
    bucket = f"{world.bucket}-locked"[:63].rstrip("-")
    await world.client.create_bucket(
        Bucket=bucket,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
    locked = S3Evidence(world.client, bucket, spool=world.spool)
    assert await locked.state(kept_days=365) == "keeps_too_short"
    for retention, kept_days in (({"Days": 400}, 400), ({"Years": 10}, 3_650)):
        await world.client.put_object_lock_configuration(
            Bucket=bucket,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE"} | retention},
            },
        )
        assert await locked.state(kept_days=kept_days) == "ready"
        assert await locked.state(kept_days=kept_days + 1) == "keeps_too_short"
    await world.client.put_object_lock_configuration(
        Bucket=bucket,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 10}},
        },
    )
    assert await locked.state(kept_days=1) == "keeps_unless_bypassed"
    assert await locked.state(kept_days=3_651) == "keeps_too_short"
    assert await locked.state() == "ready"
    assert await S3Evidence(world.client, "of-no-one", spool=world.spool).state() == "absent"


@pytest.mark.parametrize(("answer", "state"), [(Answer(403), "denied"), (Answer(404), "absent")])
async def test_bucket_that_cannot_be_used_is_known(answer: Answer, state: str, tmp_path: Path) -> None:
    async with answering([answer], tmp_path) as store:
        assert await store.state() == state


@pytest.fixture
def environment(aws_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings for a bucket that is not there, with the credentials beside them, as an operator has them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    return {
        "FINCORE_DATA_DIR": str(tmp_path),
        "FINCORE_SETTLEMENT_EVIDENCE": "s3://of-no-one/fincore",
        "FINCORE_SETTLEMENT_BUCKET_REGION": REGION,
        "FINCORE_SETTLEMENT_BUCKET_URL": aws_url,
    }


async def test_evidence_of_the_settings_is_in_their_bucket(
    world: BucketWorld, environment: dict[str, str]
) -> None:
    environment["FINCORE_SETTLEMENT_EVIDENCE"] = f"s3://{world.bucket}/{PREFIX}"
    settings = read_settings(environment)
    await check_evidence(settings)
    async with open_evidence(settings) as evidence:
        await evidence.keep(PAYPAL, ACCOUNT, NAME, io.BytesIO(b"one"))
    assert await world.kept() == [LOCATION]


async def test_role_does_not_start_without_its_bucket(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"the bucket of-no-one .* is not there"):
        await check_evidence(read_settings(environment))


async def test_role_does_not_start_where_objects_are_not_locked(
    world: BucketWorld, environment: dict[str, str]
) -> None:
    environment["FINCORE_SETTLEMENT_EVIDENCE"] = f"s3://{world.bucket}"
    environment["FINCORE_SETTLEMENT_BUCKET_KEPT_DAYS"] = "3650"
    with pytest.raises(ConfigurationError, match="does not keep each object for 3,650 days"):
        await check_evidence(read_settings(environment))


async def test_role_does_not_start_where_a_lock_may_be_bypassed(
    world: BucketWorld, environment: dict[str, str]
) -> None:
    bucket = f"{world.bucket}-bypass"[:63].rstrip("-")
    await world.client.create_bucket(
        Bucket=bucket,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
    environment["FINCORE_SETTLEMENT_EVIDENCE"] = f"s3://{bucket}"
    environment["FINCORE_SETTLEMENT_BUCKET_KEPT_DAYS"] = "365"
    for mode, refusal in (("GOVERNANCE", "the mode COMPLIANCE"), ("COMPLIANCE", None)):
        await world.client.put_object_lock_configuration(
            Bucket=bucket,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": mode, "Days": 365}},
            },
        )
        expected = pytest.raises(ConfigurationError, match=refusal) if refusal else contextlib.nullcontext()
        with expected:
            await check_evidence(read_settings(environment))


async def test_role_starts_while_s3_is_away(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens there. Looks and runs tell it from then on, each with its alarm."""
    monkeypatch.setattr(bucket_settings, "TRIES_MAX", 1)
    environment["FINCORE_SETTLEMENT_BUCKET_URL"] = "http://127.0.0.1:9"
    with capture_logs() as logs:
        await check_evidence(read_settings(environment))
    (one,) = logs
    assert one["event"] == "settlement.evidence_unavailable"
    assert "S3 cannot be reached" in one["reason"]


@pytest.fixture
def typed(
    world: BucketWorld,
    environment: dict[str, str],
    dsn: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Awaitable[str]]:
    """Runs `fincore reconcile`, with a folder as the source and the bucket as the evidence store; returns what it prints."""
    folder = Path(environment["FINCORE_DATA_DIR"])
    (folder / "sources.toml").write_text(SOURCES.format(folder=folder))
    environment |= {
        "FINCORE_EVENTSTORE_DSN": dsn,
        "FINCORE_SETTLEMENT_SOURCES_FILE": str(folder / "sources.toml"),
        "FINCORE_SETTLEMENT_EVIDENCE": f"s3://{world.bucket}/{PREFIX}",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(look, "SETTLE_SECONDS", 0.0)

    async def typed(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["fincore", "reconcile", *words])
        with contextlib.suppress(SystemExit):
            await asyncio.to_thread(main)
        printed = capsys.readouterr()
        return printed.out + printed.err

    return typed


async def test_commands_fetch_into_the_bucket_and_read_from_it(
    world: BucketWorld, typed: Callable[..., Awaitable[str]], tmp_path: Path
) -> None:
    """Fetched, kept, read by a run, which does not understand it, and read again; altered, and told."""
    (tmp_path / "itemized-1.csv").write_text("one")
    location = f"stripe/test/{SHA256}-itemized-1.csv"
    assert "itemized-1.csv" in await typed("fetch")
    assert await world.kept() == [location]
    await typed("run")
    assert "refused" in await typed("files")
    assert "each is as it came" in await typed("evidence")
    await world.alter(location)
    assert "was altered" in await typed("evidence")


async def test_up_does_not_start_without_the_bucket_of_its_sources(
    environment: dict[str, str], tmp_path: Path
) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text(SOURCES.format(folder=tmp_path))
    (tmp_path / "secrets.key").write_text(b64encode(bytes(32)).decode())
    environment |= {
        "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_1",
        "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS": "whsec_1",
        "FINCORE_SETTLEMENT_SOURCES_FILE": str(sources),
    }
    installation = Installation(Databases(eventstore="", paymentdb="", ledgerdb=""), None)
    with pytest.raises(ConfigurationError, match=r"the bucket of-no-one .* is not there"):
        await run_everything(read_settings(environment), installation, announce=print)


def test_s3_without_its_library_is_one_sentence(tmp_path: Path) -> None:
    """Everything else runs without the library; the setting that needs it says what to install."""
    program = """
import sys
sys.modules["aiobotocore"] = sys.modules["botocore"] = None
import fincore.cli.reconcile, fincore.bootstrap.reconciliation
import asyncio
from fincore.bootstrap.databases import Databases, Installation
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.everything import run_everything
from fincore.bootstrap.settlement_evidence import check_evidence
from fincore.domain.errors import ConfigurationError
try:
    asyncio.run(check_evidence(read_settings({"FINCORE_SETTLEMENT_EVIDENCE": "s3://evidence"})))
except ConfigurationError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "fincore-payments[aws]" in done.stdout
