"""The customer at the bank's page (3-D Secure) or at PayPal's: opens it and presses a button, as a person in a browser would."""

import asyncio
from typing import Final

import aiohttp

from demo.payments import CustomerAct
from demo.processes import DemoFailed

RETURN_URL: Final = "https://shop.example/thanks"
"""Where the shop wants its customers back; no browser follows it here."""
CANCEL_URL: Final = "https://shop.example/cart"
"""Where the shop wants the customers who did not approve."""
EMAIL: Final = "ada@example.com"
READING_SECONDS: Final = 1.1
"""How long the customer looks at PayPal's page: PayPal tells one approval from the next by the second."""
REDIRECTS_MAX: Final = 3

_SEE_OTHER: Final = 303


async def act_on_page(session: aiohttp.ClientSession, page_url: str, act: CustomerAct) -> None:
    """Open the page, press a button of its form, and be sent back to the shop. Raise `DemoFailed` for another page."""
    async with session.get(page_url) as page:
        form = await page.text()
    if f'value="{act}"' not in form:
        raise DemoFailed(f"the page at {page_url} has no button {act}: {form[:200]}")
    fields: dict[str, str] = {"action": act}
    if 'name="funding"' in form:
        await asyncio.sleep(READING_SECONDS)
        fields |= {"email": EMAIL, "funding": "completes"}
    async with session.post(page_url, data=fields, allow_redirects=False) as answer:
        status, location = answer.status, answer.headers.get("Location", "")
    for _ in range(REDIRECTS_MAX):
        if status != _SEE_OTHER or not location.startswith("http://127.0.0.1:"):
            break
        # FinCore has the customer back first, and sends them on to the shop.
        async with session.get(location, allow_redirects=False) as answer:
            status, location = answer.status, answer.headers.get("Location", "")
    if status != _SEE_OTHER or not location.startswith((RETURN_URL, CANCEL_URL)):
        raise DemoFailed(f"the page answered {status} and led to {location or 'nowhere'}")
