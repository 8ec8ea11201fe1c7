"""The URL of a page on the merchant's site, as a request names it, and what may be wrong with one. Pure."""

import re
from typing import Annotated, Final

from msgspec import Meta

from fincore.write.payments.flaw import Flaw

CHARACTERS_MAX: Final = 2_048

_HOST: Final = (
    r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?)*"
)
_LOOPBACK: Final = r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])"
_PORT: Final = (
    r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"  # 1 to 65535
)
# What may follow the host by RFC 3986, less the fragment: a browser keeps it to itself, and PSPs append parameters.
_PATH_AND_QUERY: Final = r"(?:[/?][A-Za-z0-9\-._~!$&'()*+,;=:@/?%\[\]]*)?"
_PAGE_URL: Final = rf"^(?:https://{_HOST}|http://{_LOOPBACK})(?::{_PORT})?{_PATH_AND_QUERY}$"
_IS_PAGE_URL: Final = re.compile(_PAGE_URL.removeprefix("^").removesuffix("$"), re.ASCII)

PageUrl = Annotated[str, Meta(max_length=CHARACTERS_MAX, extra_json_schema={"pattern": _PAGE_URL})]


def page_url_flaw(param: str, sent: str) -> Flaw | None:
    """What is wrong with the URL of a page; its length is checked before."""
    if _IS_PAGE_URL.fullmatch(sent):
        return None
    return Flaw(
        code="field_invalid",
        param=param,
        detail=f"{param} must begin with https:// and a host name (or http:// and a loopback address), with a "
        "port up to 65535 if any, no user name and no fragment, and other characters percent-encoded.",
    )
