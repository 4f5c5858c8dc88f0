"""The log events of reading and indexing identity. None of them has any."""

from typing import Final

from adapters.logs.event import LogEvent

IDENTITY_EVENTS: Final = {
    "identity.indexed": LogEvent(
        "info",
        "worker",
        "`count` ID numbers were indexed that an older version had left out, or that were hashed under an "
        "older master key.",
    ),
    "erasures.missing": LogEvent(
        "error",
        "api, console, worker",
        "The database was replaced by an older one, which lacks `count` erasures of the ledger: this process "
        "ends, and its next start is refused ([a restored backup](../operations.md#a-restored-backup)).",
    ),
    "identity.limit_reached": LogEvent(
        "warning",
        "api, console",
        "`actor` asked for more identities than `identity_reads_a_day` allows, and got none.",
    ),
    "pictures.missing": LogEvent(
        "error",
        "api, console",
        "The store of pictures lacks a picture of `verification_id`, or it does not open; it is shown as "
        "missing.",
    ),
    "identity.not_indexed": LogEvent(
        "warning",
        "worker",
        "No configured key decrypts the identity of `verification_id`; it is not found by its number.",
    ),
}
