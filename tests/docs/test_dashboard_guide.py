"""The guide of the dashboard has each screen, with a picture."""

import re

from fixtures.dashboard_pictures import GUIDE, PICTURE_BYTES_MAX, picture_of
from fixtures.dashboard_screens import screens


def test_each_screen_has_its_part_and_picture_in_the_guide() -> None:
    shown = re.findall(r"^!\[[^\]]+\]\(\.\./images/dashboard/(\w+)\.jpg\)$", GUIDE.read_text(), re.MULTILINE)
    assert sorted(shown) == sorted(screens()), (
        "Add the screen to the guide, and take its picture: tests/browser/pictures.py."
    )


def test_pictures_are_there_and_small() -> None:
    kept = {path.stem: path.stat().st_size for path in picture_of("home").parent.iterdir()}
    assert sorted(kept) == sorted(screens()), "Take the pictures again: tests/browser/pictures.py."
    assert max(kept.values()) <= PICTURE_BYTES_MAX
