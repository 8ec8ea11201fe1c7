"""A notice as text, as a page of HTML for mail, and as the body of a webhook. Pure."""

from collections.abc import Iterator
from html import escape
from typing import Final

import msgspec

from fincore.reconciliation.notification.notice import Notice

_ENCODER: Final = msgspec.json.Encoder()
_STYLE: Final = "font: 15px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 1.5rem auto; padding: 0 1rem"
_CODE: Final = "font-family: ui-monospace, monospace; background: rgba(127,127,127,.15); padding: .1em .4em; border-radius: 3px"
_MARK: Final = "border-left: 4px solid {colour}; padding: .1rem .8rem; margin: 1rem 0"


def notice_text(notice: Notice) -> str:
    """The notice for people, a line feed at its end."""
    return "\n".join(_lines(notice)) + "\n"


def _lines(notice: Notice) -> Iterator[str]:
    yield notice.subject
    if notice.findings:
        yield ""
        yield from (f"  ! {line}" for line in notice.findings)
    if notice.figures:
        yield ""
        width = max(len(one.name) for one in notice.figures)
        yield from (f"  {one.name:<{width}}  {one.value}" for one in notice.figures)
    if notice.next_steps:
        yield ""
        yield "What to do next:"
        yield from (f"  {line}" for line in notice.next_steps)


def notice_html(notice: Notice) -> str:
    """The notice as a page without a script, a link or a picture; mail readers keep only styles of elements."""
    return "\n".join(_page(notice)) + "\n"


def _page(notice: Notice) -> Iterator[str]:
    colour = "#b3261e" if notice.needs_person else "#1a7f37"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f'<title>{escape(notice.subject)}</title>\n</head>\n<body style="{_STYLE}">'
    yield f'<h1 style="font-size: 1.25rem">{escape(notice.subject)}</h1>'
    if notice.findings:
        yield f'<div style="{_MARK.format(colour=colour)}">'
        yield from (f'<p style="margin: .4rem 0">{escape(line)}</p>' for line in notice.findings)
        yield "</div>"
    if notice.figures:
        yield '<table style="border-collapse: collapse">'
        for one in notice.figures:
            yield (
                f'<tr><td style="padding: .2rem 1.5rem .2rem 0; opacity: .75">{escape(one.name)}</td>'
                f'<td style="padding: .2rem 0; text-align: right; font-variant-numeric: tabular-nums">{escape(one.value)}</td></tr>'
            )
        yield "</table>"
    if notice.next_steps:
        yield '<p style="margin: 1.2rem 0 .3rem">What to do next:</p>'
        yield from (
            f'<p style="margin: .3rem 0"><code style="{_CODE}">{escape(line)}</code></p>'
            for line in notice.next_steps
        )
    yield "</body>\n</html>"


def notice_body(notice: Notice) -> bytes:
    """`{"type", "timestamp", "data"}` of Standard Webhooks; `data.text` is what `notice_text` gives."""
    return _ENCODER.encode(
        {
            "type": f"reconciliation.{notice.kind}",
            "timestamp": notice.occurred_at,
            "data": {
                "notice_id": notice.notice_id,
                "about": notice.about,
                "subject": notice.subject,
                "needs_person": notice.needs_person,
                "findings": notice.findings,
                "figures": notice.figures,
                "next_steps": notice.next_steps,
                "text": notice_text(notice),
            },
        }
    )
