"""The ids of resources in the templates. Pure."""


def logical_id(name: str) -> str:
    """A name such as `card-edge` as a part of an id: `CardEdge`."""
    return "".join(part.title() for part in name.split("-"))
