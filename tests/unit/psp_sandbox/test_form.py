"""Bracketed form bodies, read as Stripe reads them."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psp_sandbox.form import MAX_FIELDS, MalformedForm, decode


@pytest.mark.parametrize(
    ("body", "tree"),
    [
        (b"", {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a", {"a": ""}),
        (b"a=1=2", {"a": "1=2"}),
        (b"a=1&&b=2&", {"a": "1", "b": "2"}),
        (b"a=one+two%26three", {"a": "one two&three"}),
        (b"a[b]=1", {"a": {"b": "1"}}),
        (b"a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        (b"a%5Bb%5D=1", {"a": {"b": "1"}}),
        (b"a[]=x&a[]=y", {"a": ["x", "y"]}),
        (b"a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        (b"a[10]=k&a[9]=j", {"a": ["j", "k"]}),
        (b"a[b][0]=c", {"a": {"b": ["c"]}}),
        (b"a[0][b]=1&a[1][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
        (b"a[0]=x&a[b]=y", {"a": {"0": "x", "b": "y"}}),
        (b"metadata[0]=x", {"metadata": {"0": "x"}}),
        ("a=ü".encode(), {"a": "ü"}),
        (b"a=%C3%BC", {"a": "ü"}),
    ],
)
def test_a_body_becomes_nested_data(body: bytes, tree: Any) -> None:
    assert decode(body) == tree


@pytest.mark.parametrize(
    ("body", "trace"),
    [
        (b"\xff=1", "UTF-8"),
        (b"a[b=1", "Invalid parameter name: a[b"),
        (b"[a]=1", "Invalid parameter name: [a]"),
        (b"a=1&a[b]=2", "both as a value and as a hash: a"),
        (b"a[b]=1&a[b][c]=2", "both as a value and as a hash: a"),
        (b"a" + b"[b]" * 8 + b"=1", "nested too deeply"),
        (b"&".join(b"a=1" for _ in range(MAX_FIELDS + 1)), f"more than {MAX_FIELDS} fields"),
    ],
)
def test_a_body_that_is_no_form_is_refused(body: bytes, trace: str) -> None:
    with pytest.raises(MalformedForm) as refused:
        decode(body)
    assert trace in str(refused.value)


NAMES = st.text("abcxyz", min_size=1, max_size=5)
TREES = st.dictionaries(
    NAMES,
    st.recursive(
        st.text(max_size=8),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
)


def flattened(tree: Any, name: str) -> list[tuple[str, str]]:
    if isinstance(tree, str):
        return [(name, tree)]
    children = enumerate(tree) if isinstance(tree, list) else tree.items()
    return [pair for step, child in children for pair in flattened(child, f"{name}[{step}]")]


@settings(deadline=None)
@given(TREES)
def test_encoded_form_decodes_to_the_same_tree(tree: dict[str, Any]) -> None:
    pairs = [pair for name, child in tree.items() for pair in flattened(child, name)]
    assert decode(urlencode(pairs).encode()) == tree


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        decode(body)
    except MalformedForm as refusal:
        assert str(refusal)  # noqa: PT017 - both ends are fine, anything else is not
