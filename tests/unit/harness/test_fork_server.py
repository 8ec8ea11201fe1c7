"""A program that the fork server starts is one that Python starts, for all that the tests ask of it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from fincore.eventstore import subscription
from fincore.version import VERSION
from fixtures import forking
from fixtures.fork_server import IDLE_DELAY_SECONDS_MAX
from fixtures.forking import FORK_SERVER, ForkServer

WAIT_SECONDS = 60


class Ended(NamedTuple):
    """How a program ended, and what it printed."""

    code: int
    output: str
    errors: str


def ended(folder: Path, *arguments: str) -> Ended:
    """How a program ended that was given the environment `GIVEN=yes`."""
    with (
        Path(os.devnull).open() as nothing,
        (folder / "output").open("w") as output,
        (folder / "errors").open("w") as errors,
    ):
        program = FORK_SERVER.start(
            arguments,
            environment={"GIVEN": "yes"},
            stdin=nothing.fileno(),
            stdout=output.fileno(),
            stderr=errors.fileno(),
        )
        code = program.wait(WAIT_SECONDS)
    assert program.poll() == code
    return Ended(code, (folder / "output").read_text(), (folder / "errors").read_text())


@pytest.mark.parametrize(
    ("code", "exit_code", "errors"),
    [
        ("pass", 0, ""),
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('a sentence')", 1, "a sentence\n"),
    ],
)
def test_forked_program_ends_as_python_does(tmp_path: Path, code: str, exit_code: int, errors: str) -> None:
    assert ended(tmp_path, "-c", code) == (exit_code, "", errors)


def test_forked_program_that_fails_shows_where(tmp_path: Path) -> None:
    code, _, errors = ended(tmp_path, "-c", "raise ValueError('of no use')")
    assert code == 1
    assert errors.startswith("Traceback")
    assert errors.endswith("ValueError: of no use\n")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_forked_program_is_ended_by_a_signal(number: signal.Signals) -> None:
    reads, writes = os.pipe()
    with Path(os.devnull).open("w") as nothing:
        program = FORK_SERVER.start(
            ("-c", "input()"), environment={}, stdin=reads, stdout=nothing.fileno(), stderr=nothing.fileno()
        )
    os.close(reads)
    assert program.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0.01)
    end = {signal.SIGKILL: program.kill, signal.SIGTERM: program.terminate}
    end[number]()
    assert program.wait(WAIT_SECONDS) == -number
    end[number]()
    os.close(writes)


def test_forked_program_has_its_own_arguments_and_environment(tmp_path: Path) -> None:
    code = "import os, sys; print(sys.argv, dict(os.environ), os.getcwd(), os.getsid(0) == os.getpid())"
    shown = ended(tmp_path, "-c", code, "--one", "two").output
    assert shown == f"{['-c', '--one', 'two']} {{'GIVEN': 'yes'}} {Path.cwd()} True\n"


def test_forked_file_has_its_own_arguments(tmp_path: Path) -> None:
    file = tmp_path / "shows.py"
    file.write_text("import sys; print(__name__, sys.argv)")
    assert ended(tmp_path, str(file), "--one").output == f"__main__ {[str(file), '--one']}\n"


def test_forked_program_has_standard_files_alone(tmp_path: Path) -> None:
    shown = ended(tmp_path, "-c", "import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))").output
    # The fourth is the folder that is listed.
    assert shown == "[0, 1, 2, 3]\n"


def test_forked_programs_make_ids_of_their_own(tmp_path: Path) -> None:
    code = "import random; from fincore.domain.ids import new_charge_id as new; print(new(), random.random())"
    (charge, number), (other_charge, other_number) = [
        ended(tmp_path, "-c", code).output.split() for _ in range(2)
    ]
    assert (charge[-13:], number) != (other_charge[-13:], other_number)
    assert charge[-13:] != other_charge[-13:]


def test_forked_consumers_look_less_often_when_idle(tmp_path: Path) -> None:
    code = "from fincore.eventstore import subscription; print(subscription.IDLE_DELAY_SECONDS_MAX)"
    assert ended(tmp_path, "-c", code).output == f"{IDLE_DELAY_SECONDS_MAX}\n"
    assert subscription.IDLE_DELAY_SECONDS_MAX < IDLE_DELAY_SECONDS_MAX


def test_forked_fincore_runs_its_command(tmp_path: Path) -> None:
    assert ended(tmp_path, "-m", "fincore", "--version") == (0, f"{VERSION}\n", "")


def test_shell_has_a_program_forked(tmp_path: Path) -> None:
    command = f"{FORK_SERVER.python} -c"
    script = f'echo word | {command} "print(input())"; {command} "import sys; sys.exit(7)"'
    done = subprocess.run(
        ["bash", "-c", script],  # noqa: S607 -- any bash
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, "word\n", "")


def test_program_that_a_forked_one_starts_is_forked_too(tmp_path: Path) -> None:
    starts = """if True:
        import subprocess, sys
        shown = "import os, sys; print('fincore' in sys.modules, sys.argv, os.environ['GIVEN'], input()); sys.exit(7)"
        print(subprocess.run([sys.executable, "-c", shown, "--one"], input=b"word").returncode)
    """
    assert ended(tmp_path, "-c", starts).output == "True ['-c', '--one'] yes word\n7\n"


def test_order_to_a_fork_server_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both an order that waits while the server begins to run, and one that comes after it has ended."""
    program = tmp_path / "fails.py"
    program.write_text("raise ImportError('no module of that name')")
    monkeypatch.setattr(forking, "PROGRAM", program)
    server = ForkServer()
    server.own(tmp_path / "server")
    try:
        for _ in range(2):
            with Path(os.devnull).open("r+") as nothing, pytest.raises(RuntimeError) as raised:
                server.start(
                    ("-c", "pass"),
                    environment={},
                    stdin=nothing.fileno(),
                    stdout=nothing.fileno(),
                    stderr=nothing.fileno(),
                )
            assert "the fork server has ended" in str(raised.value)
            assert "ImportError: no module of that name" in str(raised.value)
    finally:
        server.stop()


