"""Charges, refunds, disputes and events as merchants see them, in answers of the API and in webhooks alike.

Pure: from the domain's state to the object that is shown. It refuses to know HTTP, SQL, and who asks.
"""
