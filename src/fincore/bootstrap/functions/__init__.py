"""The functions of Lambda: handlers by name, each the composition of what one role follows, from the same settings.

They know which stores a function needs, and keep them open between invocations. They refuse to know what an event means, and
how Lambda was told to invoke them.
"""
