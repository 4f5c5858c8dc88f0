"""The spool: batches on the local disk for as long as the inbox cannot take them (docs/decisions/0015).

`frames` how a batch stands in a file · `disk` the system calls · `folder` one owner's segments · `writer`
appends to them · `spool` what the intake uses · `drainer` brings everything to the inbox.
"""
