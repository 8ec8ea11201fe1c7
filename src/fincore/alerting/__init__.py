"""The alerts: one table of conditions over FinCore's own metrics, with what to do about each.

It does not know how metrics are collected or who is notified: Prometheus, or another monitor, evaluates the table.
"""
