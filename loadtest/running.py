"""One run from begin to report: starts the generators, watches, lets the PSP misbehave, drains, compares, judges."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Final

import msgspec
import psycopg
from bench.progress import Backlog, Totals
from bench.watch import DRAIN_SECONDS_MAX, drained

from loadtest.figures import Row, Tally, figures
from loadtest.generator.arrivals import arrivals
from loadtest.generator.load_settings import LAST_ANSWERS_SECONDS, LoadSettings
from loadtest.generator.mix import PHASES, phase_at
from loadtest.generator.profile import PROFILES, step_at
from loadtest.generator.records import rows_of
from loadtest.locust_processes import WAIT_FOR_WORKERS_SECONDS, LocustProcesses
from loadtest.offered import Offered
from loadtest.plots import Band
from loadtest.psp_mood import PspMood
from loadtest.rate_steps import RateStep, rate_step
from loadtest.report import Report, planned_points
from loadtest.staff_login import StaffLogin
from loadtest.stored_charges import outcome_times
from loadtest.target import Target
from loadtest.thresholds import Ending, Thresholds, verdicts
from loadtest.watching import Sample, Watch

LOOK_SECONDS: Final = 1.0
TELL_SECONDS: Final = 5.0
LATE_ROWS_SECONDS: Final = 5.0
"""How much later than a request its record may be read: workers report every three seconds."""
DRAINS_MAX: Final = 3
"""How often it is waited anew, where something came when nothing waited any more."""
WEBHOOKS_SECONDS_MAX: Final = 60.0
SAMPLES_MAX: Final = 600
START_SECONDS_MAX: Final = 60.0 + WAIT_FOR_WORKERS_SECONDS

Say = Callable[[str], None]


class RunFailed(Exception):
    """The generators did not begin, or did not end; the message says where their log is."""


class Run:
    """A run of settings against a target; what it writes is in `folder`."""

    def __init__(
        self,
        settings: LoadSettings,
        target: Target,
        folder: Path,
        *,
        bounds: Thresholds,
        say: Say,
        psp: PspMood | None = None,
        login: StaffLogin | None = None,
        remote_bind: str | None = None,
    ) -> None:
        self.settings = replace(settings, records_file=str((folder / "records.jsonl").resolve()))
        self._target = target
        self._folder = folder
        self._bounds = bounds
        self._say = say
        self._psp = psp
        self._login = login
        self._remote_bind = remote_bind
        self._profile = PROFILES[settings.profile]
        self._has_phases = settings.has_phases and self._profile.has_phases
        self._stretches = self._profile.stretches(settings.rate, settings.seconds)
        self._tally = Tally(seconds=settings.seconds)
        self._offered = Offered()
        self._latest: list[Row] = []
        self._kept_seconds = LATE_ROWS_SECONDS + max(
            [TELL_SECONDS, *(one.seconds for one in self._stretches if self._profile.stops_at_break)]
        )
        self._began = 0.0
        self._read_to = 0
        self._samples: list[Sample] = []
        self._steps: list[RateStep] = []

    def run(self) -> Report:
        """Offer the whole schedule, or as much of it as holds, and say what came of it. Raises `RunFailed`."""
        if self._records.exists():
            raise RunFailed(f"{self._folder} holds a run already. Name another folder.")
        settings_file = (self._folder / "load.json").resolve()
        settings_file.unlink(missing_ok=True)
        self.settings.write(settings_file)
        watch = Watch(dsn=self._target.dsn, pids=self._target.pids)
        try:
            generators = LocustProcesses(
                settings_file,
                self._folder / "locust.log",
                seconds=self.settings.seconds,
                workers=self.settings.workers,
                remote_bind=self._remote_bind,
            )
            try:
                self._began = self._begun(generators)
                for name, pid in generators.pids.items():
                    watch.add(name, pid)
                self._follow(generators, watch)
            finally:
                generators.stop()
                if self._psp is not None:
                    self._psp.follow(None, left_seconds=0)
            return self._report(watch)
        finally:
            # It holds the key.
            settings_file.unlink(missing_ok=True)
            watch.close()

    @property
    def _records(self) -> Path:
        return Path(str(self.settings.records_file))

    @property
    def _now(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    def _begun(self, generators: LocustProcesses) -> float:
        """The moment at which the first generator began, on the monotonic clock of this machine."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and not generators.is_over:
            self._read()
            moments = [row[1] for row in self._latest if row[0] == "began"]
            if moments:
                # The clock of a generator on another machine is not trusted further than records are late.
                ago = time.time() - float(min(moments))
                return time.monotonic() - min(LATE_ROWS_SECONDS, max(-1.0, ago))
            time.sleep(0.1)
        raise RunFailed(f"The generators did not begin. Look into {self._folder / 'locust.log'}.")

    def _follow(self, generators: LocustProcesses, watch: Watch) -> None:
        seconds_max = self.settings.seconds + LAST_ANSWERS_SECONDS + START_SECONDS_MAX
        sample_seconds = max(LOOK_SECONDS, self.settings.seconds / SAMPLES_MAX)
        told = step = 0
        while not generators.is_over:
            now = self._now
            if now > seconds_max:
                raise RunFailed(f"The generators did not end. Look into {self._folder / 'locust.log'}.")
            if now >= len(self._samples) * sample_seconds:
                self._samples.append(watch.look(now))
            self._let_psp(now)
            if self._login is not None:
                self._login.refresh()
            self._read()
            if now >= (told + 1) * TELL_SECONDS:
                told = int(now // TELL_SECONDS)
                self._tell(now)
            if self._profile.stops_at_break and step < step_at(self._stretches, now):
                self._samples.append(watch.look(now))
                self._judge(step)
                if self._is_broken:
                    self._say("offering nothing more, waiting for the last answers")
                    generators.finish(self._records, seconds_max=LAST_ANSWERS_SECONDS + START_SECONDS_MAX)
                    return
                step += 1
            time.sleep(max(0.05, LOOK_SECONDS - (self._now - now)))
        self._read()
        if self._profile.stops_at_break:
            self._samples.append(watch.look(self._now))
            self._judge(step)

    def _read(self) -> None:
        rows, self._read_to = rows_of(self._records, self._read_to)
        self._tally.add(rows)
        self._offered.add(rows)
        since = (self._now if self._began else 0.0) - self._kept_seconds
        self._latest = [row for row in (*self._latest, *rows) if _moment(row) >= since]

    def _let_psp(self, now: float) -> None:
        if self._psp is None or not self._has_phases:
            return
        share = now / self.settings.seconds
        phase = phase_at(PHASES, share)
        self._psp.follow(
            phase, left_seconds=0 if phase is None else (phase.ends - share) * self.settings.seconds
        )

    def _tell(self, now: float) -> None:
        """One line about the last seconds."""
        recent = figures(
            [row for row in self._latest if _is_within(row, now - TELL_SECONDS, now)], seconds=TELL_SECONDS
        )
        sample = self._samples[-1]
        phase = phase_at(PHASES, now / self.settings.seconds) if self._has_phases else None
        waiting = "" if sample.backlog is None else f", {sample.backlog.jobs_queued:,} jobs queued"
        busiest = sorted(sample.cores.items(), key=lambda one: -one[1])[:3]
        cores = ", ".join(f"{name} {used:.2f}" for name, used in busiest)
        self._say(
            f"{int(now // 60)}:{int(now % 60):02d}  {recent.arrivals / TELL_SECONDS:.0f} arrivals/s, accepted p50 {recent.accept.p50_ms:.0f} "
            f"p99 {recent.accept.p99_ms:.0f} ms, {recent.errors} errors{waiting}"
            + (f"; cores: {cores}" if cores else "")
            + (f"; {phase.name}" if phase else "")
        )

    def _judge(self, step: int) -> None:
        """Judge a step that is over, and say what became of it."""
        ends = list(accumulate(stretch.seconds for stretch in self._stretches))
        stretch = self._stretches[step]
        within = [row for row in self._latest if _is_within(row, ends[step] - stretch.seconds, ends[step])]
        sample = self._samples[-1].backlog if self._samples else None
        found = rate_step(
            step + 1,
            len(self._stretches),
            figures(within, seconds=stretch.seconds),
            rate=stretch.rate_to,
            backlog=None if sample is None else sample.jobs_queued + sample.view_behind_events,
            bounds=self._bounds,
        )
        self._steps.append(found)
        what = f"broken: {', '.join(found.broken)}" if found.broken else "holds"
        self._say(f"{found.name}: {what}, accepted p99 {found.accept_p99_ms:.0f} ms")

    @property
    def _is_broken(self) -> bool:
        """Whether the run has found its limit."""
        return bool(self._steps and self._steps[-1].broken)

    def _report(self, watch: Watch) -> Report:
        self._read()
        ended = self._now
        seconds = min(self.settings.seconds, ended) if self._is_broken else self.settings.seconds
        run = self._tally.figures(seconds=seconds)
        ending, notes = self._ending(watch)
        return Report(
            began_at=datetime.fromtimestamp(time.time() - self._now, UTC),
            title="Load of FinCore",
            profile=self.settings.profile,
            rate=self.settings.rate,
            seed=self.settings.seed,
            spacing=self.settings.spacing,
            planned=planned_points(self.settings.plan),
            bands=tuple(
                Band(phase.name, phase.begins * self.settings.seconds, phase.ends * self.settings.seconds)
                for phase in (PHASES if self._has_phases else ())
            ),
            figures=run,
            ending=ending,
            verdicts=tuple(verdicts(run, ending, self._bounds)),
            samples=tuple(self._samples),
            charges_offered=len(self._offered.offered_keys),
            charges_accepted=len(self._offered.accepted_keys),
            notes=notes,
            steps=tuple(self._steps),
        )

    def _ending(self, watch: Watch) -> tuple[Ending, tuple[str, ...]]:
        """What is found once the load is over, and what could not be looked at."""
        was_to_break = self._profile.stops_at_break
        is_cut = was_to_break and self._is_broken
        schedule = arrivals(self.settings.plan, seed=self.settings.seed, spacing=self.settings.spacing)
        ending = Ending(
            due=0 if is_cut else sum(1 for _ in schedule),
            workers=self.settings.workers,
            was_to_break=was_to_break,
        )
        totals = None
        lost: tuple[str, ...] = ()
        if self._target.dsn is not None:
            self._say("waiting until nothing is left to do")
            try:
                ending, totals = self._drained(ending, watch)
            except psycopg.Error as error:
                lost = (f"The stores could not be looked at: {error!r}",)
        self._say("comparing every charge, checking the invariants")
        broken = self._target.broken_invariants()
        ending = msgspec.structs.replace(
            ending,
            disagreements=self._target.compared_or_not(self._offered, totals, run_id=self.settings.run_id),
            broken=(*lost, *(broken or ())) if lost else broken,
        )
        notes = (
            (
                self._target.dsn,
                "No DSN was given: backlog and time to outcome were not measured, invariants not checked.",
            ),
            (self._target.sandbox_url, "No PSP sandbox was given: what the PSP has was not compared."),
        )
        return ending, tuple(note for known, note in notes if known is None)

    def _drained(self, ending: Ending, watch: Watch) -> tuple[Ending, Totals]:
        progress = watch.progress
        if progress is None:
            raise RunFailed("The stores cannot be looked at without a DSN.")
        began = time.monotonic()
        left = _waiting(progress.backlog())
        for _ in range(DRAINS_MAX):
            # A webhook that the sandbox tries again later makes work when nothing waits here.
            while self._target.webhooks_pending() and time.monotonic() - began < WEBHOOKS_SECONDS_MAX:
                time.sleep(LOOK_SECONDS)
            waited = drained(progress)
            left = _waiting(progress.backlog())
            if not left or waited >= DRAIN_SECONDS_MAX:
                break
        seconds = time.monotonic() - began
        times = outcome_times(str(self._target.dsn), began=time.time() - self._now)
        return msgspec.structs.replace(
            ending,
            drain_seconds=seconds,
            backlog=left,
            outcome_p50_seconds=None if times is None else times[0],
            outcome_p99_seconds=None if times is None else times[1],
        ), progress.totals()


def _waiting(backlog: Backlog) -> int:
    """Everything that waits, except jobs that are held for a person."""
    return int(sum(msgspec.structs.astuple(backlog))) - backlog.jobs_held


def _moment(row: Row) -> float:
    """When a row is of: a request of the moment at which it ended, an arrival of that at which it was due; others of the begin."""
    match row[0]:
        case "request":
            return float(row[4])
        case "arrived" | "unsent":
            return float(row[1])
    return 0.0


def _is_within(row: Row, begins: float, ends: float) -> bool:
    return row[0] in ("request", "arrived", "unsent") and begins <= _moment(row) < ends
