"""docs/staff-openapi.json: the OpenAPI document of `/staff/v1`, from which the types of the dashboard are made.

`.venv/bin/python tests/docs/staff_openapi.py` writes it anew after the code has changed.
"""

import json
import sys
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2]
DOCUMENT: Final = PROJECT / "docs/staff-openapi.json"


def document_text() -> str:
    """The document as the file holds it."""
    sys.path.insert(0, str(PROJECT / "tests"))
    from fincore.bootstrap.staff_application import staff_document  # noqa: PLC0415 -- beside the next one
    from fixtures.staff_routes import staff_routes  # noqa: PLC0415 -- found by the path that was added

    return json.dumps(staff_document(staff_routes()), indent=1, sort_keys=False, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document_text())
