"""Where the queue keeps its tables is ours to say, not the environment's."""

import json
import os
import subprocess
import sys

from fincore.write.queue.pgqueuer_schema import SETTINGS

_PRINT = "from fincore.write.queue.pgqueuer_schema import SETTINGS; print(SETTINGS.model_dump_json())"


def test_pgqueuer_ignores_environment_variables() -> None:
    names = [name.upper() for name in type(SETTINGS).model_fields]
    strange = dict.fromkeys(names + [f"PGQUEUER_{name}" for name in names], "elsewhere")
    strange |= {
        "PGQUEUER_SCHEMA": "elsewhere",
        "PGQUEUER_DURABILITY": "volatile",
        "PGQUEUER_WIDEN_ID": "false",
    }
    strange |= {"DURABILITY": "volatile", "WIDEN_ID": "false"}
    finished = subprocess.run(
        [sys.executable, "-c", _PRINT], env=os.environ | strange, capture_output=True, check=True, text=True
    )
    assert json.loads(finished.stdout) == json.loads(SETTINGS.model_dump_json())


def test_every_setting_of_pgqueuer_is_given() -> None:
    assert SETTINGS.model_fields_set == set(type(SETTINGS).model_fields)
