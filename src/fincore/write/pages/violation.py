"""A violation of a content security policy, without anything that a customer could be known by. Pure.

Browsers send one of two bodies: `application/csp-report` (CSP Level 2) holds one violation, `application/reports+json` (Reporting API)
a list of reports of any type. What they say is not to be trusted: each value becomes one of a few words, or an origin.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

from fincore.domain.card_number import holds_card_number

ReportFormat = Literal["application/csp-report", "application/reports+json"]

OTHER: Final = "(other)"
"""What stands for a page, a directive or a source that is none of those known."""
REPORTS_MAX: Final = 100
"""Reports of one body that are read; a browser keeps no more for a page."""
DIRECTIVES: Final = frozenset(
    [
        "base-uri",
        "child-src",
        "connect-src",
        "default-src",
        "font-src",
        "form-action",
        "frame-ancestors",
        "frame-src",
        "img-src",
        "manifest-src",
        "media-src",
        "object-src",
        "require-trusted-types-for",
        "script-src",
        "script-src-attr",
        "script-src-elem",
        "style-src",
        "style-src-attr",
        "style-src-elem",
        "trusted-types",
        "worker-src",
    ]
)
"""The directives of CSP Level 3 that browsers report, and those of Trusted Types."""

_SOURCE_WORDS: Final = frozenset(
    [
        "inline",
        "eval",
        "wasm-eval",
        "self",
        "data",
        "blob",
        "filesystem",
        "about",
        "trusted-types-policy",
        "trusted-types-sink",
    ]
)
_EXTENSIONS: Final = frozenset(
    ("chrome-extension", "moz-extension", "safari-extension", "safari-web-extension")
)
EXTENSION: Final = "extension"
"""A source of the customer's own browser, which says nothing about the page."""
_ORIGIN: Final = re.compile(
    r"(?:https?|wss?)://(?:[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII
)

SourceKind = Literal["inline", "eval", "extension", "origin", "other"]


class Violation(msgspec.Struct, frozen=True):
    """`page`: the path of the page with names in place of ids. `blocked`: what the page tried to use, a word or an origin."""

    page: str
    directive: str
    blocked: str

    @property
    def source_kind(self) -> SourceKind:
        """The kind of `blocked`."""
        match self.blocked:
            case "inline":
                return "inline"
            case "eval" | "wasm-eval":
                return "eval"
            case "extension":
                return "extension"
            case blocked:
                return "origin" if "://" in blocked else "other"


class Pages:
    """The pages of a server, by the templates of their paths; of another site none is known."""

    def __init__(self, templates: Sequence[str], *, public_url: str | None) -> None:
        self._templates = [tuple(template.strip("/").split("/")) for template in templates]
        self._public_url = public_url

    def named(self, url: str) -> str:
        """The template of the page at a URL; `OTHER` where it is none of these."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return OTHER
        if self._public_url is not None and f"{parts.scheme}://{parts.netloc}" != self._public_url:
            return OTHER
        segments = tuple(segment for segment in unquote(parts.path).split("/") if segment) or ("",)
        # Where a path fits several templates, the one with fewer names in it is meant, as for a request.
        fitting = [template for template in self._templates if _fits(template, segments)]
        if not fitting:
            return OTHER
        return "/" + "/".join(min(fitting, key=lambda template: sum(map(_is_name, template))))


class Reported(NamedTuple):
    """What a body reports. `unread` counts the reports of other types, and those beyond `REPORTS_MAX`."""

    violations: list[Violation]
    unread: int


def read_violations(media_type: ReportFormat, body: bytes, pages: Pages) -> Reported:
    """The violations that a body reports. Raises `ValueError` for a body of another form."""
    try:
        if media_type == "application/csp-report":
            return Reported([_of_level_2(_LEVEL_2.decode(body).report, pages)], 0)
        reports = _REPORTS.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("the body holds no reports") from error
    found = [report for report in reports[:REPORTS_MAX] if report.type == "csp-violation"]
    return Reported([_of_reporting_api(report, pages) for report in found], len(reports) - len(found))


class _Level2Report(msgspec.Struct, rename="kebab"):
    document_uri: Any = None
    effective_directive: Any = None
    violated_directive: Any = None
    blocked_uri: Any = None


class _Level2Body(msgspec.Struct):
    report: _Level2Report = msgspec.field(name="csp-report")


class _Report(msgspec.Struct):
    type: Any = None
    url: Any = None
    body: Any = None


_LEVEL_2: Final = msgspec.json.Decoder(_Level2Body)
_REPORTS: Final = msgspec.json.Decoder(list[_Report])


def _of_level_2(report: _Level2Report, pages: Pages) -> Violation:
    directive = report.effective_directive or report.violated_directive
    return _violation(pages, report.document_uri, directive, report.blocked_uri)


def _of_reporting_api(report: _Report, pages: Pages) -> Violation:
    body = report.body if isinstance(report.body, dict) else {}
    return _violation(
        pages, body.get("documentURL") or report.url, body.get("effectiveDirective"), body.get("blockedURL")
    )


def _violation(pages: Pages, page: object, directive: object, blocked: object) -> Violation:
    first_word = (_text(directive).split(maxsplit=1) or [""])[0]
    return Violation(
        page=pages.named(_text(page)),
        directive=first_word if first_word in DIRECTIVES else OTHER,
        blocked=_source(_text(blocked)),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _source(text: str) -> str:
    """The origin of a URL, or the word for what is no URL."""
    word = text.partition(":")[0].lower()
    if word in _EXTENSIONS:
        return EXTENSION
    if word in _SOURCE_WORDS:
        return word
    try:
        parts = urlsplit(text)
        host = parts.netloc.rpartition("@")[2].lower()
    except ValueError:
        return OTHER
    origin = f"{parts.scheme}://{host}"
    return origin if _ORIGIN.fullmatch(origin) and not holds_card_number(origin) else OTHER


def _fits(template: Sequence[str], segments: Sequence[str]) -> bool:
    return len(template) == len(segments) and all(
        _is_name(part) or part == segment for part, segment in zip(template, segments, strict=True)
    )


def _is_name(part: str) -> bool:
    return part.startswith("{")
