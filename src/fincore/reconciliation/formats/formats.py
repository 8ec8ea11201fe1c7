"""The formats of files that can be read: the parser of each, and its version. Pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import BinaryIO, Final, NamedTuple

from fincore.reconciliation.formats import bank_csv, camt053, paypal_stl, stripe_itemized, stripe_summary
from fincore.reconciliation.parsed_file import Expected, ParsedFile, ReadFormat, Reading


class Format(NamedTuple):
    """A parser. Its version rises with each change of what it makes of a file, and is kept with the file."""

    about: str
    parser_version: int
    read: Callable[[BinaryIO, Expected], Reading]

    def parse(self, stream: BinaryIO, expected: Expected) -> ParsedFile:
        """The lines of a stream of bytes; what is wrong with it is raised while they are read, as `FileRefused`."""
        return ParsedFile(self.read(stream, expected))


FORMATS: Final[Mapping[ReadFormat, Format]] = MappingProxyType(
    {
        "paypal_stl": Format(
            "PayPal's settlement report", paypal_stl.PARSER_VERSION, paypal_stl.read_paypal_stl
        ),
        "stripe_payout_itemized": Format(
            f"Stripe's itemized payout reconciliation, `{stripe_itemized.REPORT_TYPE}`",
            stripe_itemized.PARSER_VERSION,
            stripe_itemized.read_stripe_itemized,
        ),
        "stripe_payout_summary": Format(
            f"Stripe's summary of a payout, `{stripe_summary.REPORT_TYPE}`",
            stripe_summary.PARSER_VERSION,
            stripe_summary.read_stripe_summary,
        ),
        "camt053": Format("a bank's statement in camt.053", camt053.PARSER_VERSION, camt053.read_camt053),
        "bank_csv": Format("a bank's statement in CSV", bank_csv.PARSER_VERSION, bank_csv.read_bank_csv),
    }
)
"""Format -> its parser."""
