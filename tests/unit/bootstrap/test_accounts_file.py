"""The file of accounts at PSPs: what it may hold, and the one sentence for each thing that is wrong with it."""

from pathlib import Path

import pytest

from docs.markdown import named_block
from fincore.bootstrap import psps
from fincore.bootstrap.declared_table import FILE_BYTES_MAX
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.psp_accounts.declared_account import values_of
from fincore.bootstrap.psp_accounts.secret_reference import SecretReference, parse_reference
from fincore.bootstrap.psp_limits import LIMITS
from fincore.bootstrap.psps import browser_accesses, check_accounts, configured_accounts
from fincore.bootstrap.settled_accounts import settled_accounts
from fincore.domain.errors import ConfigurationError
from fincore.write.psp.stripe.account import STRIPE
from fixtures.secrets import secret_resolver

EU = """
[[account]]
psp = "stripe"
name = "eu"
mode = "test"
default = true
secret_key = "env:EU_KEY"
webhook_secrets = ["env:EU_WEBHOOK", "file:{folder}/webhook"]
"""
US = """
[[account]]
psp = "stripe"
name = "us"
mode = "test"
secret_key = "file:{folder}/key"
webhook_secrets = "env:US_WEBHOOKS"
base_url = "http://127.0.0.1:12111/"
"""
SECRETS = {
    "EU_KEY": "sk_test_hidden_eu",
    "EU_WEBHOOK": "whsec_hidden_eu",
    "US_WEBHOOKS": "whsec_hidden_us, whsec_hidden_old",
    "SHOP_SECRET": "hidden-secret",
    "SHOP_WEBHOOK": "8PT597110X687430LKGECATA",
}


SHOP = """
[[account]]
psp = "paypal"
name = "shop"
mode = "test"
client_id = "Ashop"
client_secret = "env:SHOP_SECRET"
webhook_id = "env:SHOP_WEBHOOK"
"""


class Declared:
    """A folder with a file of accounts and the secrets that the accounts above refer to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "accounts.toml"
        (folder / "key").write_text("sk_test_hidden_us\n")
        (folder / "webhook").write_text("whsec_hidden_file\n")

    def by(self, text: str, **settings: str) -> dict[str, str]:
        """The environment that names a file with this text."""
        self.path.write_text(text.replace("{folder}", str(self.folder)))
        return {"FINCORE_PSP_ACCOUNTS_FILE": str(self.path), **settings}

    def refused(self, text: str, **settings: str) -> str:
        """The sentence with which an environment is refused at start."""
        environment = self.by(text, **settings)
        with pytest.raises(ConfigurationError) as error:
            check_accounts(read_settings(environment), secret_resolver(SECRETS | environment))
        sentence = str(error.value)
        assert "\n" not in sentence
        assert "hidden" not in sentence
        return sentence


@pytest.fixture
def declared(tmp_path: Path) -> Declared:
    return Declared(tmp_path)


def test_accounts_of_one_mode_stand_side_by_side(declared: Declared) -> None:
    settings = read_settings(declared.by(EU + US))
    accounts = configured_accounts(settings)
    assert [(one.psp, one.name, one.livemode, one.is_default) for one in accounts] == [
        ("stripe", "eu", False, True),
        ("stripe", "us", False, False),
    ]
    eu, us = settings.psp_accounts
    assert (eu.base_url, us.base_url) == (None, "http://127.0.0.1:12111")
    assert (eu.host, us.host) == ("api.stripe.com", "127.0.0.1:12111")
    resolver = secret_resolver(SECRETS)
    assert [one.reveal() for one in values_of(us, "calls", resolver)["secret_key"]] == ["sk_test_hidden_us"]
    assert [one.reveal() for one in values_of(eu, "webhooks", resolver)["webhook_secrets"]] == [
        "whsec_hidden_eu",
        "whsec_hidden_file",
    ]
    assert [one.reveal() for one in values_of(us, "webhooks", resolver)["webhook_secrets"]] == [
        "whsec_hidden_us",
        "whsec_hidden_old",
    ]
    assert "hidden" not in repr(settings)


def test_one_name_at_two_psps_is_refused_where_it_is_unclear(
    declared: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token names its account without the PSP; a wallet names none, so that Stripe and PayPal may both have a `shop`."""
    shops = SHOP + US.replace('name = "us"', 'name = "shop"')
    environment = declared.by(shops)
    check_accounts(read_settings(environment), secret_resolver(SECRETS | environment))
    monkeypatch.setattr(psps, "LIMITS", dict.fromkeys(LIMITS, LIMITS[STRIPE]))
    assert declared.refused(shops) == (
        "paypal and stripe both have an account shop that takes card: rename one of them"
    )


