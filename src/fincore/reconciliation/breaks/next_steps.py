"""What a person does next about a break, by its class. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.reconciliation.matching.differences import BreakClass

NEXT_STEPS: Final[Mapping[BreakClass, str]] = MappingProxyType(
    {
        "missing_there": "Look the payment up at the PSP. Where the PSP has the money, claim it; where it never took place there, find out why "
        "the log says so.",
        "missing_here": "Look the line up at the PSP, and the charge with `fincore charges unknown` and `fincore reports list`: a payment made "
        "past FinCore, or a report that is held.",
        "amount": "Compare the charge with the PSP's record of it. Where the PSP is wrong, claim the difference; where a report is held, "
        "release it.",
        "fee": "Compare the fee with the PSP's price list. Where it is wrong, claim it; else adjust it.",
        "fee_not_returned": "Read in the contract whether the PSP returns its fee with a refund. Where it does, claim it; else set the fee plan "
        "of the account right and adjust this one.",
        "currency": "Look at the PSP whether it converted the payment. Claim what it should not have converted; else explain it.",
        "duplicate": "Ask the PSP whether the line stands for a second movement. Claim it where it was taken twice; explain it where it is right.",
        "hold": "Look at the PSP's page of reserves and disputes for the reason, and explain it; it closes when the release comes.",
        "unexpected_movement": "Ask the PSP what the movement is: a correction, a fee or a transfer. Claim it, or adjust it.",
        "incomplete_conversion": "Wait for the next file, which may have the other side; if it has not, or the amounts differ, claim it from the PSP.",
        "payout_total": "Compare the payout with the PSP's page and the bank's statement, and claim the difference from the PSP.",
        "payout_unknown": "Look whether the PSP made the payout, and whether its webhooks arrive: `fincore payouts list` has those that are known.",
        "payout_unreported": "Look whether the file with the payout came: `fincore reconcile files`, `fincore reconcile sources`. Ask the PSP for it; "
        "explain a manual payout, which has no file.",
        "payout_overdue": "Look at the PSP and at the bank whether the payout arrived, was returned or failed, and claim it from the PSP where it did "
        "not arrive.",
        "unexplained_remainder": "Ask the PSP for the lines of the payout: those of its file do not add up to it.",
        "balance": "Look first at the other breaks of the account: they often add up to this one. Claim what is left, or adjust it.",
        "late": "See why the statement does not come: `fincore reconcile sources`. It closes when the statement comes and all is in it.",
        "bank_amount": "Compare the payout with the bank's statement: a charge of the bank, a second transfer, or another bank account.",
        "bank_missing": "Import the statements of the bank up to today; if the payout is on none of them, claim it from the PSP.",
        "adjustment": "What it was booked for was explained in another way: take it back with `fincore reconcile reverse`.",
        "file_refused": "Read the line and the reason, and choose: `fincore reconcile read-again` where format or account were wrong, a corrected "
        "file from the PSP, or `fincore reconcile dismiss`.",
        "file_replaced": "Compare the two files. `fincore reconcile release` where the new one is of another day; `fincore reconcile dismiss` where "
        "it is a copy or a correction, which must not be booked beside the first.",
        "file_late": "See why no file comes: `fincore reconcile sources`. Ask the PSP for it, and explain it where the PSP has none. It closes when a "
        "new file comes from the source.",
        "file_gap": "See which files came: `fincore reconcile files`. Ask the PSP for the missing one, and explain it where the PSP has none. It "
        "closes when all that is missing is booked.",
    }
)
"""Class of a break -> the next step."""
