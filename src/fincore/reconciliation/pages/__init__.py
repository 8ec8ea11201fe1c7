"""What staff look at of reconciliation beside breaks: runs, days and uncleared items page by page, and one file with all that is known of it.

It refuses to know who looks, and changes nothing.
"""
