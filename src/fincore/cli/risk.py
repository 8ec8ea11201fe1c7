"""What `fincore risk` can do: the rules by which charges are blocked, challenged and held, and the charges under review."""

from cyclopts import App

from fincore.cli import risk_lists, risk_rules, risk_trials
from fincore.cli.commands import COMMANDS
from fincore.cli.risk_cases import cases
from fincore.cli.risk_store import store

risk = App(name="risk", help=COMMANDS["risk"].help)
risk.command(risk_rules.show_risk, name="show")
risk.command(risk_rules.draft_risk, name="draft")
risk.command(risk_trials.back_test_rules, name="test")
risk.command(risk_rules.shadow_risk, name="shadow")
risk.command(risk_trials.compare_risk, name="compare")
risk.command(risk_rules.live_risk, name="live")
risk.command(risk_rules.retire_risk, name="retire")
risk.command(risk_rules.order_risk, name="order")
risk.command(risk_rules.list_facts, name="features")
risk.command(risk_rules.start_risk, name="starter")
risk.command(risk_lists.lists)
risk.command(risk_lists.block_charge, name="block")
risk.command(cases)
risk.command(store)
