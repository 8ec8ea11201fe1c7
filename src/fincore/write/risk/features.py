"""The facts that risk rules may name: of the charge, of the customer, of the instrument, and counters by each of their keys. Pure.

A fact that is not known is left out, and a rule that needs it does not decide. No default stands for it.
"""

from collections.abc import Mapping
from datetime import datetime
from ipaddress import IPv6Address, IPv6Network
from types import MappingProxyType
from typing import Final, NamedTuple, get_args

from fincore.domain.ids import MerchantId
from fincore.domain.payment_method import CardInstrument
from fincore.domain.risk import CustomerContext
from fincore.write.risk.engine import RiskRequest
from fincore.write.risk.rings import ATTEMPT_MEASURES
from fincore.write.risk.store import Counter, Key, ListKind, Measure, Window
from fincore.write.rules.cel import Facts, FactType

FactValue = bool | int | str | Mapping[str, str]


class Fact(NamedTuple):
    """The type of a fact, and what it means. `list_kind`: lists of which kind may be asked for it.

    `may_be_unknown`: a fact `has_<name>` tells whether it is known.
    """

    type: FactType
    meaning: str
    may_be_unknown: bool = False
    list_kind: ListKind | None = None


FACTS: Final[Mapping[str, Fact]] = MappingProxyType(
    {
        "amount_minor": Fact("int", "the amount in the currency's minor unit"),
        "currency": Fact("string", "the currency's code in lower case, such as `usd`"),
        "merchant_id": Fact("string", "the merchant, `mer_...`"),
        "livemode": Fact("bool", "whether the charge is for live money"),
        "capture_method": Fact("string", "`automatic` or `manual`, as the merchant asked"),
        "payment_method_type": Fact(
            "string",
            "the type of the payment method that the merchant prefers: `card`, `paypal`, `paypal_vault` or `hosted_card`",
        ),
        "metadata": Fact(
            "string_map", 'the merchant\'s keys and values; test for a key with `"tier" in metadata`'
        ),
        "hour_utc": Fact("int", "the hour of the day in UTC, 0 to 23"),
        "customer_id": Fact("string", "the merchant's id of the customer", True, "customer"),
        "email": Fact("string", "the customer's e-mail address in lower case", True, "email"),
        "email_domain": Fact("string", "what follows the `@` of `email`", True, "email_domain"),
        "ip": Fact("string", "the customer's IP address, version 4 or 6", True, "ip"),
        "user_agent": Fact("string", "what the customer's browser calls itself", True),
        "device_id": Fact("string", "the merchant's id of the customer's device", True, "device"),
        "customer_country": Fact("string", "ISO 3166-1 code in upper case, such as `US`", True, "country"),
        "billing_country": Fact("string", "the country of the billing address", True, "country"),
        "shipping_country": Fact("string", "the country that goods go to", True, "country"),
        "card_fingerprint": Fact(
            "string",
            "equal for the same card at one account of a PSP; known once the PSP told it",
            True,
            "card_fingerprint",
        ),
        "card_bin": Fact("string", "the first 6 digits of the card", True, "bin"),
        "card_brand": Fact("string", "the card's network in lower case, such as `visa`", True),
        "card_country": Fact("string", "the country of the card's issuer", True, "country"),
        "card_funding": Fact("string", "`credit`, `debit` or `prepaid`, as the PSP tells", True),
    }
)
"""Every fact that is not counted, by its name in conditions."""

KEYS: Final[Mapping[Key, str]] = MappingProxyType(
    {
        "ip": "the IP address; of one of version 6 the network of 64 bits, as its customer has all of it",
        "email": "the e-mail address",
        "email_domain": "the domain of the e-mail address",
        "customer": "the merchant's id of the customer",
        "device": "the merchant's id of the device",
        "card": "the card: its token, or a hash of its number at the card edge; and its fingerprint where that is known: the higher count is read",
        "bin": "the first 6 digits of the card",
        "merchant": "the merchant",
    }
)
"""By what is counted. A counter by an unknown key is unknown."""


