"""Stripe's dialect of form bodies and query strings: `{"a": {"b": ["c"]}}` becomes `a[b][0]=c`."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

FormValue = str | int | bool | None | Mapping[str, "FormValue"] | Sequence["FormValue"]
Form = Mapping[str, FormValue]


def encode_form(form: Form) -> str:
    """The form, percent-encoded. What is None is left out; an empty text is kept, and tells Stripe to unset."""
    return urlencode([pair for name, value in form.items() for pair in _pairs(name, value)])


def _pairs(name: str, value: FormValue) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            return
        case str():
            yield name, value
        case bool():
            yield name, "true" if value else "false"
        case int():
            yield name, str(value)
        case Mapping():
            for key, inner in value.items():
                yield from _pairs(f"{name}[{key}]", inner)
        case _:
            for index, inner in enumerate(value):
                yield from _pairs(f"{name}[{index}]", inner)
