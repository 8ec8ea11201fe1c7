"""What a customer sees at every address that FinCore has not given out. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from fincore.checkout.page.document import heading, page, paragraph
from fincore.checkout.page.languages import Language, language_of
from fincore.http.exchange import Response

_TEXTS: Final[Mapping[Language, tuple[str, str]]] = MappingProxyType(
    {
        "en": ("Page not found", "Check the address, or go back to the shop and begin to pay again."),
        "de": (
            "Seite nicht gefunden",
            "Prüfen Sie die Adresse, oder gehen Sie zurück zum Shop, um die Zahlung erneut zu beginnen.",
        ),
        "fr": (
            "Page introuvable",
            "Vérifiez l\u2019adresse, ou retournez à la boutique pour recommencer le paiement.",
        ),
        "es": (
            "Página no encontrada",
            "Compruebe la dirección, o vuelva a la tienda para empezar el pago de nuevo.",
        ),
    }
)


def unknown_page(accept_language: Sequence[str]) -> Response:
    """The page, with status 404, in the language that the browser asks for."""
    language = language_of(accept_language)
    title, sentence = _TEXTS[language]
    return page(title, (heading(title), paragraph(sentence)), language, status=404)