class Measured(NamedTuple):
    """What a measure counts, and by which keys and over which windows there are counters of it."""

    meaning: str
    keys: tuple[Key, ...]
    windows: tuple[Window, ...]


_KEYS: Final[tuple[Key, ...]] = get_args(Key)
_WINDOWS: Final[tuple[Window, ...]] = get_args(Window)
_DAYS: Final[tuple[Window, ...]] = ("24h", "7d")

MEASURES: Final[Mapping[Measure, Measured]] = MappingProxyType(
    {
        "attempts": Measured("charges that were asked for, this one included", _KEYS, _WINDOWS),
        "attempted_minor": Measured(
            "the sum of their amounts, in this charge's currency, this one included", _KEYS, _WINDOWS
        ),
        "distinct_cards": Measured(
            "how many different cards they were to be paid by, this one included",
            tuple(key for key in _KEYS if key != "card"),
            _WINDOWS,
        ),
        "declines": Measured("charges that PSPs declined", _KEYS, _WINDOWS),
        "captures": Measured("charges that were captured", _KEYS, _WINDOWS),
        "captured_minor": Measured("the sum captured, in this charge's currency", _KEYS, _WINDOWS),
        "disputes": Measured("disputes that were opened", _KEYS, _DAYS),
        "fraud_disputes": Measured("those of them that are about fraud", _KEYS, _DAYS),
        "fraud_warnings": Measured("warnings of fraud by PSPs", _KEYS, _DAYS),
    }
)
"""Every measure. The first three count with this charge, exactly; the others follow the log, seconds behind."""


def counter_name(counter: Counter) -> str:
    """How conditions name a counter, e.g. `attempts_by_ip_1h`."""
    return f"{counter.measure}_by_{counter.key}_{counter.window}"


COUNTERS: Final[Mapping[str, Counter]] = MappingProxyType(
    {
        counter_name(counter): counter
        for measure, measured in MEASURES.items()
        for counter in (Counter(measure, key, window) for key in measured.keys for window in measured.windows)
    }
)
"""Every counter by its name in conditions."""
COUNTER_NAMES: Final[Mapping[Counter, str]] = MappingProxyType({one: name for name, one in COUNTERS.items()})
"""The same the other way round."""

HAS_CARD: Final = "has_card"
_HAS_OF: Final = {name: f"has_{name}" for name, fact in FACTS.items() if fact.may_be_unknown}
_HAS: Final[Mapping[str, FactType]] = {**dict.fromkeys(_HAS_OF.values(), "bool"), HAS_CARD: "bool"}
RISK_FACTS: Final = Facts(
    {
        **{name: fact.type for name, fact in FACTS.items()},
        **_HAS,
        **dict.fromkeys(COUNTERS, "int"),
    },
    has_lists=True,
)
FACT_NAMES: Final = frozenset({*FACTS, *_HAS, *COUNTERS})
"""Every name that a condition may use."""
UNSURE_FACTS: Final = frozenset(name for name, fact in FACTS.items() if fact.may_be_unknown) | COUNTERS.keys()
"""Those that may be unknown."""

CARD_FACTS: Final = frozenset(name for name in (*FACTS, *_HAS) if "card" in name)
"""Those that come from the instrument of the charge."""


TOLD_EARLIER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "card_fingerprint": "fingerprint",
        "card_brand": "brand",
        "card_country": "country",
        "card_funding": "funding",
    }
)
"""The facts that an earlier payment by the same token may have told, and what a `CardInstrument` calls each."""


class Known(NamedTuple):
    """What is known of a charge before the store was asked: facts by name, and the value of each key that is known.

    `fingerprint` is the card's, by which it is counted beside the key. `is_card_in_log`: the log tells the charge's card from others. It never holds a number, nor a hash of one.
    """

    facts: Mapping[str, FactValue]
    keys: Mapping[Key, str]
    is_card_in_log: bool
    fingerprint: str | None

    def counts(self, counter: Counter) -> bool:
        """Whether a counter can be known of the charge."""
        is_followed = counter.key != "card" or self.is_card_in_log or counter.measure in ATTEMPT_MEASURES
        return counter.key in self.keys and is_followed

    def without_earlier_cards(self) -> "Known":
        """The same where what was told earlier could not be read: that a fact of the card is not known is not known either."""
        unsure = {f"has_{name}" for name in TOLD_EARLIER if name not in self.facts}
        return self._replace(facts={name: value for name, value in self.facts.items() if name not in unsure})


