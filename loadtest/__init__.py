"""Loads an installation of FinCore with a declared mix of traffic by the clock, watches it, and reports what became of every charge.

The generator (`generator/`, on Locust) runs here, on several machines, or as a bundle for AWS Distributed Load Testing. Refuses to know
how FinCore does what it is asked for, and to send anything with a live key.
"""
