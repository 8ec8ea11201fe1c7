"""Forms that browsers and clients post, and the cookie of a session."""

from typing import Final
from urllib.parse import parse_qsl

from fincore.http.exchange import Call
from fincore.http.problems import Problem

FORM: Final = "application/x-www-form-urlencoded"
FORM_BYTES_MAX: Final = 16_384
FIELDS_MAX: Final = 30
ISSUER_COOKIE_PATH: Final = "/issuer"


async def read_form(call: Call) -> dict[str, str]:
    """The fields of a posted form, each once. Raises `media_type_unsupported`, `field_repeated`, `field_invalid` and those of a body."""
    media_type = (call.header(b"content-type") or "").partition(";")[0].strip().lower()
    if media_type != FORM:
        raise Problem("media_type_unsupported", f"Send a form ({FORM}).", param="Content-Type")
    return fields_of((await call.body(bytes_max=FORM_BYTES_MAX)).decode("latin-1"))


def fields_of(encoded: str) -> dict[str, str]:
    """The fields of a form or a query, each once. Raises `field_repeated` and `field_invalid`."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        raise Problem(
            "field_invalid", f"Send at most {FIELDS_MAX} fields, percent-encoded as UTF-8."
        ) from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise Problem("field_repeated")
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise Problem("text_not_storable")
    return fields


def require_own_page(call: Call, origin: str) -> None:
    """Raise `origin_not_registered` for a form of another site: `Origin` must be ours (Fetch, 3.1), as every browser sends it with a POST."""
    if call.header(b"origin") != origin:
        raise Problem(
            "origin_not_registered", "Send this form from the page of the login itself.", param="Origin"
        )


class SessionCookie:
    """The cookie that holds the secret of a session: no script reads it, and no other site makes a browser send it."""

    def __init__(self, *, is_https: bool) -> None:
        # Over plain HTTP, on this machine alone, not every browser takes a cookie with `Secure`, which the prefix asks for.
        self._name: Final = "__Secure-fincore_staff" if is_https else "fincore_staff"
        self._attributes: Final = (
            f"Path={ISSUER_COOKIE_PATH}; HttpOnly; SameSite=Strict{'; Secure' if is_https else ''}"
        )

    def secret_in(self, call: Call) -> str | None:
        """The secret that a browser shows; None without one."""
        for header in call.header_values(b"cookie"):
            for part in header.split(";"):
                name, _, value = part.strip().partition("=")
                if name == self._name and value:
                    return value
        return None

    def setting(self, secret: str) -> tuple[str, str]:
        """The header that gives a browser the secret until it is closed; the server ends the session sooner."""
        return ("set-cookie", f"{self._name}={secret}; {self._attributes}")

    def forgetting(self) -> tuple[str, str]:
        """The header that takes it away."""
        return ("set-cookie", f"{self._name}=; {self._attributes}; Max-Age=0")