def test_each_process_reads_its_part_only(declared: Declared) -> None:
    """The other parts may be out of its reach."""
    (account, _) = read_settings(declared.by(EU + US)).psp_accounts
    calls = secret_resolver({"EU_KEY": "sk_test_1"})
    assert values_of(account, "calls", calls).keys() == {"secret_key"}
    with pytest.raises(ConfigurationError, match="EU_WEBHOOK is not set"):
        values_of(account, "webhooks", calls)


def test_value_that_is_no_secret_may_be_written_in_the_file(declared: Declared) -> None:
    """A reference to it is taken, too; what only looks like a reference is refused."""
    environment = declared.by(SHOP)
    resolver = secret_resolver(SECRETS)
    (shop,) = read_settings(environment).psp_accounts
    values = values_of(shop, "calls", resolver) | values_of(shop, "webhooks", resolver)
    assert {name: value.reveal() for name, (value,) in values.items()} == {
        "client_id": "Ashop",
        "client_secret": "hidden-secret",
        "webhook_id": "8PT597110X687430LKGECATA",
    }
    says = "account paypal/shop: client_id must be the value itself or a reference to it"
    assert says in declared.refused(SHOP.replace("Ashop", "env:lower"))
    assert "account paypal/shop: client_id is missing" in declared.refused(
        SHOP.replace('client_id = "Ashop"\n', "")
    )


def test_simulator_of_paypal_has_an_authority_of_its_own(declared: Declared) -> None:
    simulated = SHOP + 'base_url = "http://127.0.0.1:12111"\nca_file = "/no/authority.pem"\n'
    (shop,) = read_settings(declared.by(simulated)).psp_accounts
    assert (shop.host, str(shop.ca_file)) == ("127.0.0.1:12111", "/no/authority.pem")
    assert "account paypal/shop: the file /no/authority.pem" in declared.refused(simulated)
    relative = declared.refused(simulated.replace("/no/", "no/"))
    assert "account paypal/shop: ca_file must be a path from the root" in relative
    live = declared.refused(simulated.replace('"test"', '"live"'))
    assert "account paypal/shop: ca_file is for a simulator: a live account has none" in live


def test_accounts_at_different_psps_may_have_one_name(declared: Declared) -> None:
    """Each PSP has a default of its own."""
    accounts = configured_accounts(read_settings(declared.by(NO_DEFAULT + SHOP.replace("shop", "eu"))))
    assert [(one.psp, one.name, one.is_default) for one in accounts] == [
        ("stripe", "eu", True),
        ("paypal", "eu", True),
    ]


# Defaults


SHORTHAND = {
    "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_hidden",
    "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS": "whsec_hidden",
}
NO_DEFAULT = EU.replace("default = true\n", "")


def test_only_account_of_a_mode_is_its_default(declared: Declared) -> None:
    (account,) = configured_accounts(read_settings(declared.by(NO_DEFAULT)))
    assert account.is_default


@pytest.mark.parametrize(("file", "default"), [(EU, "eu"), (NO_DEFAULT, "test")])
def test_account_of_settings_is_default_unless_the_file_has_one(
    declared: Declared, file: str, default: str
) -> None:
    accounts = configured_accounts(read_settings(declared.by(file, **SHORTHAND)))
    assert [one.name for one in accounts] == ["test", "eu"]
    assert [one.name for one in accounts if one.is_default] == [default]


def test_mode_without_or_with_two_defaults_is_refused(declared: Declared) -> None:
    none = declared.refused(NO_DEFAULT + US)
    assert "none of stripe/eu, stripe/us is the default of test mode: write `default = true`" in none
    two = declared.refused(EU + US.replace('mode = "test"', 'mode = "test"\ndefault = true'))
    assert "stripe/eu, stripe/us are all the default of test mode" in two


