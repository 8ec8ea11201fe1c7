"""`python -m demo.until_eof MODULE ...`: run a module as a program until it ends or its standard input does, as it does where its starter is killed."""

import os
import runpy
import signal
import sys
import threading


def _end_with_input() -> None:
    while os.read(0, 4_096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run it in this process."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