@contextmanager
def in_place(code: str) -> Iterator["subprocess.Popen[str]"]:
    """A forked program that a command runs; it is read and written to as its caller reads and writes."""
    with subprocess.Popen(
        [FORK_SERVER.python, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as command:
        yield command


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_to_the_command_reaches_its_forked_program(number: signal.Signals) -> None:
    code = """if True:
        import signal, sys
        def end(number, frame):
            print(number, flush=True)
            sys.exit(3)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        print("ready", flush=True)
        input()
    """
    with in_place(code) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "ready\n"
        command.send_signal(number)
        assert command.stdout.readline() == f"{number.value}\n"
        assert command.wait(WAIT_SECONDS) == 3


def test_forked_program_of_a_killed_command_is_killed() -> None:
    with in_place("print('ready', flush=True); input()") as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "ready\n"
        command.kill()
        # The end of its output: no process has it open any more.
        assert command.stdout.read() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_command_ends_by_the_signal_that_ended_its_program(number: signal.Signals) -> None:
    with in_place(f"import os; os.kill(os.getpid(), {number.value})") as command:
        assert command.wait(WAIT_SECONDS) == -number


def test_client_that_leaves_before_its_answer_ends_no_server(tmp_path: Path) -> None:
    """As a command that is killed while it starts."""
    address = FORK_SERVER._orders.path
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as silent:
        silent.connect(address)
    hasty = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    hasty.connect(address)
    order = {
        "program": {
            "arguments": ["-c", "input()"],
            "environment": {},
            "folder": str(tmp_path),
            "python": sys.executable,
        },
        "is_tied": True,
    }
    reading, writing = os.pipe()
    with Path(os.devnull).open() as nothing:
        socket.send_fds(hasty, [json.dumps(order).encode()], [nothing.fileno()] * 3 + [writing])
    hasty.close()
    os.close(writing)
    os.close(reading)
    assert ended(tmp_path, "-c", "print('on')") == (0, "on\n", "")
