"""A person of staff, and where a permission of that person counts: in which modes, of which merchants. Pure."""

from typing import Literal

import msgspec

from fincore.domain.ids import MerchantId
from fincore.domain.staff_actor import StaffActor
from fincore.staff.access.permissions import PERMISSIONS, Permission, Role

Mode = Literal["live", "test"]


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A role that a person has, in a mode (None: in both) and for a merchant (None: for all)."""

    role: Role
    livemode: bool | None = None
    merchant_id: MerchantId | None = None


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Where a permission counts in one mode: for some merchants, or for all where `merchant_ids` is None.

    A statement filters by both: `livemode = $1 and ($2::text[] is null or merchant_id = any($2))`.
    """

    livemode: bool
    merchant_ids: tuple[MerchantId, ...] | None = None

    def holds(self, merchant_id: MerchantId) -> bool:
        """Whether what belongs to a merchant is in it."""
        return self.merchant_ids is None or merchant_id in self.merchant_ids

    def narrowed_to(self, merchant_id: MerchantId | None) -> "Scope":
        """The part that is of one merchant; the whole for None. Of a merchant outside nothing is left."""
        if merchant_id is None:
            return self
        held = (merchant_id,) if self.holds(merchant_id) else ()
        return Scope(livemode=self.livemode, merchant_ids=held)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person as a verified token tells: `subject` is the issuer's `sub`, which never changes and tells two people apart."""

    subject: str
    username: str
    name: str
    grants: tuple[Grant, ...] = ()

    @property
    def actor(self) -> StaffActor:
        """The person as the record of acts and the log name it."""
        return StaffActor(subject=self.subject, username=self.username)

    def may(self, permission: Permission) -> bool:
        """Whether the person has the permission anywhere."""
        return any(grant.role in PERMISSIONS[permission].roles for grant in self.grants)

    def may_everywhere(self, permission: Permission) -> bool:
        """Whether the person has the permission in both modes and for all merchants: what is of no mode and merchant needs it."""
        return all(
            (scope := self.scope(permission, livemode=livemode)) is not None and scope.merchant_ids is None
            for livemode in (False, True)
        )

    def scope(self, permission: Permission, *, livemode: bool) -> Scope | None:
        """Where the person has the permission in a mode; None where nowhere."""
        allowed = PERMISSIONS[permission].roles
        grants = [
            grant for grant in self.grants if grant.role in allowed and grant.livemode in (None, livemode)
        ]
        if not grants:
            return None
        if any(grant.merchant_id is None for grant in grants):
            return Scope(livemode=livemode)
        merchants = {grant.merchant_id for grant in grants if grant.merchant_id is not None}
        return Scope(livemode=livemode, merchant_ids=tuple(sorted(merchants)))
