"""A problem as a customer's browser shows it: a page in their language in place of the JSON that programs read. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from fincore.checkout.page.document import heading, page, paragraph
from fincore.checkout.page.languages import Language, language_of
from fincore.http.asgi import HttpScope
from fincore.http.exchange import Response
from fincore.http.problems import PROBLEMS, Problem

OPEN_AGAIN_SECONDS_MIN: Final = 5
"""After how long the page opens itself again, at least, where the problem passes by itself."""


class _Texts(NamedTuple):
    """`away` is of a problem that passes by itself, `failed` of any other."""

    away_title: str
    away: str
    failed_title: str
    failed: str


_TEXTS: Final[Mapping[Language, _Texts]] = MappingProxyType(
    {
        "en": _Texts(
            "Not available at the moment",
            "This page cannot be shown at the moment. It tries again by itself. Do not pay a second time.",
            "That did not work",
            "Try again, or go back to the shop where you ordered.",
        ),
        "de": _Texts(
            "Im Moment nicht verfügbar",
            "Diese Seite kann im Moment nicht angezeigt werden. Sie versucht es von selbst erneut. Bezahlen Sie nicht ein zweites Mal.",
            "Das hat nicht funktioniert",
            "Versuchen Sie es erneut, oder gehen Sie zurück zum Shop, in dem Sie bestellt haben.",
        ),
        "fr": _Texts(
            "Indisponible pour le moment",
            "Cette page ne peut pas être affichée pour le moment. Elle réessaie d\u2019elle-même. Ne payez pas une seconde fois.",
            "Cela n\u2019a pas fonctionné",
            "Réessayez, ou retournez à la boutique où vous avez commandé.",
        ),
        "es": _Texts(
            "No disponible en este momento",
            "Esta página no se puede mostrar en este momento. Lo intenta de nuevo por sí sola. No pague otra vez.",
            "No ha funcionado",
            "Inténtelo de nuevo o vuelva a la tienda donde hizo el pedido.",
        ),
    }
)


def problem_page(scope: HttpScope, problem: Problem) -> Response | None:
    """The page about a problem, with its status and its headers; None for a program, which reads the problem itself."""
    if not _is_navigation(scope):
        return None
    language = language_of(_header_values(scope, b"accept-language"))
    texts, status = _TEXTS[language], PROBLEMS[problem.code].status
    waits = [int(value) for name, value in problem.headers if name == "retry-after"]
    if waits:
        title, body = texts.away_title, (heading(texts.away_title), paragraph(texts.away))
        again_seconds = max(OPEN_AGAIN_SECONDS_MIN, *waits)
        response = page(title, body, language, status=status, opens_again_seconds=again_seconds)
    else:
        title, body = texts.failed_title, (heading(texts.failed_title), paragraph(texts.failed))
        response = page(title, body, language, status=status)
    return Response(status, response.body, response.media_type, (*problem.headers, *response.headers))


def _is_navigation(scope: HttpScope) -> bool:
    """Whether a browser opens the address as a page. One that does not say so asks for HTML by name; programs do not."""
    modes = _header_values(scope, b"sec-fetch-mode")
    if modes:
        return modes == ["navigate"]
    return any("text/html" in accepted for accepted in _header_values(scope, b"accept"))


def _header_values(scope: HttpScope, wanted: bytes) -> Sequence[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
