"""PayPal's SFTP server in the sandbox: who may come in, what they find there, and that they can only read it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from fixtures.http_exchange import exchange
from fixtures.paypal_client import SECRET, PayPalClient
from fixtures.sandbox import SandboxProcess
from fixtures.settlement_days import USER, Days
from psp_sandbox.paypal import sftp_files

FOLDER = "/ppreports/outgoing"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key that opens reports, and one that does not."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("known", "unknown", "host"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(folder / name)
        key.write_public_key(folder / f"{name}.pub")
    return folder


@pytest.fixture(scope="module")
def serving(keys: Path) -> Iterator[SandboxProcess]:
    """A sandbox with an SFTP server."""
    process = SandboxProcess(
        "--paypal-sftp-port=0",
        f"--paypal-sftp-host-key={keys / 'host'}",
        f"--paypal-sftp-authorized-keys={keys / 'known.pub'}",
        f"--paypal-sftp-known-hosts={keys / 'known_hosts'}",
    )
    yield process
    process.stop()


@pytest.fixture
def sftp(serving: SandboxProcess) -> SandboxProcess:
    """The same, without what other tests left."""
    serving.reset()
    return serving


async def read_all(client: asyncssh.SFTPClient, path: str, *, offset: int = 0) -> bytes:
    """A file from an offset on."""
    async with client.open(path, "rb") as opened:
        await opened.seek(offset)
        return bytes(await opened.read())  # type: ignore[arg-type]  # opened as bytes


async def connect(sandbox: SandboxProcess, keys: Path, **options: Any) -> asyncssh.SSHClientConnection:
    """A connection as the merchant's software opens it."""
    address = sandbox.call("GET", "/sandbox/paypal/sftp")
    given = {
        "username": USER,
        "password": SECRET,
        "client_keys": None,
        "known_hosts": str(keys / "known_hosts"),
        "config": None,
        "agent_path": None,
    } | options
    return await asyncssh.connect(address["host"], address["port"], **given)


async def test_user_lists_and_reads_the_reports_of_its_account(sftp: SandboxProcess, keys: Path) -> None:
    PayPalClient(sftp.url).captured()
    PayPalClient(sftp.url, "client-b").captured()
    days = Days(sftp)
    (file,) = days.cut()
    days.cut(faults=[{"kind": "late"}])
    Days(sftp, "client-b").cut()
    async with await connect(sftp, keys) as connection, connection.start_sftp_client() as client:
        listed = [one for one in await client.readdir(FOLDER) if one.filename not in (".", "..")]
        assert [one.filename for one in listed] == [file["name"]]
        assert listed[0].attrs.size == file["bytes"]
        assert listed[0].attrs.mtime == file["delivered_at"]
        path = f"{FOLDER}/{file['name']}"
        assert await read_all(client, path, offset=10) == days.content(file)[10:]
        assert await client.listdir("/") == ["ppreports"]
        assert await client.isdir("/ppreports")
        assert await client.realpath("ppreports/../ppreports/outgoing/") == FOLDER


async def test_reports_can_only_be_read(sftp: SandboxProcess, keys: Path, tmp_path: Path) -> None:
    (file,) = Days(sftp).cut()
    path = f"{FOLDER}/{file['name']}"
    mine = tmp_path / "mine"
    mine.write_text("x")
    async with await connect(sftp, keys) as connection, connection.start_sftp_client() as client:
        for refused in (
            client.open(path, "wb"),
            client.open(path, "ab"),
            client.open(f"{FOLDER}/new", "xb"),
            client.remove(path),
            client.rename(path, f"{FOLDER}/other"),
            client.posix_rename(path, f"{FOLDER}/other"),
            client.mkdir(f"{FOLDER}/new"),
            client.rmdir(FOLDER),
            client.symlink("/etc/passwd", f"{FOLDER}/link"),
            client.link(path, f"{FOLDER}/link"),
            client.truncate(path, 0),
            client.chmod(path, 0o777),
            client.readlink(path),
            client.statvfs("/"),
        ):
            with pytest.raises(asyncssh.SFTPError):
                await refused
        for absent in (str(mine), "/etc/passwd", "../../etc/passwd", f"{FOLDER}/none"):
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await client.open(absent, "rb")
        with pytest.raises(asyncssh.SFTPNoSuchFile):
            await client.readdir("/etc")
        assert await client.exists(path)


async def test_key_opens_reports_and_a_wrong_secret_does_not(sftp: SandboxProcess, keys: Path) -> None:
    assert PayPalClient(sftp.url).token
    by_key = {"password": None, "client_keys": [str(keys / "known")]}
    async with await connect(sftp, keys, **by_key) as connection, connection.start_sftp_client() as client:
        assert await client.listdir(FOLDER) == []
    for options in (
        {"password": "other"},
        {"password": None, "client_keys": [str(keys / "unknown")]},
        {"password": ""},
    ):
        with pytest.raises(asyncssh.PermissionDenied):
            await connect(sftp, keys, **options)


