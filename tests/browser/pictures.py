"""Takes the pictures of `docs/guides/dashboard.md`, each of a screen of a real installation: `pytest -n 0 tests/browser/pictures.py`.

Times and ids are those of the run: take the pictures again after a screen has changed, and look at them.
"""

from collections.abc import Iterator

import pytest

from fixtures.browser import chromium
from fixtures.dashboard import Dashboard, visitor
from fixtures.dashboard_pictures import HEIGHT, PICTURE_BYTES_MAX, WIDTH, picture_of
from fixtures.dashboard_screens import GROUPS, open_screen, screens
from fixtures.furnished import furnished_dashboard

pytestmark = pytest.mark.timeout(1_800)

QUALITIES = (80, 65, 50, 35, 25)


@pytest.fixture
def dashboard() -> Iterator[Dashboard]:
    with furnished_dashboard() as started:
        yield started


def test_each_screen_has_its_picture_taken(dashboard: Dashboard) -> None:
    with chromium() as browser, visitor(browser, width=WIDTH) as context:
        page = context.new_page()
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        dashboard.log_in(*GROUPS)
        for name, path in screens().items():
            open_screen(dashboard, page, path)
            page.wait_for_timeout(300)
            pictures = (page.screenshot(type="jpeg", quality=quality) for quality in QUALITIES)
            small = next(picture for picture in pictures if len(picture) <= PICTURE_BYTES_MAX)
            picture_of(name).parent.mkdir(exist_ok=True)
            picture_of(name).write_bytes(small)
