"""From a path to its endpoint, by one look-up for each segment; a problem for a path or a host that is none."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from fincore.domain.ids import new_request_id
from fincore.http.asgi import HttpScope, Receive, Send
from fincore.http.endpoint import NO_STORE, Endpoint, problem_response, send_response
from fincore.http.problems import Problem

_HOST: Final = re.compile(rb"[0-9A-Za-z!$&'()*+,;=\-._~:\[\]@%]*")
"""The characters that a host and a port are made of (RFC 3986, 3.2)."""
_PARAMETER: Final = re.compile(r"\{(\w+)\}")


class Found(NamedTuple):
    """An endpoint, the path without empty segments, and the values of the path's parameters by name."""

    endpoint: Endpoint
    path: str
    parameters: Mapping[str, str]


class _Node:
    """What may follow a part of a path: fixed segments, else any one segment as a parameter."""

    __slots__ = ("any_segment", "endpoint", "names", "segments")

    def __init__(self) -> None:
        self.segments: dict[str, _Node] = {}
        self.any_segment: _Node | None = None
        self.endpoint: Endpoint | None = None
        self.names: tuple[str, ...] = ()


class Router:
    """All endpoints by path, as an ASGI application.

    Empty segments do not count: `//v1/charges/` is `/v1/charges`. A fixed segment goes before a parameter.
    """

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._root = _Node()
        self._plain: dict[str, Found] = {}
        for path, endpoint in endpoints.items():
            self._add(path, endpoint)

    async def __call__(self, scope: HttpScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not _names_a_host(scope):
            detail = "Send one Host header that names a host."
            await _refuse(send, Problem("header_invalid", detail, param="Host"))
            return
        found = self.find(scope["path"])
        if found is None:
            await _refuse(send, Problem("route_not_found"))
            return
        await found.endpoint(scope, receive, send, path=found.path, parameters=found.parameters)

    def find(self, path: str) -> Found | None:
        """The endpoint of a percent-decoded path; None where there is none."""
        plain = self._plain.get(path)
        if plain is not None:
            return plain
        segments = [segment for segment in path.split("/") if segment]
        node = self._root
        values: list[str] = []
        for segment in segments:
            following = node.segments.get(segment)
            if following is None:
                following = node.any_segment
                if following is None:
                    return None
                values.append(segment)
            node = following
        if node.endpoint is None:
            return None
        parameters = dict(zip(node.names, values, strict=True))
        return Found(node.endpoint, "/" + "/".join(segments), parameters)

    def _add(self, path: str, endpoint: Endpoint) -> None:
        names: list[str] = []
        node = self._root
        for segment in path.strip("/").split("/") if path != "/" else ():
            parameter = _PARAMETER.fullmatch(segment)
            if parameter is None:
                node = node.segments.setdefault(segment, _Node())
            else:
                names.append(parameter[1])
                node.any_segment = node = node.any_segment or _Node()
        node.endpoint, node.names = endpoint, tuple(names)
        if not names:
            self._plain[path] = Found(endpoint, path, {})


def _names_a_host(scope: HttpScope) -> bool:
    """Whether the Host header is of the characters of a host; a request without one is let through."""
    for name, value in scope["headers"]:
        if name == b"host":
            return _HOST.fullmatch(value) is not None
    return True


async def _refuse(send: Send, problem: Problem) -> None:
    request_id = new_request_id()
    await send_response(send, problem_response(problem, request_id), request_id, headers=NO_STORE)
