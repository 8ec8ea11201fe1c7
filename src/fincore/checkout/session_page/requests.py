"""What a request to the page says of its browser, and what its form holds."""

from typing import Final, Protocol, get_args
from urllib.parse import parse_qs, urlsplit

from fincore.checkout.session_page.body import METHOD_FIELD
from fincore.domain.checkout_session_events import SessionPaymentMethod

FORM_BYTES_MAX: Final = 1_024
FORM_FIELDS_MAX: Final = 8


class Headers(Protocol):
    """The headers of a request."""

    def header(self, name: bytes) -> str | None:
        """A header by its lower-case name."""
        ...


def is_customer_looking(method: str, headers: Headers) -> bool:
    """Whether a browser opens the page in a window of its own, so that a customer sees what follows.

    HEAD, a page fetched ahead, a frame, and what sends no `Sec-Fetch-...` at all, such as the preview of a link, are none.
    """
    is_ahead = any("prefetch" in (headers.header(name) or "") for name in (b"sec-purpose", b"purpose"))
    return (
        method == "GET"
        and not is_ahead
        and headers.header(b"sec-fetch-mode") == "navigate"
        and headers.header(b"sec-fetch-dest") == "document"
    )


def is_from_page(page: str, headers: Headers) -> bool:
    """Whether a form may have been sent by the page itself, as far as the browser says from where it came.

    The page tells browsers to send no referrer, so that they state its origin as `null`.
    """
    site = headers.header(b"sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.header(b"origin")
    parts = urlsplit(page)
    return origin in (None, "null", f"{parts.scheme}://{parts.netloc}")


def chosen_method(body: bytes) -> SessionPaymentMethod | None:
    """The payment method of a form; None for a body that names none of ours, or several."""
    try:
        fields = parse_qs(body.decode(), max_num_fields=FORM_FIELDS_MAX)
    except ValueError:
        return None
    chosen = fields.get(METHOD_FIELD, [])
    for method in get_args(SessionPaymentMethod):
        if chosen == [method]:
            return method  # type: ignore[no-any-return]  # an item of a Literal
    return None
