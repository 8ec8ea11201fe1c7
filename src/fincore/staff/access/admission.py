"""Admission of calls: a route names the permission that it needs, and its handler runs only for a person who has it."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import msgspec

from fincore.domain.ids import MerchantId
from fincore.http.endpoint import Method, Route
from fincore.http.exchange import Call, Response
from fincore.http.metrics import REQUESTS_LIMITED
from fincore.http.openapi import Operation
from fincore.http.problems import Problem, ProblemCode
from fincore.staff.access.claims import TokenRefused
from fincore.staff.access.permissions import PERMISSIONS, Permission
from fincore.staff.access.person import Mode, Person, Scope
from fincore.staff.access.tokens import IssuerUnavailable
from fincore.write.payments.budget import Budget

PER_SECOND: Final = 50.0
"""Requests of one person, on average: a page asks for several things at once, and again while it is looked at."""
AT_ONCE_MAX: Final = 200
RETRY_AFTER_SECONDS: Final = 1
ISSUER_RETRY_AFTER_SECONDS: Final = 5

_CHALLENGE: Final = (("www-authenticate", 'Bearer realm="fincore-staff"'),)
_REFUSED: Final = (("www-authenticate", 'Bearer realm="fincore-staff", error="invalid_token"'),)


class People(Protocol):
    """Tells who bears a token."""

    async def person(self, token: str) -> Person:
        """The person; raise `TokenRefused` and `IssuerUnavailable`."""
        ...


class Visit:
    """An admitted call: who calls, and where the permission of its route counts."""

    def __init__(self, person: Person, permission: Permission) -> None:
        self.person: Final = person
        self.permission: Final = permission

    def scope(self, mode: Mode, merchant_id: MerchantId | None = None) -> Scope:
        """Where the permission counts in a mode, narrowed to a merchant. Raises `permission_missing` where nowhere."""
        scope = self.person.scope(self.permission, livemode=mode == "live")
        if scope is None:
            raise missing(self.permission, f" in {mode} mode")
        return scope.narrowed_to(merchant_id)

    def require(
        self,
        merchant_id: MerchantId,
        *,
        livemode: bool,
        unknown: ProblemCode,
        sees: Permission = "payments.read",
    ) -> None:
        """Require the permission for an object. Raises `unknown`, as where there is none, unless the person `sees` it; then `permission_missing`."""
        seen = self.person.scope(sees, livemode=livemode)
        if seen is None or not seen.holds(merchant_id):
            raise Problem(unknown)
        scope = self.person.scope(self.permission, livemode=livemode)
        if scope is None or not scope.holds(merchant_id):
            raise missing(self.permission, f" for this merchant in {'live' if livemode else 'test'} mode")

    def require_everywhere(self) -> None:
        """Require the permission in both modes and for all merchants, for what belongs to none. Raises `permission_missing`."""
        if not self.person.may_everywhere(self.permission):
            raise missing(self.permission, " in both modes and for all merchants")


StaffHandler = Callable[[Call, Visit], Awaitable[Response]]
"""Answers an admitted call, or raises `Problem`."""


class StaffRoute(Route, frozen=True, kw_only=True):
    """A route that needs a permission; its handler is wrapped by `Admission.route`."""

    permission: Permission


class Admission:
    """Makes the routes of staff: each is answered only for a person with its permission."""

    def __init__(self, people: People, *, budget: Budget[str] | None = None) -> None:
        self._people = people
        self._budget = budget or Budget(per_second=PER_SECOND, at_once_max=AT_ONCE_MAX)

    def route(
        self,
        method: Method,
        path: str,
        operation: Operation,
        handler: StaffHandler,
        *,
        permission: Permission,
    ) -> StaffRoute:
        """A route below `/staff/v1` that needs a permission."""

        async def admitted(call: Call) -> Response:
            return await handler(call, await self._admit(call, permission))

        documented = msgspec.structs.replace(
            operation, description=f"{operation.description} Needs the permission `{permission}`."
        )
        return StaffRoute(
            method=method, path=path, operation=documented, handler=admitted, permission=permission
        )

    async def _admit(self, call: Call, permission: Permission) -> Visit:
        person = await self._person(call)
        if not self._budget.take(person.subject):
            REQUESTS_LIMITED.labels("person").inc()
            raise Problem(
                "rate_limited",
                f"Too many requests of this person. Send this request again after {RETRY_AFTER_SECONDS} s.",
                headers=(("retry-after", str(RETRY_AFTER_SECONDS)),),
            )
        if not person.may(permission):
            raise missing(permission, "")
        return Visit(person, permission)

    async def _person(self, call: Call) -> Person:
        """Who calls, by the header alone: a cookie is never looked at, so no other site can act for a person."""
        header = call.header(b"authorization")
        if not header:
            raise Problem("token_missing", param="Authorization", headers=_CHALLENGE)
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Problem("token_missing", param="Authorization", headers=_CHALLENGE)
        try:
            return await self._people.person(token.strip())
        except TokenRefused as refused:
            raise Problem(
                "token_invalid", f"{refused} Log in again.", param="Authorization", headers=_REFUSED
            ) from None
        except IssuerUnavailable:
            raise Problem(
                "issuer_unavailable", headers=(("retry-after", str(ISSUER_RETRY_AFTER_SECONDS)),)
            ) from None


def missing(permission: Permission, where: str) -> Problem:
    """The problem of a person without a permission; `where` begins with a space or is empty."""
    roles = " or ".join(PERMISSIONS[permission].roles)
    return Problem(
        "permission_missing",
        f"This needs the permission {permission}{where}, which the role {roles} has. Ask an admin for it.",
    )
