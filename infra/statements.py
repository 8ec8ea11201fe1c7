"""A statement of a policy, as data: what is allowed or denied on what, and when. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """`resources` are ARNs or references of CloudFormation to them; `conditions` by operator, then key."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]] = {}
    denies: bool = False

    def document(self) -> dict[str, Any]:
        """As IAM writes it."""
        return {
            "Effect": "Deny" if self.denies else "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
            **({"Condition": self.conditions} if self.conditions else {}),
        }
