"""Every way in which a statement moves `due_at`, the time to look at a verification next.

Parts of SQL, for the row that is updated. A move that the present holder of the lease must not undo
increments `fence`. `domain.pulls.due` computes the times that depend on a callback or a registration.
"""

from typing import Final

TAKE: Final = "due_at = :until, fence = v.fence + 1"
"""Claim it: a lease until that time."""

REST: Final = "due_at = :until"
"""Look again at that time; for the holder of the lease."""

LOOK_NOW: Final = "due_at = :now, fence = fence + 1"
"""A person or a browser asks about the verification: the holder of the lease does not know that, so it loses
the lease.
"""

END: Final = "due_at = NULL, asked_at = NULL"
"""Nothing is left to do: the verification is decided, expired or moved to another app, or its request is
answered.
"""

NOW_IF_ENDED: Final = "CASE WHEN final_digest IS NULL THEN due_at ELSE :now END"
"""At once if its flow has ended; a running flow keeps its time."""

RELEASE: Final = f"due_at = {NOW_IF_ENDED}"
"""It no longer waits for a registration."""

REGISTER: Final = "due_at = :due_at, fence = fence + :taken"
"""A verification that existed before its registration: `due_after_registration`. If its callbacks name
another order, the holder loses the lease.
"""

JOIN_CALLBACK: Final = """fence = CASE WHEN v.final_digest IS NULL AND EXCLUDED.final_digest IS NOT NULL
               THEN v.fence + 1 ELSE v.fence END,
  due_at = CASE WHEN v.state <> 'decided' AND v.erased_at IS NULL AND v.final_digest IS NULL
                     AND EXCLUDED.final_digest IS NOT NULL
                THEN EXCLUDED.due_at ELSE v.due_at END"""
"""Another callback of a verification: the first one whose flow has ended takes the lease away."""

END_WITH_DAY: Final = "due_at = v.received_at + CAST(:kept AS interval)"
"""A running flow without a time, as versions before migration 0007 left it."""
