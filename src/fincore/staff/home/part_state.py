"""Whether a part of the home page could be read. Pure."""

from typing import Annotated, Literal

from msgspec import Meta

PartState = Annotated[
    Literal["read", "unavailable", "hidden"],
    Meta(
        description="`read`: the part is complete. `unavailable`: it could not be read, and nothing is known of it. `hidden`: you may not see it."
    ),
]