def known_of(request: RiskRequest, instrument: CardInstrument | None, now: datetime) -> Known:
    """What is known of a charge; `instrument` is what is known of its card, from the request or an earlier payment."""
    customer = request.customer or CustomerContext()
    card = instrument or CardInstrument()
    email = normal_email(request.email or customer.email)
    unsure: dict[str, str | None] = {
        "customer_id": customer.id,
        "email": email,
        "email_domain": email_domain(email),
        "ip": customer.ip,
        "user_agent": customer.user_agent,
        "device_id": customer.device_id,
        "customer_country": _upper(customer.country),
        "billing_country": _upper(request.billing_country),
        "shipping_country": _upper(request.shipping_country),
        "card_fingerprint": card.fingerprint,
        "card_bin": request.first_digits,
        "card_brand": _lower(card.brand),
        "card_country": _upper(card.country),
        "card_funding": _lower(card.funding),
    }
    counted_card = card_key(request.payment_token, request.number_hmac, card.fingerprint)
    facts: dict[str, FactValue] = {
        "amount_minor": request.money.amount_minor,
        "currency": request.money.currency,
        "merchant_id": request.merchant_id,
        "livemode": request.livemode,
        "capture_method": request.capture_method,
        "payment_method_type": request.payment_method_types[0],
        "metadata": request.metadata,
        "hour_utc": now.hour,
        HAS_CARD: counted_card is not None,
    }
    for name, value in unsure.items():
        facts[_HAS_OF[name]] = bool(value)
        if value:
            facts[name] = value
    keys = keys_of(
        request.merchant_id,
        customer,
        request.email,
        card=counted_card,
        first_digits=request.first_digits,
    )
    is_card_in_log = bool(request.payment_token or card.fingerprint)
    return Known(facts, keys, is_card_in_log, card.fingerprint or None)


def keys_of(
    merchant_id: MerchantId,
    customer: CustomerContext | None,
    email: str | None,
    *,
    card: str | None,
    first_digits: str | None,
) -> Mapping[Key, str]:
    """By what a charge is counted, its attempt as well as what became of it; keys that are unknown are left out."""
    known = customer or CustomerContext()
    address = normal_email(email or known.email)
    values: dict[Key, str | None] = {
        "ip": known.ip and address_key(known.ip),
        "email": address,
        "email_domain": email_domain(address),
        "customer": known.id,
        "device": known.device_id,
        "card": card,
        "bin": first_digits,
        "merchant": merchant_id,
    }
    return {key: value for key, value in values.items() if value}


def normal_email(email: str | None) -> str | None:
    """An e-mail address as it is compared and counted: in lower case, without blanks around it and the dot of the root behind."""
    return None if email is None else email.strip().lower().removesuffix(".")


def email_domain(email: str | None) -> str | None:
    """The domain of an e-mail address, in lower case; None where it has none."""
    return None if email is None else normal_email(email.rpartition("@")[2] if "@" in email else None) or None


def address_key(ip: str) -> str:
    """What an IP address is counted and blocked by: itself, or of version 6 its network of 64 bits.

    An IPv6 address that stands for one of version 4 is that one (RFC 4291, 2.5.5.2). What is no address is left as it is.
    """
    if ":" not in ip:
        return ip
    try:
        address = IPv6Address(ip)
    except ValueError:
        return ip
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), _CUSTOMERS_IPV6_BITS), strict=False))


_CUSTOMERS_IPV6_BITS: Final = 64


def card_key(token: str | None, number_hmac: str | None, fingerprint: str | None) -> str | None:
    """What tells a card from others; None where nothing does.

    The fingerprint comes last: it may become known later, and one card would be counted as two.
    """
    return token or number_hmac or fingerprint or None


def _upper(text: str | None) -> str | None:
    return None if text is None else text.upper()


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
