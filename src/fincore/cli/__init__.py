"""Operators' commands, one module a noun: it reads what was typed, calls a use case, and prints what came back.

It refuses to know how a store is reached and what a command does; it alone prints.
"""
