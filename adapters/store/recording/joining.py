"""How another callback changes an existing verification."""

from typing import Final

from adapters.store.statements import due_moves

JOIN_STANDING: Final = f"""
ON CONFLICT (id) DO UPDATE SET
  state = CASE WHEN v.erased_at IS NOT NULL THEN v.state
               WHEN v.state = 'created' OR (v.state = 'expired' AND EXCLUDED.final_digest IS NOT NULL)
               THEN 'received' ELSE v.state END,
  biz_no = COALESCE(v.biz_no, EXCLUDED.biz_no),
  vendor_status = CASE WHEN v.final_digest IS NULL THEN EXCLUDED.vendor_status ELSE v.vendor_status END,
  final_digest = COALESCE(v.final_digest, EXCLUDED.final_digest),
  ended_at = COALESCE(v.ended_at, EXCLUDED.ended_at),
  {due_moves.JOIN_CALLBACK},
  held = v.held OR (EXCLUDED.held AND v.registered_at IS NULL AND v.state <> 'decided'
                    AND v.erased_at IS NULL),
  received_at = COALESCE(v.received_at, EXCLUDED.received_at)
"""
"""For an INSERT into `verifications AS v`.

A callback of a running flow does not revive an expired verification: no sweep would look at it again. A
decided verification is never held, whatever arrives after the decision. An erased one stays as it is.
"""
