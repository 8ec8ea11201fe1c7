"""What `docs/guides/aws.md` prints of the tables here. Pure."""

from infra.arrows import arrows
from infra.roles import SERVICES
from infra.sizes import SIZES

Row = tuple[str, ...]


def roles_table() -> list[Row]:
    """Each role: where it runs, what is in front of it, what it reaches, and its tasks by size."""
    rows: list[Row] = [
        ("role", "subnets", "behind", "stores", "calls outside", "tasks at 10, 100, 1,000 charges a second")
    ]
    for one in SERVICES:
        tasks = ", ".join(
            f"{size.tasks[one.role].count} x {size.tasks[one.role].cpu / 1_024:g} vCPU"
            for size in SIZES.values()
        )
        calls = "; ".join(f"{protocol}: {why}" for protocol, why in one.calls.items())
        stores = (
            ", ".join(one.stores)
            + (", DynamoDB" if one.counts_attempts else "")
            + (", S3" if one.keeps_evidence else "")
        )
        rows.append((f"`{one.role}`", one.subnets, one.balancer or "", stores, calls, tasks))
    return rows


def arrows_table() -> list[Row]:
    """Each connection that is allowed, several sources of one kind in one row."""
    sources: dict[tuple[str, int, str], list[str]] = {}
    for one in arrows():
        sources.setdefault((one.target, one.port, one.carries), []).append(one.source)
    rows = sorted(
        (", ".join(f"`{source}`" for source in found), f"`{target}`", str(port), carries)
        for (target, port, carries), found in sources.items()
    )
    return [("from", "to", "port", "carries"), *rows]
