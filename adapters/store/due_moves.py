"""Every way in which a statement moves `due_at`, the time to look at a verification next.

Parts of SQL, for the row that is updated. A move that must not be undone by the present holder of the lease
counts `fence` up. `domain.pulls.due` computes the times that depend on a callback or a registration.
"""

from typing import Final

TAKE: Final = "due_at = :until, fence = v.fence + 1"
"""Claim under a lease until then."""

REST: Final = "due_at = :until"
"""Look again then. For the holder of the lease."""

LOOK_NOW: Final = "due_at = :now, fence = fence + 1"
"""Somebody asks about the verification: the holder of the lease does not know of it and loses the lease."""

END: Final = "due_at = NULL, asked_at = NULL"
"""Nothing is left to do: it is decided, expired, moved to another app, or its request is answered."""

NOW_IF_ENDED: Final = "CASE WHEN final_digest IS NULL THEN due_at ELSE :now END"
"""At once if its flow has ended; a flow that goes on keeps its time."""

RELEASE: Final = f"due_at = {NOW_IF_ENDED}"
"""It waits for a registration no longer."""

REGISTER: Final = "due_at = :due_at, fence = fence + :taken"
"""A verification that stood before its registration: `due_after_registration`. Another order than that of
its callbacks takes the lease."""

JOIN_CALLBACK: Final = """fence = CASE WHEN v.final_digest IS NULL AND EXCLUDED.final_digest IS NOT NULL
               THEN v.fence + 1 ELSE v.fence END,
  due_at = CASE WHEN v.state <> 'decided' AND v.final_digest IS NULL AND EXCLUDED.final_digest IS NOT NULL
                THEN EXCLUDED.due_at ELSE v.due_at END"""
"""Another callback of a verification: the first one whose flow has ended takes the lease."""

END_WITH_DAY: Final = "due_at = v.received_at + CAST(:kept AS interval)"
"""A flow that goes on, as versions before migration 0007 left it: without a time."""