def test_doubled_name_is_refused(declared: Declared) -> None:
    """Also over modes: the name alone is in URLs of webhooks and in accounts of the ledger."""
    live = EU.replace('"test"', '"live"')
    assert "account stripe/eu is declared 2 times" in declared.refused(EU + live)
    beside = declared.refused(EU.replace('"eu"', '"test"'), **SHORTHAND)
    assert "account stripe/test is declared 2 times (FINCORE_PSP_ACCOUNTS_FILE" in beside
    assert "FINCORE_STRIPE_TEST_..." in beside


def test_live_account_of_a_file_forbids_failpoints(declared: Declared) -> None:
    live = EU.replace('"test"', '"live"')
    assert read_settings(declared.by(EU, FINCORE_FAILPOINTS="allowed")).failpoints_allowed
    sentence = declared.refused(live, FINCORE_FAILPOINTS="allowed")
    assert sentence.startswith("FINCORE_FAILPOINTS must be off")
    assert "stripe/eu" in sentence


# What is wrong, by the sentence that says so


@pytest.mark.parametrize(
    ("found", "written", "says"),
    [
        ('psp = "stripe"', 'psp = "adyen"', "account 1: psp must be one of stripe, paypal"),
        ('psp = "stripe"\n', "", "account 1: psp is missing"),
        ('name = "eu"\n', "", "account 1: name is missing"),
        ('name = "eu"', 'name = "e:u"', "account 1: name must have 1 to 32 characters, a small letter first"),
        ('name = "eu"', 'name = "EU"', "account 1: name must have"),
        ('name = "eu"', f'name = "{"e" * 33}"', "account 1: name must have"),
        ('name = "eu"', "name = 7", "account 1: name must be a text in quotes"),
        ('mode = "test"', 'mode = "hidden"', "account stripe/eu: mode must be one of test, live"),
        ('mode = "test"\n', "", "account stripe/eu: mode is missing"),
        ("default = true", 'default = "yes"', "account stripe/eu: default must be true or false"),
        ("secret_key =", "secret_kye =", "no field 'secret_kye' (did you mean secret_key?)"),
        ("secret_key =", "colour =", "no field 'colour' (it has psp, name, mode, default, base_url, "),
        ('secret_key = "env:EU_KEY"\n', "", "account stripe/eu: secret_key is missing"),
        (
            "env:EU_KEY",
            "sk_test_hidden",
            "secret_key must be a reference to the secret, never the secret itself",
        ),
        ("env:EU_KEY", "env:sk_test_hidden", "secret_key must be a reference"),
        ("env:EU_KEY", "env:FINCORE_STRIPE_TEST_SECRET_KEY", "secret_key must be a reference"),
        ("env:EU_KEY", "file:hidden", "secret_key must be a reference"),
        ("env:EU_KEY", "vault:hidden", "secret_key must be a reference"),
        ('"env:EU_KEY"', '["env:EU_KEY"]', "secret_key must be one text in quotes, not a list"),
        ('["env:EU_WEBHOOK", "file', '[7, "file', "webhook_secrets must be a list of 1 to 5 texts"),
        ('["env:EU_WEBHOOK", "file:{folder}/webhook"]', "[]", "webhook_secrets must be a list of 1 to 5"),
        ("default = true", 'base_url = "stripe.com"', "account stripe/eu: base_url must be an http:// or"),
        ("default = true", 'base_url = "http://ada:hidden@stripe.com"', "base_url must be an address alone"),
        ("default = true", 'ca_file = "/ca.pem"', "account stripe/eu: there is no field 'ca_file'"),
        ("[[account]]", "[account]", "begin each account with a line [[account]]"),
        ("[[account]]", "account = 7\n[stripe]", "(it has account)"),
        ("[[account]]", "[[acount]]", "there is no field 'acount' (did you mean account?)"),
        ("[[account]]", "[[account", "the file is not TOML: "),
    ],
)
def test_wrong_declaration_is_one_sentence(declared: Declared, found: str, written: str, says: str) -> None:
    assert found in EU
    sentence = declared.refused(EU.replace(found, written))
    assert sentence.startswith(f"FINCORE_PSP_ACCOUNTS_FILE ({declared.path}): ")
    assert says in sentence


