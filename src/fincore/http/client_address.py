"""The address of a request's client: the peer's, or the one that trusted proxies state for the peer before them. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def client_address(
    peer: str | None, forwarded_for: Sequence[str], trusted: Sequence[Network]
) -> Address | None:
    """The address of the client; None where the peer has none, as on a Unix socket.

    `forwarded_for` are the values of X-Forwarded-For in the order they came. Each proxy appends the address of its peer,
    so they are read from the right, and only as long as a trusted proxy wrote them: what stands further left is what a
    client made up. Where a trusted proxy wrote no address, the proxy's own is the best that is known.
    """
    current = read_address(peer or "")
    hops = [hop for value in forwarded_for for hop in value.split(",")]
    while current is not None and hops and is_trusted(current, trusted):
        before = read_address(hops.pop())
        if before is None:
            break
        current = before
    return current


def is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    """Whether an address is in one of the networks."""
    return any(address in network for network in trusted)


def read_address(text: str) -> Address | None:
    """An IP address, also with a port, in brackets, or IPv4 written as IPv6; None for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address
