"""A Locust user that is an open model: it begins what is due by the clock, whether or not earlier requests are answered.

Locust's own users wait for an answer before they send again, so that a server that stands still is asked less: its stop hides in a few
slow answers. Here each arrival is begun at its moment, in a greenlet of its own, and latencies count from that moment.
"""

import sys
import time
from collections.abc import Iterator
from typing import ClassVar, Final

import gevent
from gevent.event import Event
from gevent.pool import Pool
from locust import User, events, task
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from loadtest.generator.arrivals import Arrival
from loadtest.generator.load_settings import LAST_ANSWERS_SECONDS, LoadSettings, settings_here
from loadtest.generator.records import Recorder
from loadtest.generator.requests import CannotGoOn, Requests

LEAD_SECONDS: Final = 0.2
"""From the start of the user to the begin of the run."""

RECORDER: Final = Recorder()
"""What this process has noted and not yet handed over."""
NO_MORE: Final = Event()
"""Set where nothing more is to be offered, although the schedule is not over."""


class OpenLoopUser(User):
    """One for each process: a second one has nothing to do. `begin` of a subclass carries one arrival out."""

    abstract = True
    settings: LoadSettings
    requests: Requests
    _is_running: ClassVar[bool] = False

    def begin(self, arrival: Arrival) -> None:
        """Carry one arrival out; called in a greenlet of its own at the moment at which it is due."""
        raise NotImplementedError

    @task
    def offer(self) -> None:
        """Begin every arrival of this process at its moment, then wait for the last answers and end the run."""
        if OpenLoopUser._is_running:
            while True:
                gevent.sleep(3600)
        OpenLoopUser._is_running = True
        self.settings = settings_here()
        worker = _worker_of(self.environment)
        began = time.perf_counter() + LEAD_SECONDS
        self.requests = Requests(
            RECORDER,
            self.environment.events.request.fire,
            began=began,
            connections=self.settings.in_flight_max,
        )
        RECORDER.add("began", round(time.time() + LEAD_SECONDS, 3), worker)
        under_way = Pool(self.settings.in_flight_max)
        cpu_began, count = time.process_time(), 0
        for arrival in self._of(worker):
            if _is_over_before(began + arrival.due_seconds):
                break
            if under_way.full():
                RECORDER.add("unsent", arrival.due_seconds)
            else:
                RECORDER.add("arrived", arrival.due_seconds, arrival.scenario)
                under_way.spawn(self._guarded, arrival)
            count += 1
        _is_over_before(began + self.settings.plan.seconds)
        under_way.join(timeout=LAST_ANSWERS_SECONDS)
        under_way.kill(timeout=1)
        RECORDER.add("ended", worker, count, time.process_time() - cpu_began)
        if isinstance(self.environment.runner, WorkerRunner):
            # The master ends the run once all workers have.
            gevent.sleep(LAST_ANSWERS_SECONDS)
        elif self.environment.runner is not None:
            self.environment.runner.quit()

    def _of(self, worker: int) -> Iterator[Arrival]:
        return self.settings.arrivals_of(worker) if worker < self.settings.workers else iter(())

    def _guarded(self, arrival: Arrival) -> None:
        try:
            self.begin(arrival)
        except CannotGoOn as reason:
            RECORDER.add("cut", arrival.due_seconds, arrival.scenario, str(reason))
        except Exception as error:  # noqa: BLE001 -- one scenario must not end the run; it is recorded, and fails the run
            RECORDER.add("failed", arrival.due_seconds, arrival.scenario, repr(error)[:300])


def _is_over_before(moment: float) -> bool:
    """Wait for a moment of `time.perf_counter`; whether nothing more is to be offered."""
    wait = moment - time.perf_counter()
    if wait > 0:
        return bool(NO_MORE.wait(wait))
    # What is under way must come to its turn.
    gevent.sleep(0)
    return bool(NO_MORE.is_set())


def _worker_of(environment: Environment) -> int:
    runner = environment.runner
    return int(runner.worker_index) if isinstance(runner, WorkerRunner) else 0


@events.init.add_listener
def _say_which(environment: Environment, **_: object) -> None:
    """Print what will be offered, so that the run can be repeated."""
    if isinstance(environment.runner, WorkerRunner):
        return
    settings = settings_here()
    part = "the whole" if settings.tasks == 1 else f"one of {settings.tasks} parts"
    kind = "over workers" if isinstance(environment.runner, MasterRunner) else "in one process"
    print(
        f"load: profile {settings.profile}, up to {settings.rate:g} arrivals/s for {settings.seconds:g} s ({part}, {kind}), "
        f"{settings.spacing} arrivals, seed {settings.seed}",
        file=sys.stderr,
    )