def test_live_account_is_not_called_in_clear(declared: Declared) -> None:
    live = US.replace('"test"', '"live"')
    read_settings(declared.by(live))  # this machine is no network
    sentence = declared.refused(live.replace("127.0.0.1:12111", "psp.example"))
    assert "account stripe/us: base_url of a live account must be an https:// URL" in sentence


def test_file_that_cannot_be_used_is_one_sentence(declared: Declared) -> None:
    assert "there must be 1 to 100 accounts" in declared.refused("")
    assert f"more than {FILE_BYTES_MAX:,} bytes" in declared.refused("#" * (FILE_BYTES_MAX + 1))
    environment = declared.by(EU)
    declared.path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        read_settings(environment)
    declared.path.chmod(0o666)
    with pytest.raises(ConfigurationError, match=r"any user may change the file: run `chmod o-w`"):
        read_settings(environment)
    declared.path.unlink()
    with pytest.raises(ConfigurationError, match=r"the file cannot be read \(No such file or directory\)"):
        read_settings(environment)


@pytest.mark.parametrize(
    ("variable", "secret", "says"),
    [
        ("EU_KEY", "", "account stripe/eu: secret_key: the environment variable EU_KEY is not set"),
        ("EU_KEY", "sk_live_hidden", "secret_key (env:EU_KEY) is a key of the other mode (live)"),
        ("EU_KEY", "pk_test_hidden", "secret_key (env:EU_KEY) is a publishable key"),
        ("EU_KEY", "sk_test_ hidden", "secret_key (env:EU_KEY) must have 1 to 4,096 ASCII characters"),
        ("EU_WEBHOOK", "hidden", "webhook_secrets (env:EU_WEBHOOK) does not begin with whsec_"),
        ("EU_WEBHOOK", ",", "webhook_secrets (env:EU_WEBHOOK) must have 1 to 4,096 ASCII characters"),
    ],
)
def test_wrong_secret_names_the_account_and_its_place(
    declared: Declared, monkeypatch: pytest.MonkeyPatch, variable: str, secret: str, says: str
) -> None:
    monkeypatch.setitem(SECRETS, variable, secret)
    sentence = declared.refused(EU)
    assert sentence.startswith(f"FINCORE_PSP_ACCOUNTS_FILE ({declared.path}): account stripe/eu: ")
    assert says in sentence


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            'publishable_key = "sk_test_hidden"',
            "publishable_key (written in the file) is a secret key, which every",
        ),
        (
            'publishable_key = "rk_test_hidden"',
            "publishable_key (written in the file) is a secret key, which every",
        ),
        (
            'publishable_key = "env:EU_KEY"',
            "publishable_key (env:EU_KEY) is a secret key, which every customer",
        ),
        ('publishable_key = "pk_live_hidden"', "is a key of the other mode (live)"),
        ('publishable_key = "hidden"', "does not begin with pk_test_: set the publishable key"),
        (
            'script_url = "http://js.hidden.example/v3/"',
            "script_url (written in the file) must be an https:// URL",
        ),
        ('script_url = "https://js.example/v3/?hidden"', "must be an https:// URL without a login, query"),
        ('script_url = "javascript:hidden"', "must be an https:// URL"),
        (
            'bank_account = "hidden:usd"',
            "bank_account (written in the file) must have 1 to 64 letters, digits, dots, hyphens and underscores",
        ),
        (f'bank_account = "{"b" * 65}"', "must have 1 to 64 letters"),
    ],
)
def test_wrong_value_of_an_account_is_refused_at_start(declared: Declared, given: str, says: str) -> None:
    sentence = declared.refused(f"{EU}{given}\n")
    assert sentence.startswith(f"FINCORE_PSP_ACCOUNTS_FILE ({declared.path}): account stripe/eu: ")
    assert says in sentence


