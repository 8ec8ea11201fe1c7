"""FinCore's SFTP client at the sandbox's PayPal: reports are fetched as they are, late ones later, and replaced ones beside the first."""

from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from fincore.domain.secret import Secret
from fincore.postgres.pool import Pool
from fincore.reconciliation.fetching.sftp import SftpServer, sftp_folder
from fixtures.paypal_client import SECRET, PayPalClient
from fixtures.sandbox import SandboxProcess
from fixtures.settlement_days import USER, Days
from fixtures.settlement_sources import PATTERN, SourceWorld


@pytest.fixture(scope="module")
def login_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a private key; that of the public one beside it."""
    file = tmp_path_factory.mktemp("keys") / "login"
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(file)
    key.write_public_key(file.with_suffix(".pub"))
    return file


@pytest.fixture(scope="module")
def sandbox(login_key: Path) -> Iterator[SandboxProcess]:
    process = SandboxProcess(
        "--paypal-sftp-port=0", f"--paypal-sftp-authorized-keys={login_key.with_suffix('.pub')}"
    )
    yield process
    process.stop()


@pytest.fixture
def days(sandbox: SandboxProcess) -> Days:
    sandbox.reset()
    PayPalClient(sandbox.url).captured()
    return Days(sandbox)


@pytest.fixture
async def world(pool: Pool, tmp_path: Path) -> SourceWorld:
    world = SourceWorld(pool, tmp_path)
    await world.declare()
    return world


def server(sandbox: SandboxProcess, *, key: Path | None = None) -> SftpServer:
    """The sandbox's SFTP server, pinned by what the sandbox says of its key."""
    address = sandbox.call("GET", "/sandbox/paypal/sftp")
    return SftpServer(
        host=address["host"],
        port=address["port"],
        user=USER,
        directory="/ppreports/outgoing",
        host_keys=frozenset({address["fingerprint"]}),
        password=Secret(SECRET) if key is None else None,
        private_key=None if key is None else Secret(key.read_text()),
    )


async def kept(world: SourceWorld) -> list[bytes]:
    """The contents in the evidence store, in the order in which they came."""
    rows = await world.pool.fetch("select location, sha256 from reconciliation.files order by fetched_at")
    found = []
    for row in rows:
        with await world.evidence.open(row["location"], row["sha256"]) as opened:
            found.append(opened.read())
    return found


@pytest.mark.parametrize("by_key", [False, True])
async def test_report_is_kept_byte_for_byte(
    sandbox: SandboxProcess, days: Days, world: SourceWorld, login_key: Path, *, by_key: bool
) -> None:
    (file,) = days.cut()
    at = sftp_folder(server(sandbox, key=login_key if by_key else None), PATTERN)
    look = await world.look(at)
    assert (look.failure, [one.name for one in look.fetched]) == (None, [file["name"]])
    assert await kept(world) == [days.content(file)]
    assert (await world.look(at)).fetched == ()


async def test_late_report_is_fetched_once_it_is_there(
    sandbox: SandboxProcess, days: Days, world: SourceWorld
) -> None:
    (file,) = days.cut(faults=[{"kind": "late"}])
    at = sftp_folder(server(sandbox), PATTERN)
    assert (await world.look(at)).fetched == ()
    days.post(f"settlement_files/{file['id']}/deliver")
    assert [one.finding for one in (await world.look(at)).fetched] == ["new"]


async def test_report_that_takes_the_name_of_another_is_kept_beside_it(
    sandbox: SandboxProcess, days: Days, world: SourceWorld
) -> None:
    (file,) = days.cut()
    at = sftp_folder(server(sandbox), PATTERN)
    await world.look(at)
    first = days.content(file)
    second = days.post(f"settlement_files/{file['id']}/replace", {"faults": [{"kind": "wrong_count"}]})
    assert [one.finding for one in (await world.look(at)).fetched] == ["replaced"]
    assert await kept(world) == [first, days.content(second)]
    one, other = await world.listed()
    assert (one.replaces, other.replaces) == (None, one.file_id)
