"""The texts of the login, by language. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

from fincore.write.staff.passwords import CHARACTERS_MAX, CHARACTERS_MIN, ONE_TIME_HOURS, PasswordFlaw

Language = Literal["en", "de"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT: Final[Language] = "en"


class Texts(NamedTuple):
    """`wait` has a place `{seconds}`."""

    title: str
    lead: str
    username: str
    password: str
    log_in: str
    wrong: str
    wait: str
    again: str
    choose_title: str
    choose_lead: str
    new_password: str
    repeat_password: str
    keep: str
    expired: str
    flaws: Mapping[PasswordFlaw, str]
    wrong_client_title: str
    wrong_client: str
    help_title: str
    help_text: str


TEXTS: Final[Mapping[Language, Texts]] = MappingProxyType(
    {
        "en": Texts(
            title="Log in to FinCore",
            lead="For staff of this installation.",
            username="Name",
            password="Password",  # noqa: S106 -- a label
            log_in="Log in",
            wrong="The name or the password is wrong.",
            wait="Too many attempts. Try again in {seconds} s.",
            again="Your login has ended. Log in again.",
            choose_title="Choose a password",
            choose_lead=f"Your one-time password was right. Choose your own, of at least {CHARACTERS_MIN} characters: several words are easy to remember.",
            new_password="New password",  # noqa: S106 -- a label
            repeat_password="New password again",  # noqa: S106 -- a label
            keep="Keep and log in",
            expired="This took too long. Log in with your one-time password again.",
            flaws=MappingProxyType(
                {
                    "length": f"Choose a password of {CHARACTERS_MIN} to {CHARACTERS_MAX} characters.",
                    "guessable": "Choose a password that is harder to guess.",
                    "different": "Type the same password twice.",
                }
            ),
            wrong_client_title="This link leads nowhere",
            wrong_client="Open the dashboard again at its own address.",
            help_title="No password yet, or forgotten?",
            help_text=f"Ask the operator of this installation for a one-time password. It counts for {ONE_TIME_HOURS} hours.",
        ),
        "de": Texts(
            title="Bei FinCore anmelden",
            lead="Für Mitarbeiter dieser Installation.",
            username="Name",
            password="Passwort",  # noqa: S106 -- a label
            log_in="Anmelden",
            wrong="Der Name oder das Passwort ist falsch.",
            wait="Zu viele Versuche. Versuchen Sie es in {seconds} s erneut.",
            again="Ihre Anmeldung ist abgelaufen. Melden Sie sich erneut an.",
            choose_title="Passwort wählen",
            choose_lead=f"Ihr Einmalpasswort war richtig. Wählen Sie ein eigenes mit mindestens {CHARACTERS_MIN} Zeichen: Mehrere Wörter merkt man sich leicht.",
            new_password="Neues Passwort",  # noqa: S106 -- a label
            repeat_password="Neues Passwort wiederholen",  # noqa: S106 -- a label
            keep="Speichern und anmelden",
            expired="Das hat zu lange gedauert. Melden Sie sich erneut mit Ihrem Einmalpasswort an.",
            flaws=MappingProxyType(
                {
                    "length": f"Wählen Sie ein Passwort mit {CHARACTERS_MIN} bis {CHARACTERS_MAX} Zeichen.",
                    "guessable": "Wählen Sie ein Passwort, das schwerer zu erraten ist.",
                    "different": "Geben Sie zweimal dasselbe Passwort ein.",
                }
            ),
            wrong_client_title="Dieser Link führt nirgendwohin",
            wrong_client="Öffnen Sie das Dashboard erneut unter seiner eigenen Adresse.",
            help_title="Noch kein Passwort oder vergessen?",
            help_text=f"Bitten Sie den Betreiber dieser Installation um ein Einmalpasswort. Es gilt {ONE_TIME_HOURS} Stunden.",
        ),
    }
)
