"""What a person is alarmed of: one table of conditions over FinCore's own metrics, with what to do about each.

It refuses to know how metrics are collected and who is told: Prometheus, or whatever asks for them, evaluates the table.
"""
