"""/v1/disputes: look at the disputes that customers' banks opened, and list them.

It refuses to change a dispute, and to know any other resource.
"""
