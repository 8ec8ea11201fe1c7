"""`python -m loadtest`: run a load, print the mix, write settings for other machines or a bundle for AWS."""

import argparse
import os
import secrets
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

import psycopg
from harness.failure import InstallationFailed

from fincore.domain.errors import ConfigurationError
from loadtest.bundle import write_bundle
from loadtest.generator.load_settings import API_KEY_VARIABLE, BadSettings, LoadSettings
from loadtest.generator.mix import mix_table, phase_table
from loadtest.generator.profile import PROFILES
from loadtest.psp_mood import PspMood
from loadtest.rate_steps import limit_told
from loadtest.report import Report, as_html, as_json
from loadtest.running import Run, RunFailed
from loadtest.staff_login import LoginFailed, StaffLogin
from loadtest.system import PERSON, PSP_P50_MS, PSP_P99_MS, running_system
from loadtest.target import CHECK_TIMEOUT_SECONDS, Target, check_by_dsn
from loadtest.thresholds import DEFAULT, Thresholds

FOLDER: Final = Path("var/load")
ERRORS: Final = FOLDER / "error.txt"
FAILED: Final = 1
MISUSED: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 where every threshold holds, 1 where one does not, 2 where the run could not be done."""
    parsed = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    try:
        match parsed.command:
            case "run":
                return _run(parsed)
            case "mix":
                for table in (mix_table(), phase_table()):
                    _print_table(table)
                for profile in PROFILES.values():
                    print(f"{profile.name:10} {profile.what}")
            case "bundle":
                _bundle(parsed)
    except (
        BadSettings,
        ConfigurationError,
        InstallationFailed,
        RunFailed,
        LoginFailed,
        OSError,
        psycopg.Error,
    ) as error:
        # An error of an installation shows its logs below its first line, which says where they are.
        print(str(error).partition("\n")[0], file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        print("The run was ended; nothing is reported.", file=sys.stderr)
        return MISUSED
    except Exception as error:  # noqa: BLE001 -- exit code 1, which Python would end with, says that a threshold is broken
        FOLDER.mkdir(parents=True, exist_ok=True)
        ERRORS.write_text(traceback.format_exc())
        print(
            f"The load ended because of {type(error).__name__}, an error of its own; report it with {ERRORS}.",
            file=sys.stderr,
        )
        return MISUSED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtest", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("mix", help="print the traffic mix, its phases and the profiles")
    run = commands.add_parser("run", help="run a load; against a system of its own unless --url is given")
    bundle = commands.add_parser(
        "bundle", help="write the generator as a zip for AWS Distributed Load Testing"
    )
    for one in (run, bundle):
        one.add_argument("--profile", choices=tuple(PROFILES), default="short")
        one.add_argument("--rate", type=float, default=20.0, help="the highest rate, in arrivals a second")
        one.add_argument("--seconds", type=float, default=180.0)
        one.add_argument("--spacing", choices=("poisson", "uniform"), default="poisson")
        one.add_argument("--scenario", action="append", default=[], help="only this one; may be repeated")
        one.add_argument("--no-phases", action="store_true", help="the same traffic from begin to end")
        one.add_argument("--in-flight-max", type=int, default=2_000)
        one.add_argument("--sandbox-url", help="the PSP sandbox: customers act on its pages")
        one.add_argument("--card-edge-url", help="the card edge, for charges by card number")
    run.add_argument("--seed", type=int, default=0, help="of the arrivals; drawn and printed unless given")
    run.add_argument(
        "--url", help=f"the API of an installation; its key of test mode is in {API_KEY_VARIABLE}"
    )
    run.add_argument("--dsn", help="its event store: backlog, log and invariants are looked at")
    run.add_argument("--staff-url", help="its server of staff, for exports")
    run.add_argument(
        "--staff-token-file", help="a file that holds an access token of a person who may export"
    )
    run.add_argument("--workers", type=int, default=1, help="processes that share the schedule")
    run.add_argument("--remote-bind", metavar="HOST:PORT", help="wait here for workers of other machines")
    run.add_argument("--folder", type=Path, help=f"where the report goes; a new one in {FOLDER} unless given")
    for name, default in _bounds().items():
        run.add_argument(f"--{name.replace('_', '-')}", type=float, default=default)
    bundle.add_argument("--url", required=True, help="the API of the installation to load")
    bundle.add_argument("--tasks", type=int, default=1, help="tasks of AWS that share the rate")
    bundle.add_argument(
        "--with-key", action="store_true", help=f"put the key of {API_KEY_VARIABLE} into the zip"
    )
    bundle.add_argument("--out", type=Path, default=FOLDER / "fincore-load.zip")
    return parser


def _bounds() -> dict[str, float | None]:
    return {name: getattr(DEFAULT, name) for name in Thresholds.__struct_fields__}


def _settings(parsed: argparse.Namespace) -> LoadSettings:
    return LoadSettings(
        api_url=(parsed.url or "").rstrip("/"),
        sandbox_url=(parsed.sandbox_url or "").rstrip("/") or None,
        card_edge_url=(parsed.card_edge_url or "").rstrip("/") or None,
        profile=parsed.profile,
        rate=parsed.rate,
        seconds=parsed.seconds,
        spacing=parsed.spacing,
        scenarios=tuple(parsed.scenario),
        has_phases=not parsed.no_phases,
        in_flight_max=parsed.in_flight_max,
    )


def _run(parsed: argparse.Namespace) -> int:
    seed = parsed.seed or secrets.randbelow(2**31) + 1
    settings = replace(
        _settings(parsed),
        seed=seed,
        api_key=os.environ.get(API_KEY_VARIABLE, ""),
        staff_url=parsed.staff_url,
        staff_token_file=parsed.staff_token_file,
        run_id=f"load-t{int(time.time())}-x{secrets.token_hex(3)}",
        workers=parsed.workers,
    )
    bounds = Thresholds(**{name: getattr(parsed, name) for name in _bounds()})
    # What is wrong is said before anything is started; a system of its own has every server, and a key of its own.
    (settings if parsed.url else _with_own_servers(settings, "http://127.0.0.1")).check()
    folder = parsed.folder or FOLDER / time.strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True, exist_ok=True)
    print(
        f"load: profile {settings.profile}, up to {settings.rate:g} arrivals/s for {settings.seconds:g} s, "
        f"{settings.spacing} arrivals, seed {seed}",
        flush=True,
    )
    with ExitStack() as stack:
        settings, target, psp, login = _prepared(parsed, settings, folder, stack)
        settings.check()
        report = Run(
            settings,
            target,
            folder,
            bounds=bounds,
            say=lambda line: print(line, flush=True),
            psp=psp,
            login=login,
            remote_bind=parsed.remote_bind,
        ).run()
        # Before the system ends: a report is not lost to what fails there.
        (folder / "report.html").write_text(as_html(report))
        (folder / "report.json").write_bytes(as_json(report))
    return _told(report, folder)


def _with_own_servers(settings: LoadSettings, url: str) -> LoadSettings:
    """The settings as they will be, with one address in place of those that are not known yet."""
    return replace(
        settings,
        api_url=url,
        api_key="sk_test_own",
        card_edge_url=url,
        sandbox_url=url,
        staff_url=url,
        staff_token_file="staff-token",  # noqa: S106 -- the name of a file
    )


def _prepared(
    parsed: argparse.Namespace, settings: LoadSettings, folder: Path, stack: ExitStack
) -> tuple[LoadSettings, Target, PspMood | None, StaffLogin | None]:
    if parsed.url:
        target = Target(
            api_url=settings.api_url,
            api_key=settings.api_key,
            dsn=parsed.dsn,
            sandbox_url=settings.sandbox_url,
            check=partial(check_by_dsn, parsed.dsn) if parsed.dsn else None,
        )
        mood = settings.sandbox_url and PspMood(settings.sandbox_url, p50_ms=PSP_P50_MS, p99_ms=PSP_P99_MS)
        return settings, target, mood or None, None
    print("starting FinCore, PostgreSQL and the PSP sandbox", flush=True)
    system = stack.enter_context(running_system())
    login = StaffLogin(system.staff_url, folder.resolve() / "staff-token")
    stack.callback(lambda: login.token_file.unlink(missing_ok=True))
    login.log_in(PERSON, system.add_person())
    settings = replace(
        settings,
        api_url=system.api_url(),
        api_key=system.api_key,
        card_edge_url=system.card_edge_url,
        sandbox_url=system.sandbox.url,
        staff_url=system.staff_url,
        staff_token_file=str(login.token_file),
    )
    target = Target(
        api_url=settings.api_url,
        api_key=settings.api_key,
        dsn=system.dsn,
        sandbox_url=system.sandbox.url,
        pids=system.pids(),
        check=partial(system.fincore, "check", timeout_seconds=CHECK_TIMEOUT_SECONDS),
        is_own=True,
    )
    return settings, target, PspMood(system.sandbox.url, p50_ms=PSP_P50_MS, p99_ms=PSP_P99_MS), login


def _told(report: Report, folder: Path) -> int:
    for one in report.verdicts:
        print(f"{'holds ' if one.holds else 'BROKEN'}  {one.name}: {one.seen} ({one.bound})")
    if report.steps:
        print(limit_told(report.steps))
    print(f"report: {folder / 'report.html'}, {folder / 'report.json'}")
    return 0 if report.has_passed else FAILED


def _bundle(parsed: argparse.Namespace) -> None:
    settings = replace(_settings(parsed), tasks=parsed.tasks, api_key=os.environ.get(API_KEY_VARIABLE, ""))
    settings.check()
    parsed.out.parent.mkdir(parents=True, exist_ok=True)
    for name in write_bundle(parsed.out, settings, with_key=parsed.with_key):
        print(f"  {name}")
    print(f"{parsed.out}: {'with' if parsed.with_key else 'without'} the key, for {parsed.tasks} tasks")


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print()


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
