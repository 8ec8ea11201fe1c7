"""The resource `/staff/v1/proposals`: what one person of staff asks for, and another approves or declines.

It knows what a proposal is about by its kind alone; how one is carried out, it does not know.
"""
