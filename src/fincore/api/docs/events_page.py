"""/docs/events: what each type of event means, as a page to read. Pure."""

from fincore.api.docs.page import Contents, html_page, prose, table
from fincore.domain.events import EventType
from fincore.domain.public_event import MEANINGS, SHOWN
from fincore.domain.public_session_event import SESSION_FIELDS, SESSION_MEANINGS, ToldSessionEventType


def events_page() -> str:
    """The page: one row for each type, by family."""
    by_family: dict[str, list[EventType]] = {}
    for event in SHOWN:
        by_family.setdefault(event.partition(".")[0].title(), []).append(event)
    introduction = (
        "<p>What happens to charges and checkout sessions: in webhooks and in <code>GET /v1/events</code>; events of a charge "
        "also in its <code>timeline</code>. Webhooks and lists of events also say which charge or session an event is about; "
        'every event says when it happened. <a href="/docs#EventData">EventData</a> explains the fields.</p>'
    )
    parts = [introduction]
    contents = []
    for family, events in by_family.items():
        parts.append(
            f'<section id="{family}"><h2>{family} events</h2>'
            + table(("type", "meaning", "in its data"), map(_event_row, events))
            + "</section>"
        )
        contents.append(Contents(f"{family} events", tuple((event, event) for event in events)))
    family = "Checkout session"
    parts.append(
        f'<section id="{family}"><h2>{family} events</h2>'
        + table(("type", "meaning", "in its data"), map(_session_event_row, SESSION_MEANINGS))
        + "</section>"
    )
    contents.append(Contents(f"{family} events", tuple((event, event) for event in SESSION_MEANINGS)))
    return html_page("Events", "".join(parts), contents)


def _session_event_row(event: ToldSessionEventType) -> str:
    fields = " ".join(f"<code>{field}</code>" for field in SESSION_FIELDS)
    meaning = prose(SESSION_MEANINGS[event])
    return f'<tr id="{event}"><td><code>{event}</code></td><td>{meaning}</td><td>{fields}</td></tr>'


def _event_row(event: EventType) -> str:
    fields = " ".join(f"<code>{field}</code>" for field in SHOWN[event])
    return f'<tr id="{event}"><td><code>{event}</code></td><td>{prose(MEANINGS[event])}</td><td>{fields}</td></tr>'
