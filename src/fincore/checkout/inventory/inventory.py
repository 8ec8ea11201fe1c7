"""The inventory of pages: `payment-page.json` of this package, after PCI DSS 4.0.1, 6.4.3 and 11.6.1."""

from importlib.resources import files
from typing import Final, Literal

import msgspec


class ListedPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page in one of its states. `headers` stand beside those of every answer, or in their place; `files` are names."""

    name: str
    paths: tuple[str, ...]
    purpose: str
    headers: dict[str, str]
    files: tuple[str, ...]


class ListedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A script or style of pages. `authorized_by` is a role; `integrity` as W3C's Subresource Integrity writes it."""

    name: str
    kind: Literal["script", "style"]
    path: str
    headers: dict[str, str]
    purpose: str
    integrity: str
    assured_by: str
    authorized_by: str


class ListedSdk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The browser SDK: its hashes stand in the manifest of each version. How long it is kept depends on its address."""

    path: str
    headers: dict[str, str]
    purpose: str
    integrity: str
    assured_by: str
    authorized_by: str


class ListedFrame(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page that pages of shops hold in a frame, and in which a PSP's script runs.

    In its headers `{psp}` stands for the origins of the PSP, `{nonce}` for a word of each answer, and `{origin}` for the origin of
    the page that holds it. `scripts` are addresses.
    """

    name: str
    path: str
    purpose: str
    headers: dict[str, str]
    scripts: tuple[str, ...]
    assured_by: str
    authorized_by: str


class ListedPspScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A script of a PSP, which FinCore's code loads or has loaded."""

    psp: str
    url: str
    loaded_by: str
    purpose: str
    integrity: str
    assured_by: str
    authorized_by: str


class Inventory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it. `headers` are of every answer; `headers_over_https` of every answer where the public URL is https."""

    about: str
    headers: dict[str, str]
    headers_over_https: dict[str, str]
    pages: tuple[ListedPage, ...]
    files: tuple[ListedFile, ...]
    sdk: ListedSdk
    frames: tuple[ListedFrame, ...]
    psp_scripts: tuple[ListedPspScript, ...]

    def page(self, name: str) -> ListedPage:
        """The page of a name."""
        return next(page for page in self.pages if page.name == name)

    def files_of(self, page: ListedPage) -> tuple[ListedFile, ...]:
        """The files that a page loads."""
        return tuple(file for file in self.files if file.name in page.files)

    def headers_with(self, own: dict[str, str], *, is_https: bool) -> dict[str, str]:
        """The headers of an answer with some of its own."""
        return self.headers | (self.headers_over_https if is_https else {}) | own


INVENTORY: Final = msgspec.json.decode(
    (files(__package__) / "payment-page.json").read_bytes(), type=Inventory
)
