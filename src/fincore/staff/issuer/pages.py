"""The pages of the login: forms without scripts, and the headers that keep everything else out. Pure."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256, sha384
from importlib.resources import files
from typing import Final

from fincore.http.exchange import Response
from fincore.http.html import Markup, document, element, text
from fincore.http.languages import asked_language
from fincore.staff.issuer.client import ISSUER_PATH
from fincore.staff.issuer.texts import DEFAULT, LANGUAGES, TEXTS, Language, Texts
from fincore.write.staff.passwords import CHARACTERS_MAX, CHARACTERS_MIN

HTML: Final = "text/html; charset=utf-8"
STYLE: Final = (files(__package__) / "style.css").read_bytes()
STYLE_PATH: Final = f"{ISSUER_PATH}/style-{sha256(STYLE).hexdigest()[:16]}.css"
_STYLE_INTEGRITY: Final = f"sha384-{b64encode(sha384(STYLE).digest()).decode()}"
_USERNAME_CHARACTERS_MAX: Final = 255

POLICY: Final = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""A form may lead to this server alone, also by a redirect: the dashboard is on it, too."""


def texts_for(accept_language: Sequence[str]) -> tuple[Language, Texts]:
    """The texts in the language that a browser asks for."""
    language = asked_language(accept_language, LANGUAGES, DEFAULT)
    return language, TEXTS[language]


def login_page(
    accept_language: Sequence[str],
    fields: Mapping[str, str],
    *,
    status: int = 200,
    username: str = "",
    said: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Response:
    """The form for name and password; `fields` are what the client asked for, `said` is what went wrong."""
    language, texts = texts_for(accept_language)
    name = element(
        "input",
        (
            ("id", "username"),
            ("name", "username"),
            ("value", username[:_USERNAME_CHARACTERS_MAX]),
            ("autocomplete", "username"),
            ("autocapitalize", "none"),
            ("spellcheck", "false"),
            ("maxlength", str(_USERNAME_CHARACTERS_MAX)),
            ("required", ""),
            *((("autofocus", ""),) if not username else ()),
        ),
    )
    password = _password_field("password", "current-password", is_first=bool(username))
    form = element(
        "form",
        (("method", "post"), ("action", f"{ISSUER_PATH}/login")),
        *_hidden(fields),
        _labelled("username", texts.username, name),
        _labelled("password", texts.password, password),
        _button(texts.log_in),
    )
    hint = element(
        "details",
        (),
        element("summary", (), text(texts.help_title)),
        element("p", (), text(texts.help_text)),
    )
    body = (_heading(texts.title), _lead(texts.lead), *_notice(said), form, hint)
    return _page(texts.title, body, language, status=status, headers=headers)


def choose_page(
    accept_language: Sequence[str], fields: Mapping[str, str], *, status: int = 200, said: str | None = None
) -> Response:
    """The form for a new password; `fields` hold the ticket and what the client asked for."""
    language, texts = texts_for(accept_language)
    form = element(
        "form",
        (("method", "post"), ("action", f"{ISSUER_PATH}/password")),
        *_hidden(fields),
        _labelled(
            "new_password",
            texts.new_password,
            _password_field("new_password", "new-password", is_first=True, is_new=True),
        ),
        _labelled(
            "repeated", texts.repeat_password, _password_field("repeated", "new-password", is_new=True)
        ),
        _button(texts.keep),
    )
    body = (_heading(texts.choose_title), _lead(texts.choose_lead), *_notice(said), form)
    return _page(texts.choose_title, body, language, status=status)


def wrong_client_page(accept_language: Sequence[str]) -> Response:
    """What a person sees who comes with an address that is not of the dashboard: nothing is sent there."""
    language, texts = texts_for(accept_language)
    body = (_heading(texts.wrong_client_title), _lead(texts.wrong_client))
    return _page(texts.wrong_client_title, body, language, status=400)


def _page(
    title: str,
    body: tuple[Markup, ...],
    language: Language,
    *,
    status: int,
    headers: tuple[tuple[str, str], ...] = (),
) -> Response:
    head = (
        element("meta", (("charset", "utf-8"),)),
        element("meta", (("name", "viewport"), ("content", "width=device-width, initial-scale=1"))),
        element("title", (), text(title)),
        element("link", (("rel", "stylesheet"), ("href", STYLE_PATH), ("integrity", _STYLE_INTEGRITY))),
    )
    mark = element("p", (("class", "mark"),), text("FinCore"))
    page = document(language=language, head=head, body=(element("main", (), mark, *body),))
    policy = (
        ("content-language", language),
        ("content-security-policy", POLICY),
        # Under `no-referrer` a browser posts a form with `Origin: null`, and the server could not tell it from one of another site.
        ("referrer-policy", "same-origin"),
        ("vary", "accept-language"),
    )
    return Response(status, page, HTML, (*policy, *headers))


def _heading(said: str) -> Markup:
    return element("h1", (), text(said))


def _lead(said: str) -> Markup:
    return element("p", (("class", "lead"),), text(said))


def _notice(said: str | None) -> tuple[Markup, ...]:
    return () if said is None else (element("p", (("class", "notice"), ("role", "alert")), text(said)),)


def _labelled(field: str, label: str, control: Markup) -> Markup:
    return element("p", (("class", "field"),), element("label", (("for", field),), text(label)), control)


def _password_field(name: str, autocomplete: str, *, is_first: bool = False, is_new: bool = False) -> Markup:
    bounds = (("minlength", str(CHARACTERS_MIN)), ("maxlength", str(CHARACTERS_MAX))) if is_new else ()
    return element(
        "input",
        (
            ("type", "password"),
            ("id", name),
            ("name", name),
            ("autocomplete", autocomplete),
            ("required", ""),
            *bounds,
            *((("autofocus", ""),) if is_first else ()),
        ),
    )


def _hidden(fields: Mapping[str, str]) -> tuple[Markup, ...]:
    return tuple(
        element("input", (("type", "hidden"), ("name", name), ("value", value)))
        for name, value in fields.items()
    )


def _button(said: str) -> Markup:
    return element("button", (("type", "submit"),), text(said))
