"""A new dead letter and the begin of an erasure of its verification wait for each other.

Where a verification is not recorded, there is no row to lock: a letter whose transaction has seen no erasure
would be stored after the erasure has deleted the others.
"""

from typing import Final

from sqlalchemy import text

_NAME: Final = "hashtextextended('dead_letters/' || CAST(CAST(:id AS uuid) AS text), 0)"

ADD: Final = text(f"SELECT pg_advisory_xact_lock_shared({_NAME})")
"""For who stores a letter of verification `:id`: before it looks whether that is erased."""

STOP: Final = text(f"SELECT pg_advisory_xact_lock({_NAME})")
"""For who begins an erasure: what is stored from now on sees it."""
