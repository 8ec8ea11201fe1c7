"""What paid, from what PayPal tells of the payer: the account or the card, and nothing else of the person. Pure."""

import re
from typing import Final

from fincore.domain.payment_method import CardInstrument, Instrument, PayPalInstrument
from fincore.write.psp.paypal.wire import CardSource, PaymentSource, WalletSource

_PAYER_ID: Final = re.compile(r"[A-Z0-9]{5,20}", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_LAST4: Final = re.compile(r"[0-9]{4}", re.ASCII)
_BIN: Final = re.compile(r"(?P<issuer>[0-9]{6})[0-9]{0,2}", re.ASCII)
_WORD: Final = re.compile(r"[A-Z_]{1,30}", re.ASCII)
_EXPIRY: Final = re.compile(r"(?P<year>2[0-9]{3})-(?P<month>0[1-9]|1[0-2])", re.ASCII)
_EMAIL: Final = re.compile(r"(?P<first>[^\s@])[^\s@]{0,63}@(?P<domain>[A-Za-z0-9.-]{1,190})")


def instrument_of(source: PaymentSource | None) -> Instrument | None:
    """The instrument that PayPal names; None where it names none that FinCore knows."""
    if source is None:
        return None
    if source.paypal is not None:
        return _wallet(source.paypal)
    return None if source.card is None else _card(source.card)


def masked(email: str | None) -> str | None:
    """The first letter and the domain: `a***@example.com`; None for what is no address."""
    found = _EMAIL.fullmatch(email or "")
    return f"{found['first']}***@{found['domain'].lower()}" if found else None


def _wallet(wallet: WalletSource) -> PayPalInstrument | None:
    instrument = PayPalInstrument(
        payer_id=_only(_PAYER_ID, wallet.account_id),
        country=_only(_COUNTRY, wallet.address.country_code if wallet.address else None),
        email_masked=masked(wallet.email_address),
    )
    return None if instrument == PayPalInstrument() else instrument


def _card(card: CardSource) -> CardInstrument | None:
    brand, funding = _only(_WORD, card.brand), _only(_WORD, card.type)
    expiry = _EXPIRY.fullmatch(card.expiry or "")
    bin_digits = _BIN.fullmatch((card.bin_details and card.bin_details.bin) or "")
    instrument = CardInstrument(
        brand=brand and brand.lower(),
        last4=_only(_LAST4, card.last_digits),
        expiry_month=int(expiry["month"]) if expiry else None,
        expiry_year=int(expiry["year"]) if expiry else None,
        country=_only(_COUNTRY, card.bin_details.bin_country_code if card.bin_details else None),
        funding=funding and funding.lower(),
        bin=bin_digits["issuer"] if bin_digits else None,
    )
    return None if instrument == CardInstrument() else instrument


def _only(pattern: re.Pattern[str], text: str | None) -> str | None:
    """The text, where it is what it should be: nothing else is written into the log."""
    return text if text is not None and pattern.fullmatch(text) else None