def test_accounts_pay_out_to_the_bank_accounts_they_name(declared: Declared) -> None:
    environment = declared.by(f'{EU}bank_account = "main.eur"\n{US}{SHOP}bank_account = "env:BANK"\n')
    environment |= {
        "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_1",
        "FINCORE_STRIPE_TEST_BANK_ACCOUNT": "of_settings",
    }
    resolver = secret_resolver(SECRETS | environment | {"BANK": "second"})
    found = settled_accounts(read_settings(environment), resolver)
    assert {str(name): (one.livemode, one.bank_account) for name, one in found.items()} == {
        "stripe/test": (False, "of_settings"),
        "stripe/eu": (False, "main.eur"),
        "stripe/us": (False, None),
        "paypal/shop": (False, "second"),
    }


def test_wrong_bank_account_in_a_setting_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match="FINCORE_PAYPAL_LIVE_BANK_ACCOUNT must have 1 to 64 letters"
    ):
        read_settings({"FINCORE_PAYPAL_LIVE_BANK_ACCOUNT": "main:usd"})


def test_browsers_are_told_keys_and_script_of_an_account(declared: Declared) -> None:
    pages = 'publishable_key = "pk_test_pages"\n'
    environment = declared.by(f'{EU}{pages}script_url = "https://js.example/eu/"\n{US}{pages}{SHOP}')
    accesses = browser_accesses(read_settings(environment), secret_resolver(SECRETS | environment))
    assert {
        str(name): (one.script_url, one.publishable_key, one.client_id) for name, one in accesses.items()
    } == {
        "stripe/eu": ("https://js.example/eu/", "pk_test_pages", None),
        "stripe/us": ("http://127.0.0.1:12111/v3/", "pk_test_pages", None),
        "paypal/shop": ("https://www.paypal.com/sdk/js", None, "Ashop"),
    }


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read"), (b" \n", "is empty"), (b"\xff", "not UTF-8"), (b"k" * 65_537, "65,536 bytes")],
)
def test_wrong_secret_file_names_the_account(declared: Declared, content: bytes | None, says: str) -> None:
    key = declared.folder / "key"
    key.unlink()
    if content is not None:
        key.write_bytes(content)
    sentence = declared.refused(US)
    assert f"account stripe/us: secret_key: the file {key} " in sentence
    assert says in sentence


@pytest.mark.parametrize(
    "text",
    [
        "env:KEY",
        "env:_KEY_2",
        "file:/run/secrets/key",
        "aws-secret:fincore/stripe",
        "aws-secret:fincore/live/stripe_eu#secret_key",
        "aws-secret:arn:aws:secretsmanager:eu-central-1:123456789012:secret:fincore/stripe-AbCdEf#key",
    ],
)
def test_reference_prints_as_it_is_written(text: str) -> None:
    assert str(parse_reference(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "aws-secret:whsec_1",
        "aws-secret:/key",
        "aws-secret:a/b#",
        "aws-secret:a/b c",
        "aws-secret:arn:aws:s3:::bucket/key",
    ],
)
def test_text_that_may_be_the_secret_is_no_reference(text: str) -> None:
    assert parse_reference(text) is None


def test_reference_has_a_bound() -> None:
    assert parse_reference("file:/" + "a" * 1_018) is not None
    assert parse_reference("file:/" + "a" * 1_019) is None


def test_file_that_the_guide_shows_is_taken(declared: Declared) -> None:
    """With secrets where it says that they are."""
    shown = named_block("docs/guides/run.md", "run", "psp-accounts").code
    settings = read_settings(declared.by(shown.replace("/run/secrets/", f"{declared.folder}/")))
    kinds = {"secret_key": "sk_live_hidden", "webhook_secrets": "whsec_hidden"}
    secrets = {
        source: kinds.get(field, "hidden")
        for account in settings.psp_accounts
        for field, sources in account.sources.items()
        for source in sources
        if isinstance(source, SecretReference)
    }
    for source, secret in secrets.items():
        if source.scheme == "file":
            Path(source.place).write_text(secret)
    check_accounts(settings, secret_resolver({source.place: secret for source, secret in secrets.items()}))
    assert {account.psp for account in settings.psp_accounts} == {"stripe", "paypal"}
