"""The charges and refunds of FinCore, read from its log by a DSN, or from its API where there is none."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.rows import dict_row

from fincore.domain.ids import StreamId, charge_of
from fincore.postgres.named_sql import load_sql
from loadtest.comparison import LoggedCharge
from loadtest.generator.load_settings import KEY_NAME

TIMEOUT_SECONDS: Final = 30.0
NOT_FOUND: Final = 404

_SQL = load_sql("loadtest", "stored_charges.sql")


class Stored(NamedTuple):
    """Charges by id; refunds by id with what the customer got in minor units; the charge of each refund."""

    charges: dict[str, LoggedCharge]
    refunds: dict[str, int]
    refund_charges: dict[str, str]


def from_log(dsn: str, run_id: str | None = None) -> Stored:
    """Everything the log has; with `run_id`, only the charges of that run."""
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as connection:
        refund_rows = connection.execute(_SQL.refunds).fetchall()
        charge_rows = connection.execute(_SQL.charges, {"run_id": run_id}).fetchall()
    refund_charges = {row["refund_id"]: str(charge_of(StreamId(row["stream_id"]))) for row in refund_rows}
    refunds = {row["refund_id"]: int(row["amount_minor"]) for row in refund_rows}
    refunded: dict[str, int] = {}
    for refund_id, minor in refunds.items():
        charge_id = refund_charges[refund_id]
        refunded[charge_id] = refunded.get(charge_id, 0) + minor
    charges = {}
    for row in charge_rows:
        charge_id = str(charge_of(StreamId(row["stream_id"])))
        charges[charge_id] = LoggedCharge(
            load_key=row["load_key"],
            amount_minor=row["amount_minor"],
            captured_minor=row["captured_minor"],
            refunded_minor=refunded.get(charge_id, 0),
        )
    return Stored(charges, refunds, refund_charges)


def outcome_times(dsn: str, *, began: float) -> tuple[float, float] | None:
    """Median and 99th percentile of the seconds to an outcome, of charges since a moment in seconds since 1970; None where there is none."""
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as connection:
        row = connection.execute(_SQL.outcome_times, {"began": began}).fetchone()
    return None if row is None or not row["charges"] else (row["p50_seconds"], row["p99_seconds"])


def from_api(api_url: str, api_key: str, charge_ids: Iterable[str]) -> Stored:
    """The charges that were accepted, as the API shows each: what it does not have is left out."""
    charges: dict[str, LoggedCharge] = {}
    refunds: dict[str, int] = {}
    refund_charges: dict[str, str] = {}
    for charge_id in charge_ids:
        told = _get(f"{api_url}/v1/charges/{charge_id}", api_key)
        if told is None:
            continue
        charges[charge_id] = LoggedCharge(
            load_key=told.get("metadata", {}).get(KEY_NAME),
            amount_minor=told["amount_minor"],
            captured_minor=told["amount_captured_minor"],
            refunded_minor=told["amount_refunded_minor"],
        )
        for refund in told.get("refunds", ()):
            refunds[refund["id"]] = refund["amount_minor"] if refund["status"] == "succeeded" else 0
            refund_charges[refund["id"]] = charge_id
    return Stored(charges, refunds, refund_charges)


def _get(url: str, api_key: str) -> dict[str, Any] | None:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {api_key}"})  # noqa: S310 -- the loaded API
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 -- as above
            told: dict[str, Any] = json.load(response)
            return told
    except urllib.error.HTTPError as refusal:
        with refusal:
            if refusal.code == NOT_FOUND:
                return None
            raise
