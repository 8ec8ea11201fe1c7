"""What Locust runs: one open-loop user for each process. `FINCORE_LOAD_SETTINGS` names the file of settings, `load.json` here unless set."""

import sys
from pathlib import Path

# Locust puts the folder of this file first: the package itself is beside it in a bundle, and above it in the repository.
sys.path.insert(0, str(Path(__file__).resolve().parent))
if Path(__file__).resolve().parent.name == "loadtest":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from loadtest.generator import hand_over  # noqa: F401 -- its listeners write the records
from loadtest.generator.arrivals import Arrival
from loadtest.generator.load_settings import BadSettings, settings_here
from loadtest.generator.open_user import RECORDER, OpenLoopUser
from loadtest.generator.till import Latest, Till

LATEST = Latest()

try:
    settings_here()
except BadSettings as error:
    # Locust would go on without a single request until its time is over.
    sys.exit(str(error))


class Traffic(OpenLoopUser):
    """The traffic mix."""

    def begin(self, arrival: Arrival) -> None:
        """One arrival, as its scenario says."""
        Till(arrival, self.settings, self.requests, RECORDER, LATEST).run(arrival.scenario)
