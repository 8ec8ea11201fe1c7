"""/v1/csp-reports: where browsers report what a content security policy of a page kept out.

It refuses to know who reports, and it believes no report.
"""
