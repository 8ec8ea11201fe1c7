"""`python -m demo.aws`: the demo over an emulator of AWS. It ends by itself, and says what each service held."""

import os
import signal
import sys
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from harness.failure import InstallationFailed

from demo.aws.emulator import Emulator
from demo.aws.look import COLUMNS, look
from demo.aws.processes import CREDENTIALS, AwsProcesses
from demo.aws.resources import make_resources
from demo.bound_start import end_with_starter
from demo.folder import fresh_folder
from demo.processes import DemoFailed
from demo.receiver import Receiver
from demo.scenes import invariants_hold, open_account, play, show_flaws
from demo.screen import Screen


def main() -> int:
    """Run it; 0 when every payment ended as expected, all records agree, every invariant holds, and each service was used as it should be."""
    # Both end the demo alike, and with it all that it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    end_with_starter()
    _forget_credentials()
    screen, receiver = Screen(), Receiver()
    receiver.start()
    try:
        with fresh_folder(Path("var").resolve()) as folder:
            return _with_emulator(screen, receiver, folder)
    except (DemoFailed, InstallationFailed, ClientError, BotoCoreError) as error:
        print(f"aws-local: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        receiver.stop()


def _forget_credentials() -> None:
    """Leave no way to an account of AWS to what is started."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(CREDENTIALS)


def _with_emulator(screen: Screen, receiver: Receiver, folder: Path) -> int:
    screen.heading("Starting the emulator of AWS, PostgreSQL, the PSP sandbox and FinCore's roles")
    started = time.monotonic()
    (folder / "logs").mkdir()
    emulator = Emulator(folder / "logs" / "aws.log")
    try:
        resources = make_resources(emulator)
        processes = AwsProcesses(folder, emulator, resources)
        try:
            processes.start_everything()
            shop = open_account(processes, receiver)
            screen.text(f"ready after {time.monotonic() - started:.1f} s; logs in {folder / 'logs'}")
            played = play(screen, processes, receiver, shop)
            screen.heading("What the services of AWS hold, by their emulator")
            held = look(emulator, processes, resources, played.event_ids)
            screen.rows(COLUMNS, [(one.service, one.figure, one.what) for one in held])
            wrong = [*played.wrong, *(flaw for one in held for flaw in one.flaws)]
            is_right = invariants_hold(screen, processes) and not wrong
            show_flaws(screen, wrong)
            return 0 if is_right else 1
        finally:
            screen.text("stopping")
            processes.stop()
    finally:
        emulator.stop()


if __name__ == "__main__":
    sys.exit(main())
