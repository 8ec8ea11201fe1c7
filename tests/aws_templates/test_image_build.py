"""The image, built for real: what its configuration says, and that FinCore starts in it without rights on a root that is not written to.

The base image of the Dockerfile comes from a registry of images. In its place is Debian of the same version with its own Python, made by debootstrap.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from infra.environments import SCRATCH
from infra.functions import FUNCTIONS
from infra.image import CERTIFICATES, USER

PROJECT: Final = Path(__file__).parents[2]
LAMBDA_USER: Final = "993:990"
MIRROR: Final = "http://deb.debian.org/debian"
AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
pytestmark = [pytest.mark.long, pytest.mark.timeout(1_800)]


def done(*command: str | Path, cwd: Path = PROJECT) -> str:
    """What a program printed. Fails where it did."""
    ended = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2_000:]
    return ended.stdout.strip()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """On a disk: each layer is a whole copy of the one before, too large for a folder in memory."""
    with TemporaryDirectory(dir="/var/tmp", prefix="fincore-image-") as made:
        yield Path(made)


@pytest.fixture(scope="module")
def buildah(folder: Path) -> Iterator[list[str | Path]]:
    """buildah, with a store of its own. It needs no daemon, and for its chroot the rights of root."""
    if os.geteuid() != 0 or not (shutil.which("buildah") and shutil.which("debootstrap")):
        pytest.skip("run as root, and install buildah and debootstrap: apt-get install buildah debootstrap")
    store = folder / "store"
    command: list[str | Path] = [
        *("buildah", "--root", store / "root", "--runroot", store / "run", "--storage-driver", "vfs")
    ]
    yield command
    subprocess.run([*command, "umount", "--all"], capture_output=True, check=False)
    subprocess.run([*command, "rm", "--all"], capture_output=True, check=False)


@pytest.fixture(scope="module")
def base(buildah: list[str | Path], folder: Path) -> str:
    """Debian with its own Python, by the name that the official image has."""
    root = folder / "base"
    made = subprocess.run(
        [
            *(
                "debootstrap",
                "--variant=minbase",
                "--include=python3,python3-pip,python3-venv,ca-certificates",
            ),
            *("bookworm", str(root), MIRROR),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"Debian could not be fetched: {made.stdout.strip()[-200:]}")
    (root / "usr/bin/python").symlink_to("python3")
    for marker in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        marker.unlink()
    shutil.copy(AUTHORITIES, root / AUTHORITIES.relative_to("/"))
    container = done(*buildah, "from", "scratch")
    done(*buildah, "add", "--quiet", container, root, "/")
    done(*buildah, "config", "--env", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", container)
    done(*buildah, "config", "--env", f"SSL_CERT_FILE={AUTHORITIES}", container)
    done(*buildah, "commit", "--quiet", "--rm", container, "localhost/base")
    return "localhost/base"


@pytest.fixture(scope="module")
def image(buildah: list[str | Path], base: str, folder: Path) -> str:
    """The image of the Dockerfile."""
    context = folder / "context"
    named = ("pyproject.toml", "uv.lock", "LICENSE", "README.md", "src", "Dockerfile", ".dockerignore")
    for file in done("git", "ls-files", *named).splitlines():
        (context / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / file, context / file)
    # AWS's own certificates cannot be had without AWS: any others are in their place.
    shutil.copy(AUTHORITIES, context / "certificates.pem")
    with (context / ".dockerignore").open("a") as ignored:
        ignored.write("!certificates.pem\n")
    arguments = ("--build-arg", f"BASE={base}", "--build-arg", "RDS_CERTIFICATES=certificates.pem")
    command = [*buildah, "bud", "--isolation", "chroot", "--pull-never", *arguments]
    for last in (False, False, True):
        try:
            done(*command, "--tag", "fincore", ".", cwd=context)
            break
        except AssertionError as error:
            # buildah 1.28 sometimes cannot seal the copy of itself that a step runs in.
            if last or "sealing memfd" not in str(error):
                raise
    return "localhost/fincore"


@pytest.fixture(scope="module")
def root(buildah: list[str | Path], image: str) -> Path:
    """Its files."""
    return Path(done(*buildah, "mount", done(*buildah, "from", "--pull-never", image)))


def configuration(buildah: list[str | Path], image: str) -> dict[str, Any]:
    """Its configuration, as OCI writes it."""
    found: dict[str, Any] = json.loads(done(*buildah, "inspect", "--type", "image", image))["OCIv1"]["config"]
    return found


def test_configuration_of_the_image_is_that_of_the_tasks(buildah: list[str | Path], image: str) -> None:
    found = configuration(buildah, image)
    assert found["User"] == USER
    assert found["Entrypoint"] == ["fincore"]
    assert found["StopSignal"] == "SIGTERM"
    assert found["WorkingDir"] == SCRATCH
    assert found["Volumes"].keys() == {SCRATCH}
    assert not [one for one in found["Env"] if "KEY" in one or "SECRET" in one or "DSN" in one]


def test_files_of_the_image_belong_to_root_but_for_one_folder(root: Path) -> None:
    uid = int(USER.partition(":")[0])
    owned = [path for folder in ("opt", "etc", "run") for path in (root / folder).rglob("*")]
    assert {str(path.relative_to(root)) for path in owned if path.lstat().st_uid == uid} == {SCRATCH[1:]}
    writable = {path for path in owned if not path.is_symlink() and path.lstat().st_mode & 0o022}
    # Debian's own, with the sticky bit; a task has its own in place of it.
    assert writable <= {root / "run/lock"}
    assert (root / CERTIFICATES[1:]).is_file()
    assert not (root / "src").exists()


def run(root: Path, *command: str, user: str = USER) -> subprocess.CompletedProcess[str]:
    """A program in the image as ECS runs it: a root that is not written to, the user of the tasks, an empty scratch folder."""
    uid, _, gid = user.partition(":")
    mounts = (
        f"mount --bind {root} {root}; mount -o remount,bind,ro {root};"
        f"mount -t tmpfs -o uid={uid},gid={gid},mode=0700 tmpfs {root}{SCRATCH}; mount -t proc proc {root}/proc;"
    )
    return subprocess.run(
        [
            *("unshare", "--mount", "sh", "-ec", f'{mounts} exec chroot --userspec={user} {root} "$@"', "sh"),
            *("/usr/bin/env", "-i", "PATH=/opt/fincore/bin:/usr/bin:/bin", *command),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


def test_fincore_starts_on_a_root_that_is_not_written_to(root: Path) -> None:
    version = run(root, "fincore", "--version")
    assert (version.returncode, version.stderr) == (0, "")
    written = run(root, "sh", "-c", f"echo a > {SCRATCH}/a && cat {SCRATCH}/a; echo b > /opt/b")
    assert written.stdout == "a\n"
    assert "Read-only file system" in written.stderr


@pytest.mark.parametrize("package", ["aiobotocore", "awslambdaric", "asyncpg", "uvloop"])
def test_one_image_has_what_roles_and_functions_need(root: Path, package: str) -> None:
    assert run(root, "python", "-c", f"import {package}").returncode == 0


@pytest.mark.parametrize("module", sorted({one.handler.partition(".")[0] for one in FUNCTIONS}))
def test_handlers_of_functions_load_as_a_user_of_lambda(root: Path, module: str) -> None:
    """Lambda leaves the user of the image out, and takes one of its own."""
    loaded = run(
        root, "python", "-c", f"import awslambdaric, fincore.bootstrap.functions.{module}", user=LAMBDA_USER
    )
    assert (loaded.returncode, loaded.stderr) == (0, "")


@pytest.mark.parametrize("package", ["pytest", "psp_sandbox", "aws_cdk"])
def test_image_has_nothing_of_tests_and_tools(root: Path, package: str) -> None:
    assert run(root, "python", "-c", f"import {package}").returncode != 0
