"""The pages to which a customer comes back from a PSP. Pure."""

from fincore.domain.ids import ChargeId


def naming(page_url: str, charge_id: ChargeId) -> str:
    """The page with the charge in its query (`charge=ch_...`), so that the page can show its status to the customer."""
    page, mark, fragment = page_url.partition("#")
    return f"{page}{'&' if '?' in page else '?'}charge={charge_id}{mark}{fragment}"
