"""Form bodies with bracketed keys, as Stripe reads them: `a[b][0]=c` becomes `{"a": {"b": ["c"]}}`."""

from urllib.parse import unquote_plus

MAX_FIELDS = 1_000
MAX_DEPTH = 8
MAPS = frozenset({"metadata"})
"""Hashes with the caller's own keys, so that digits among them do not make a list."""

Tree = str | dict[str, "Tree"] | list["Tree"]


class MalformedForm(ValueError):
    """The body is not a form this dialect can read; the message says which field and why."""


def decode(body: bytes) -> dict[str, Tree]:
    """Nested data of a form body or a query string. Leaves stay text; their kind is the endpoint's business.

    Raises MalformedForm: not UTF-8, too many fields, too deep, or one name used both as a value and as a hash.
    """
    if not body:
        return {}
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedForm("The request body is not valid UTF-8.") from error
    pairs = text.split("&")
    if len(pairs) > MAX_FIELDS:
        raise MalformedForm(f"The request has more than {MAX_FIELDS} fields.")
    root: dict[str, Tree] = {}
    for pair in pairs:
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = unquote_plus(name), unquote_plus(value)
        if "[" not in name:
            root[name] = value
        else:
            _place(root, _path(name), value)
    for name, tree in root.items():
        if tree.__class__ is dict and name not in MAPS:
            root[name] = _listed(tree)
    return root


def _path(name: str) -> list[str]:
    head, _, rest = name.partition("[")
    if not head or not rest.endswith("]"):
        raise MalformedForm(f"Invalid parameter name: {name}")
    path = [head, *rest[:-1].split("][")]
    if len(path) > MAX_DEPTH:
        raise MalformedForm(f"Parameter nested too deeply: {name}")
    return path


def _place(root: dict[str, Tree], path: list[str], value: str) -> None:
    node = root
    for step in path[:-1]:
        child = node.setdefault(step, {})
        if not isinstance(child, dict):
            raise MalformedForm(f"Parameter used both as a value and as a hash: {path[0]}")
        node = child
    # `a[]=x` appends: each one takes the next free index.
    last = path[-1] or str(len(node))
    node[last] = value


def _listed(tree: Tree) -> Tree:
    if not isinstance(tree, dict):
        return tree
    children = {name: _listed(child) for name, child in tree.items()}
    if children and all(name.isdigit() for name in children):
        return [children[name] for name in sorted(children, key=int)]
    return children
