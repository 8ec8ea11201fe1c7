"""What a generator is told: where the servers are, the key, and the run. Read from a JSON file; a file of a bundle is the same."""

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Final

from loadtest.generator.arrivals import Arrival, Spacing, arrivals, share_of
from loadtest.generator.mix import PHASES, Needs, Plan, plan, weights_for
from loadtest.generator.profile import PROFILES

SETTINGS_VARIABLE: Final = "FINCORE_LOAD_SETTINGS"
API_KEY_VARIABLE: Final = "FINCORE_LOAD_API_KEY"
DEFAULT_FILE: Final = "load.json"
KEY_NAME: Final = "load_key"
"""Of the metadata of every charge: by it a charge that was offered and not answered is told from one that nothing offered."""
CONNECT_TIMEOUT_SECONDS: Final = 30.0
ANSWER_TIMEOUT_SECONDS: Final = 30.0
LAST_ANSWERS_SECONDS: Final = CONNECT_TIMEOUT_SECONDS + ANSWER_TIMEOUT_SECONDS
"""How long what is under way may take once nothing is due any more."""
RATE_MAX: Final = 100_000.0
SECONDS_MAX: Final = 7 * 86_400.0
PARTS_MAX: Final = 10_000


class BadSettings(Exception):
    """A run cannot be done as it was told; the message says what to set."""


@dataclass(frozen=True, kw_only=True)
class LoadSettings:
    """One run. `rate` is the highest of its profile, in arrivals a second over all workers and tasks.

    `workers` share one schedule. `tasks` know nothing of each other: each offers the rate divided by their number, with a seed of its own.
    A `seed` of 0 is drawn when the settings are read. The keys of a run begin with `run_id` and its seed.
    `sandbox_url` is the beginning of the addresses of the PSP sandbox: customers act on pages below it, and on no others.
    """

    api_url: str
    api_key: str = field(default="", repr=False)
    card_edge_url: str | None = None
    sandbox_url: str | None = None
    staff_url: str | None = None
    staff_token_file: str | None = None
    profile: str = "short"
    rate: float = 20.0
    seconds: float = 180.0
    seed: int = 0
    spacing: Spacing = "poisson"
    workers: int = 1
    tasks: int = 1
    in_flight_max: int = 2_000
    scenarios: tuple[str, ...] = ()
    has_phases: bool = True
    run_id: str = "load"
    records_file: str | None = None

    def check(self) -> None:
        """Raise `BadSettings`: a value is out of bounds, or the key is no key of test mode."""
        bounds = {
            "rate": (self.rate, 0.01, RATE_MAX),
            "seconds": (self.seconds, 1.0, SECONDS_MAX),
            "workers": (self.workers, 1, PARTS_MAX),
            "tasks": (self.tasks, 1, PARTS_MAX),
            "in_flight_max": (self.in_flight_max, 1, 1_000_000),
        }
        for name, (value, least, most) in bounds.items():
            if not least <= value <= most:
                raise BadSettings(f"{name} is {value:g}. Set it to {least:g} to {most:g}.")
        if self.profile not in PROFILES:
            raise BadSettings(f"There is no profile {self.profile!r}. Name one of {', '.join(PROFILES)}.")
        if self.spacing not in ("poisson", "uniform"):
            raise BadSettings(f"There is no spacing {self.spacing!r}. Name poisson or uniform.")
        if not self.api_url.startswith(("http://", "https://")):
            raise BadSettings(
                f"{self.api_url!r} is no address of an API. Name one that begins with http:// or https://."
            )
        known = weights_for(self.available)
        for name in self.scenarios:
            if name not in known:
                raise BadSettings(
                    f"The scenario {name!r} does not exist, or lacks a server. There are {', '.join(known)}."
                )
        if not self.api_key.startswith("sk_test_"):
            raise BadSettings(
                f"The load is sent with a secret key of test mode only. Set {API_KEY_VARIABLE} to one that begins with sk_test_."
            )

    def key_of(self, number: int) -> str:
        """The key of an arrival. Letters part its numbers: FinCore refuses a key in which a card number might stand."""
        return f"{self.run_id}-s{self.seed}-n{number}"

    @property
    def available(self) -> tuple[Needs, ...]:
        """What scenarios may need."""
        return (
            "api",
            *(("card_edge",) if self.card_edge_url else ()),
            *(("sandbox",) if self.sandbox_url else ()),
            *(("staff",) if self.staff_url and self.staff_token_file else ()),
        )

    @property
    def plan(self) -> Plan:
        """What one task offers."""
        profile = PROFILES[self.profile]
        stretches = profile.stretches(self.rate / self.tasks, self.seconds)
        phases = PHASES if profile.has_phases and self.has_phases else ()
        return plan(stretches, weights_for(self.available, self.scenarios), phases)

    def arrivals_of(self, worker: int) -> Iterator[Arrival]:
        """The arrivals of one worker, counted from 0, in the order of time."""
        every = arrivals(self.plan, seed=self.seed, spacing=self.spacing)
        return share_of(every, worker=worker, workers=self.workers)

    def write(self, file: Path) -> None:
        """Write the settings, the key among them, into a file that its owner alone can read."""
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self), indent=1))


@cache
def settings_here() -> LoadSettings:
    """The settings of this process. Raises `BadSettings`."""
    return read_settings()


def read_settings(file: Path | None = None) -> LoadSettings:
    """The settings of a file, by default the one that the environment names, or `load.json` here. Raises `BadSettings`."""
    path = file or Path(os.environ.get(SETTINGS_VARIABLE, DEFAULT_FILE))
    try:
        told = json.loads(path.read_text())
        settings = LoadSettings(**{**told, "scenarios": tuple(told.get("scenarios", ()))})
        if API_KEY_VARIABLE in os.environ:
            settings = replace(settings, api_key=os.environ[API_KEY_VARIABLE])
        if settings.seed == 0:
            seed = secrets.randbelow(2**31) + 1
            settings = replace(settings, seed=seed)
        settings.check()
    except (OSError, ValueError, TypeError) as error:
        raise BadSettings(f"{path} cannot be read as settings of a load: {error}. Write it again.") from error
    return settings
