"""The generator as a zip for AWS Distributed Load Testing: `locustfile.py` and `locust.conf` at its root, the package and `load.json` beside them."""

import json
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from loadtest.generator.load_settings import LoadSettings

HERE: Final = Path(__file__).parent
CONF: Final = "headless = true\nonly-summary = true\nloglevel = WARNING\nstop-timeout = 60\n"
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
"""Of every file, so that the same settings make the same bytes."""


def write_bundle(file: Path, settings: LoadSettings, *, with_key: bool) -> list[str]:
    """Write the zip; the names in it. `with_key`: the key of test mode is in `load.json`, readable to all who can read the zip."""
    sent = replace(settings, records_file=None, workers=1, staff_token_file=None, staff_url=None)
    told = asdict(sent if with_key else replace(sent, api_key=""))
    contents = {
        "locustfile.py": (HERE / "locustfile.py").read_text(),
        "locust.conf": CONF,
        "load.json": json.dumps(told, indent=1),
        "loadtest/__init__.py": (HERE / "__init__.py").read_text(),
        **{
            f"loadtest/generator/{path.name}": path.read_text()
            for path in sorted((HERE / "generator").glob("*.py"))
        },
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in contents.items():
            bundle.writestr(zipfile.ZipInfo(name, _MOMENT), content, zipfile.ZIP_DEFLATED)
    return list(contents)
