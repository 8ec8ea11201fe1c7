"""What acts are called: the dashboard has a text for each name that the back end writes, in both languages."""

import re
from pathlib import Path
from typing import get_args

from fincore.write.staff.act_names import ActName

NAMES = Path(__file__).parents[3] / "web/dashboard/src/screens/audit_trail/names.ts"


def test_each_act_has_a_text_in_both_languages() -> None:
    actions = NAMES.read_text(encoding="utf-8").partition("export const OBJECTS")[0]
    english, german = (
        set(re.findall(r"^    (\w+):", part, re.MULTILINE)) for part in actions.split("  },\n  {")
    )
    assert english == german == set(get_args(ActName))
