"""A whole page for a customer: its head with the style, one main part, and the headers that keep everything else out. Pure."""

from typing import Final

from fincore.checkout.page.files import LOOK_AGAIN, STYLE
from fincore.checkout.page.languages import Language
from fincore.checkout.page_policy import reported_policy
from fincore.http.exchange import Response
from fincore.http.html import Markup, document, element, text

HTML: Final = "text/html; charset=utf-8"
POLICY: Final = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
WAITING_POLICY: Final = f"{POLICY}; script-src 'self'; connect-src 'self'"
"""The policy of a page that waits: its script asks the server about the same page."""
RELOAD_SECONDS: Final = 2
"""After how long a page that waits opens itself anew in a browser without scripts."""
_HEADERS: Final = (("cross-origin-opener-policy", "same-origin"), ("vary", "origin, accept-language"))


def page(
    title: str,
    body: tuple[Markup, ...],
    language: Language,
    *,
    status: int = 200,
    leads_to: str | None = None,
    opens_again_seconds: int | None = None,
) -> Response:
    """A page without scripts. `leads_to` is opened at once, by the page itself; or its own address, after some seconds."""
    content = str(opens_again_seconds) if leads_to is None else f"0;url={leads_to}"
    on = () if leads_to is None and opens_again_seconds is None else (_refresh(content),)
    return Response(status, _html(title, body, language, on), HTML, _headers(language, POLICY))


def waiting_page(title: str, body: tuple[Markup, ...], language: Language) -> Response:
    """A page that opens itself anew once there is something else to see; its status is 202, by which its script knows it."""
    script = element("script", (("src", LOOK_AGAIN.path), ("integrity", LOOK_AGAIN.integrity), ("defer", "")))
    without_scripts = element("noscript", (), _refresh(str(RELOAD_SECONDS)))
    written = _html(title, body, language, (script, without_scripts))
    return Response(202, written, HTML, _headers(language, WAITING_POLICY))


def heading(said: str) -> Markup:
    """The one heading of a page."""
    return element("h1", (), text(said))


def paragraph(said: str, *attributes: tuple[str, str]) -> Markup:
    """A sentence or two."""
    return element("p", attributes, text(said))


def button_link(url: str, said: str) -> Markup:
    """A link that looks like a button."""
    return element("a", (("href", url), ("class", "button")), text(said))


def _refresh(content: str) -> Markup:
    return element("meta", (("http-equiv", "refresh"), ("content", content)))


def _headers(language: Language, policy: str) -> tuple[tuple[str, str], ...]:
    return (("content-language", language), *reported_policy(policy), *_HEADERS)


def _html(title: str, body: tuple[Markup, ...], language: Language, in_head: tuple[Markup, ...]) -> bytes:
    head = (
        element("meta", (("charset", "utf-8"),)),
        element("meta", (("name", "viewport"), ("content", "width=device-width, initial-scale=1"))),
        *in_head,
        element("title", (), text(title)),
        element("link", (("rel", "stylesheet"), ("href", STYLE.path), ("integrity", STYLE.integrity))),
    )
    return document(language=language, head=head, body=(element("main", (), *body),))
