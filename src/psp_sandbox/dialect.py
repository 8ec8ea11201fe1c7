"""What the sandbox needs of a PSP's dialect, so that calls of every PSP are delayed, spoiled and counted alike."""

from typing import Protocol, TypeVar

from psp_sandbox.faults import CallFacts, Fault
from psp_sandbox.messages import Request, Response

Headers = tuple[tuple[str, str], ...]


class Admission(Protocol):
    """A request that is let in."""

    @property
    def route(self) -> str:
        """The path with `{}` in place of ids, as faults and counts name it."""


A = TypeVar("A", bound=Admission)


class Dialect(Protocol[A]):
    """One PSP's API. A request is first admitted, which changes nothing, then executed. `A` is an admitted request."""

    def admit(self, request: Request) -> A | Response:
        """Let the request in, or say what it gets instead."""

    def facts(self, request: Request, admitted: A | Response) -> CallFacts:
        """What a fault's rule can match."""

    def begin(self, admitted: A) -> None:
        """The request is at work from now until `execute` or `fail`."""

    def execute(self, admitted: A) -> Response:
        """Carry the request out."""

    def fail(self, admitted: A) -> Response:
        """The 500 of a fault, which happens instead of the request, or after it."""

    def crashed(self, request: Request) -> Response:
        """The 500 of a defect of the sandbox."""

    def headers(self, request: Request) -> Headers:
        """What the PSP puts on every answer."""

    def turned_away(self, request: Request, fault: Fault) -> tuple[Response, Headers] | None:
        """The answer of a fault that turns the request away before it is looked at; None if it does not."""