async def test_sftp_server_has_the_key_that_it_was_given(
    sftp: SandboxProcess, keys: Path, tmp_path: Path
) -> None:
    address = sftp.call("GET", "/sandbox/paypal/sftp")
    given = asyncssh.read_public_key(keys / "host.pub")
    assert address["fingerprint"] == given.get_fingerprint()
    other = tmp_path / "known_hosts"
    other.write_text(f"[127.0.0.1]:{address['port']} {(keys / 'unknown.pub').read_text()}")
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        await connect(sftp, keys, known_hosts=str(other))


async def test_sftp_user_gets_no_shell_and_no_forwarding(sftp: SandboxProcess, keys: Path) -> None:
    async with await connect(sftp, keys) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", 22)
        for command in (None, "id"):
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.create_process(command)
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 22)


async def test_sftp_connection_above_the_bound_is_closed(sftp: SandboxProcess, keys: Path) -> None:
    opened = [await connect(sftp, keys) for _ in range(16)]
    with pytest.raises((OSError, asyncssh.Error)):
        await connect(sftp, keys)
    opened[0].close()
    await opened[0].wait_closed()
    for connection in opened[1:]:
        connection.close()
        await connection.wait_closed()


async def test_open_files_of_a_session_are_bounded(sftp: SandboxProcess, keys: Path) -> None:
    (file,) = Days(sftp).cut()
    path = f"{FOLDER}/{file['name']}"
    async with await connect(sftp, keys) as connection, connection.start_sftp_client() as client:
        opened = [await client.open(path, "rb") for _ in range(sftp_files.MAX_OPEN_FILES)]
        with pytest.raises(asyncssh.SFTPFailure):
            await client.open(path, "rb")
        await opened[0].close()
        await client.open(path, "rb")


async def test_open_file_keeps_its_content_when_replaced(sftp: SandboxProcess, keys: Path) -> None:
    PayPalClient(sftp.url).captured()
    days = Days(sftp)
    (file,) = days.cut()
    content = days.content(file)
    path = f"{FOLDER}/{file['name']}"
    async with await connect(sftp, keys) as connection, connection.start_sftp_client() as client:
        async with client.open(path, "rb") as opened:
            after = days.post(f"settlement_files/{file['id']}/replace", {"faults": [{"kind": "drop_row"}]})
            assert bytes(await opened.read()) == content  # type: ignore[arg-type]  # opened as bytes
        assert await read_all(client, path) == days.content(after) != content


def test_every_call_of_the_library_is_answered_or_refused() -> None:
    ours, theirs = vars(sftp_files.ReportFiles), vars(asyncssh.SFTPServer)
    calls = {name for name, one in theirs.items() if callable(one) and not name.startswith("_")}
    assert {"open", "open56", "remove", "symlink", "scandir"} <= calls
    assert calls - ours.keys() - sftp_files.PUBLIC_NAMES == set()


def test_sandbox_without_sftp_says_how_to_start_it(psp_sandbox: SandboxProcess) -> None:
    refused = exchange(psp_sandbox.url, "GET", "/sandbox/paypal/sftp")
    assert refused.status == 409
    assert "--paypal-sftp-port" in json.loads(refused.body)["error"]


@pytest.mark.parametrize(
    ("option", "content", "sentence"),
    [
        ("host-key", None, "cannot read {}: No such file or directory. Give another file of keys."),
        (
            "host-key",
            "none",
            "{} has no private key that can be read: Invalid private key. Give another file of keys.",
        ),
        ("authorized-keys", None, "cannot read {}: No such file or directory. Give another file of keys."),
        ("authorized-keys", "none", "{} has no public key. Give another file of keys."),
    ],
)
def test_unreadable_keys_are_refused_in_a_sentence(
    tmp_path: Path, option: str, content: str | None, sentence: str
) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_text(content)
    done = started("--paypal-sftp-port=0", f"--paypal-sftp-{option}={file}")
    assert (done.returncode, done.stderr) == (1, f"psp-sandbox: {sentence.format(file)}\n")


def test_taken_sftp_port_is_refused_in_a_sentence(sftp: SandboxProcess) -> None:
    port = sftp.call("GET", "/sandbox/paypal/sftp")["port"]
    done = started(f"--paypal-sftp-port={port}")
    assert done.stderr.startswith(f"psp-sandbox: cannot listen on 127.0.0.1:{port}: ")
    assert done.stderr.endswith("Choose another --paypal-sftp-port.\n")


def started(*options: str) -> subprocess.CompletedProcess[str]:
    """A sandbox that does not start."""
    return subprocess.run(
        [sys.executable, "-m", "psp_sandbox", "--port=0", *options],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
