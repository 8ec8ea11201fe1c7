"""Stripe's dialect of form bodies and query strings: `{"a": {"b": ["c"]}}` becomes `a[b][0]=c`."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote_plus

FormValue = str | int | bool | None | dict[str, "FormValue"] | list["FormValue"]
Form = dict[str, FormValue]

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.\-\[\]]*", re.ASCII)
"""Sent as it is: most names and ids, so that they need no percent-encoding. Stripe's own SDK leaves brackets too."""


def encode_form(form: Form) -> str:
    """The form, percent-encoded. What is None is left out; an empty text is kept, and tells Stripe to unset."""
    return "&".join([pair for name, value in form.items() for pair in _pairs(name, value)])


def _pairs(name: str, value: FormValue) -> Iterator[str]:
    match value:
        case None:
            return
        case str():
            yield f"{_quoted(name)}={_quoted(value)}"
        case bool():
            yield f"{_quoted(name)}={'true' if value else 'false'}"
        case int():
            yield f"{_quoted(name)}={value}"
        case dict():
            for key, inner in value.items():
                yield from _pairs(f"{name}[{key}]", inner)
        case _:
            for index, inner in enumerate(value):
                yield from _pairs(f"{name}[{index}]", inner)


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote_plus(text)
