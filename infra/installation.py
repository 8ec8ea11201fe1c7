"""One installation on AWS, as its operator describes it in a TOML file: account, region, names, size. It holds no secret."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.bootstrap.roles import Role
from fincore.bootstrap.settings import SECRET_SETTINGS, SETTINGS
from infra.functions import Work, replaced_roles
from infra.sizes import SIZES, Size, TaskSize

_Host = Annotated[str, Meta(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=253)]
_Arn = Annotated[str, Meta(pattern=r"^arn:aws:[a-z0-9-]+:", max_length=2_048)]
_PrefixList = Annotated[str, Meta(pattern=r"^pl-[0-9a-f]{6,20}$")]
_Account = Annotated[str, Meta(pattern=r"^[0-9]{12}$")]
_ZONES_MIN: Final = 2


class InstallationRefused(ValueError):
    """The file does not describe an installation; the text says what to set."""


class Hosts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The names under which FinCore is reached: merchants' API, customers' pages, the dashboard, the card edge."""

    api: _Host
    pay: _Host
    staff: _Host
    cards: _Host


class Certificates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Certificates of ACM that hold those names: one in the region, for the load balancers, and one in us-east-1, for CloudFront."""

    region: _Arn
    cloudfront: _Arn


class PrefixLists(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lists of addresses that AWS keeps in the region: of S3, of DynamoDB, and of CloudFront where it calls origins."""

    s3: _PrefixList
    dynamodb: _PrefixList
    cloudfront: _PrefixList


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told of alarms. PagerDuty's address holds a key and is a parameter of the stack, not written here."""

    emails: tuple[str, ...]
    slack_workspace: str | None = None
    slack_channel: str | None = None


class Installation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the stacks of one account are made for.

    `accounts_at_psps`: the PSPs at which the settings of FinCore declare an account, each `stripe` or `paypal`. `livemode`: accounts for
    live money, else for test money. `network`: the private range of addresses. `tools_account`: where pipeline and images are.
    `further_secrets`: settings that may be left out and are set here, such as FINCORE_SECRETS_KEY_BEFORE while a key is changed.
    `proxies`: networks of CloudFront that the load balancer for browsers sees as its clients, where it sees no addresses of its own subnets.
    `settings`: settings of FinCore that are no secrets, for all roles. `functions`: what functions of Lambda do, in place of roles or beside them.
    """

    stage: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]{1,15}$")]
    account: _Account
    tools_account: _Account
    region: Annotated[str, Meta(pattern=r"^[a-z]{2}-[a-z]+-[0-9]$")]
    zones: tuple[str, ...]
    network: Annotated[str, Meta(pattern=r"^10\.[0-9]{1,3}\.0\.0/16$")]
    size: int
    livemode: bool
    accounts_at_psps: tuple[str, ...]
    evidence_kept_days: Annotated[int, Meta(ge=1, le=36_500)]
    further_secrets: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    settings: Mapping[str, str] = {}
    functions: tuple[Work, ...] = ()
    hosts: Hosts
    certificates: Certificates
    prefix_lists: PrefixLists
    told: Told

    @property
    def sized(self) -> Size:
        """How large each part is."""
        return SIZES[self.size]

    def tasks_of(self, role: Role) -> TaskSize:
        """How many tasks a role has, and how large they are: none where functions do all its work."""
        size = self.sized.tasks[role]
        return msgspec.structs.replace(size, count=0, count_max=0) if role in self.replaced else size

    @property
    def replaced(self) -> frozenset[Role]:
        """The roles of which no task runs, since functions do all their work."""
        return replaced_roles(self.functions)

    @property
    def mode(self) -> str:
        """The mode of the accounts at PSPs."""
        return "live" if self.livemode else "test"


def read_installation(path: Path) -> Installation:
    """The installation in a file. Raises `InstallationRefused`."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text()), Installation)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InstallationRefused(f"{path}: {error}") from None
    if found.size not in SIZES:
        raise InstallationRefused(f"{path}: set size to one of {', '.join(map(str, SIZES))} charges a second")
    if len(set(found.zones)) < _ZONES_MIN or any(
        not re.fullmatch(found.region + "[a-f]", zone) for zone in found.zones
    ):
        raise InstallationRefused(f"{path}: set zones to two or three zones of {found.region}")
    if not set(found.accounts_at_psps) <= {"stripe", "paypal"} or not found.accounts_at_psps:
        raise InstallationRefused(f"{path}: set accounts_at_psps to stripe, paypal or both")
    if (found.told.slack_workspace is None) != (found.told.slack_channel is None):
        raise InstallationRefused(f"{path}: set slack_workspace and slack_channel, or neither")
    _require_known_settings(path, found)
    return found


def _require_known_settings(path: Path, found: Installation) -> None:
    """What is written down here is written into templates: no secret may be, and no name that FinCore does not read."""
    plain = {one.name for one in SETTINGS} - SECRET_SETTINGS
    if wrong := sorted(found.settings.keys() - plain):
        raise InstallationRefused(
            f"{path}: leave {wrong[0]} out of settings: it is no setting of FinCore, or a secret, which belongs into further_secrets by its name alone"
        )
    if wrong := sorted(set(found.further_secrets) - SECRET_SETTINGS):
        raise InstallationRefused(
            f"{path}: leave {wrong[0]} out of further_secrets: it is no secret of FinCore"
        )
