"""The spool: batches on the local disk while the inbox cannot take them (docs/decisions/0015).

`frames` the file format · `disk` the system calls · `folder` the segments of one process · `writer` appends
to them · `spool` the interface for the intake · `drainer` moves everything to the inbox.
"""
