"""The alerts and dashboards: tables of conditions and curves over FinCore's own metrics, and what other programs make of them.

It does not know how metrics are collected or who is notified: Prometheus, or another monitor, evaluates the tables.
"""
