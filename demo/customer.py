"""The customer at the bank's page (3-D Secure): opens it and presses a button, as a person in a browser would."""

from typing import Final

import aiohttp

from demo.payments import CustomerAct
from demo.processes import DemoFailed

RETURN_URL: Final = "https://shop.example/thanks"
"""Where the shop wants its customers back; no browser follows it here."""

_SEE_OTHER: Final = 303


async def authenticate(session: aiohttp.ClientSession, page_url: str, act: CustomerAct) -> None:
    """Open the page, press a button of its form, and be sent back to the shop. Raise `DemoFailed` for another page."""
    async with session.get(page_url) as page:
        form = await page.text()
    if f'value="{act}"' not in form:
        raise DemoFailed(f"the page at {page_url} has no button {act}: {form[:200]}")
    async with session.post(page_url, data={"action": act}, allow_redirects=False) as answer:
        location = answer.headers.get("Location", "")
        if answer.status != _SEE_OTHER or not location.startswith(RETURN_URL):
            raise DemoFailed(f"the bank's page answered {answer.status} and led to {location or 'nowhere'}")
