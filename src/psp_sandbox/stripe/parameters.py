"""Request parameters, read by kind: a form's text becomes the fields of a parameter struct, or a refusal by name."""

import re
from typing import TypeVar

import msgspec

from psp_sandbox.form import MalformedForm, decode
from psp_sandbox.messages import Request
from psp_sandbox.stripe.errors import Refusal, invalid_request
from psp_sandbox.stripe.wire import Metadata

P = TypeVar("P", bound=msgspec.Struct)

MAX_METADATA_KEYS = 50
MAX_METADATA_KEY_CHARS = 40
MAX_METADATA_VALUE_CHARS = 500

_MISSING = re.compile(r"Object missing required field `(\w+)`(?: - at `\$\.?(.*)`)?")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+?)`(?: - at `\$\.?(.*)`)?$", re.DOTALL)
_WRONG_KIND = re.compile(r"(?:Expected|Invalid).*?(?:`(\w+)[^`]*`.*?)? - at `\$\.?(.*)`$", re.DOTALL)


class Expandable(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """Nothing but `expand`, which every request may say."""

    expand: list[str] = []


def read(request: Request, shape: type[P]) -> P:
    """The parameters of a request: the query of a GET, the form body of any other method.

    Raises Refusal (400 invalid_request_error, `param` names the field): unknown, missing or of another kind.
    """
    source = request.query if request.method == "GET" else request.body
    try:
        return msgspec.convert(decode(source), shape, strict=False)
    except MalformedForm as error:
        raise invalid_request(str(error)) from error
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error


def checked_metadata(metadata: Metadata | str) -> Metadata:
    """Metadata within Stripe's limits; an empty text or value unsets. Raises Refusal."""
    if isinstance(metadata, str):
        if metadata:
            raise invalid_request("Invalid hash", param="metadata", code="parameter_invalid_empty")
        return {}
    if len(metadata) > MAX_METADATA_KEYS:
        raise invalid_request(f"You can specify up to {MAX_METADATA_KEYS} keys.", param="metadata")
    for key, value in metadata.items():
        if len(key) > MAX_METADATA_KEY_CHARS:
            message = f"Metadata keys must be at most {MAX_METADATA_KEY_CHARS} characters."
            raise invalid_request(message, param=f"metadata[{key[:MAX_METADATA_KEY_CHARS]}]")
        if len(value) > MAX_METADATA_VALUE_CHARS:
            message = f"Metadata values must be at most {MAX_METADATA_VALUE_CHARS} characters."
            raise invalid_request(message, param=f"metadata[{key}]")
    return {key: value for key, value in metadata.items() if value}


def changed_metadata(metadata: Metadata, given: Metadata | str | None) -> Metadata:
    """Metadata after an update: given pairs are added, empty ones removed, an empty text removes all. Raises Refusal."""
    if not given:
        return metadata if given is None else {}
    added = checked_metadata(given)
    removed = set(given) - added.keys()
    return {key: value for key, value in (metadata | added).items() if key not in removed}


def _refusal(message: str) -> Refusal:
    """The refusal for a message of msgspec, which names the field nowhere else."""
    if found := _MISSING.match(message):
        param = _bracketed(found[2], found[1])
        return invalid_request(f"Missing required param: {param}.", param=param, code="parameter_missing")
    if found := _UNKNOWN.match(message):
        param = _bracketed(found[2], found[1])
        return invalid_request(f"Received unknown parameter: {param}", param=param, code="parameter_unknown")
    if found := _WRONG_KIND.match(message):
        param = _bracketed(found[2], "")
        kind = {"int": "integer", "bool": "boolean", "array": "array", "object": "object"}.get(found[1] or "")
        code = "parameter_invalid_integer" if kind == "integer" else None
        return invalid_request(f"Invalid {kind or 'value'}: {param}", param=param, code=code)
    return invalid_request("The parameters could not be read.")


def _bracketed(path: str | None, leaf: str) -> str:
    """`card.exp_month` becomes `card[exp_month]`; an item of a list or of metadata keeps its brackets."""
    steps = [step for step in re.split(r"[.\[\]]+", path or "") if step and step != "..."]
    if leaf:
        steps.append(leaf)
    return "".join([steps[0], *(f"[{step}]" for step in steps[1:])]) if steps else ""
