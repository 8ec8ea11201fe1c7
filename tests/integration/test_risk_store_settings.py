"""What the settings of the risk store lead to, at the start of a role and in `fincore risk store create`."""

import logging
import subprocess
import sys
from uuid import uuid4

import pytest
import structlog

from fincore.bootstrap import risk_table
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.risk_store import running_risk_store
from fincore.bootstrap.settings import Settings
from fincore.cli.risk_store import create_table
from fincore.domain.errors import ConfigurationError, StoreUnavailable
from fincore.observability.logs import configure_logs
from fincore.postgres.pool import Pool
from fincore.write.risk.store import Counter
from fixtures.dynamo_clients import REGION
from fixtures.risk_stores import Attempts, SetClock

BY_IP = Counter("attempts", "ip", "1h")
IP = "203.0.113.9"


@pytest.fixture
def environment(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings for a table that is not there, with the credentials beside them, as an operator has them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    # The emulator shares the machine with other tests.
    monkeypatch.setattr(risk_table, "ANSWER_SECONDS_MAX", 60)
    return {
        "FINCORE_RISK_STORE": "dynamodb",
        "FINCORE_RISK_DYNAMODB_TABLE": f"risk-{uuid4()}",
        "FINCORE_RISK_DYNAMODB_REGION": REGION,
        "FINCORE_RISK_DYNAMODB_URL": aws_url,
    }


def stores_on(pool: Pool) -> Stores:
    return Stores(eventstore=pool, queue=pool, notify=pool, risk=pool, paymentdb=pool, ledgerdb=pool)


async def counted(pool: Pool, settings: Settings) -> int:
    async with running_risk_store(stores_on(pool), SetClock(), settings) as store:
        return (await store.observe(Attempts().next(ip=IP), [BY_IP], ())).counts[BY_IP]


def test_risk_store_is_created_by_its_command(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    create_table()
    create_table()
    name = environment["FINCORE_RISK_DYNAMODB_TABLE"]
    assert capsys.readouterr().out.splitlines() == [f"table {name} is created", f"table {name} was there"]


def test_risk_store_in_postgresql_has_no_table_to_create(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINCORE_RISK_STORE", "postgresql")
    with pytest.raises(ConfigurationError, match="set FINCORE_RISK_STORE=dynamodb"):
        create_table()


async def test_role_does_not_start_without_the_table(environment: dict[str, str], pool: Pool) -> None:
    with pytest.raises(ConfigurationError, match="fincore risk store create"):
        await counted(pool, read_settings(environment))


async def test_role_needs_a_region_of_dynamodb(environment: dict[str, str], pool: Pool) -> None:
    environment["FINCORE_RISK_DYNAMODB_REGION"] = ""
    with pytest.raises(ConfigurationError, match="FINCORE_RISK_DYNAMODB_REGION or AWS_REGION"):
        await counted(pool, read_settings(environment))


async def test_role_starts_while_dynamodb_is_away(environment: dict[str, str], pool: Pool) -> None:
    """Nothing listens there. Charges are assessed by the failure mode meanwhile, as the store says that it is away."""
    environment["FINCORE_RISK_DYNAMODB_URL"] = "http://127.0.0.1:9"
    async with running_risk_store(stores_on(pool), SetClock(), read_settings(environment)) as store:
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            await store.observe(Attempts().next(ip=IP), [BY_IP], ())


async def test_session_token_of_aws_is_never_logged(
    environment: dict[str, str],
    pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The library tells whole requests with their signatures at the level debug."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token-of-this-session")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs(level="debug", log_format="json")
    try:
        with pytest.raises(ConfigurationError):
            await counted(pool, read_settings(environment))
        logging.getLogger("fincore").debug("what FinCore says")
        told = capsys.readouterr().err
    finally:
        # The tests that come after it in this process read what is logged, too.
        structlog.reset_defaults()
        root.handlers[:], root.level = handlers, level
    assert "what FinCore says" in told
    assert "token-of-this-session" not in told
    assert "Signature=" not in told


def test_dynamodb_without_its_library_is_one_sentence() -> None:
    """Everything else runs without the library; the setting that needs it says what to install."""
    program = """
import sys
sys.modules["aiobotocore"] = sys.modules["botocore"] = None
import fincore.cli.risk, fincore.bootstrap.api, fincore.bootstrap.worker, fincore.bootstrap.card_edge
from fincore.__main__ import main
sys.argv = ["fincore", "risk", "store", "create"]
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"FINCORE_RISK_STORE": "dynamodb", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "fincore-payments[aws]" in done.stderr
    assert "Traceback" not in done.stderr
