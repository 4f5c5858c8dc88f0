"""`--processes N`: keep N processes of one role running, and replace them one by one (docs/decisions/0031).

`child` one process · `supervisor` all of them · `command` runs a role under it.
"""
