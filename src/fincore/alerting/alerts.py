"""Every alert, in one table, by kind. A row names only metrics that exist. Pure."""

from typing import Final

from fincore.alerting.books import BOOKS_ALERTS
from fincore.alerting.cards_and_pages import CARDS_AND_PAGES_ALERTS
from fincore.alerting.objectives import BURN_ALERTS
from fincore.alerting.payments import PAYMENTS_ALERTS
from fincore.alerting.routing_and_risk import ROUTING_AND_RISK_ALERTS
from fincore.alerting.running import RUNNING_ALERTS
from fincore.alerting.settlement import SETTLEMENT_ALERTS
from fincore.alerting.webhooks import WEBHOOKS_ALERTS
from fincore.alerting.work import WORK_ALERTS

ALERTS: Final = (
    *RUNNING_ALERTS,
    *BURN_ALERTS,
    *PAYMENTS_ALERTS,
    *BOOKS_ALERTS,
    *WORK_ALERTS,
    *WEBHOOKS_ALERTS,
    *CARDS_AND_PAGES_ALERTS,
    *ROUTING_AND_RISK_ALERTS,
    *SETTLEMENT_ALERTS,
)
"""Every condition that needs a person."""
