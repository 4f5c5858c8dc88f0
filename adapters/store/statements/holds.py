"""Parts of SQL about legal holds: nothing erases or deletes what is held."""

from typing import Final

from sqlalchemy import text


def is_held(verification_id: str) -> str:
    """The verification with this id is held."""
    return f"EXISTS (SELECT FROM holds h WHERE h.verification_id = {verification_id} AND h.lifted_at IS NULL)"


ROW_IS_HELD: Final = """EXISTS (
    SELECT FROM verifications v JOIN holds h ON h.verification_id = v.id
    WHERE v.app_id = a.app_id AND v.biz_id = a.subject AND h.lifted_at IS NULL)"""
"""Row `a` of the audit is about a verification that is held."""

LOCK_ALL: Final = text(
    "SELECT FROM verifications WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE"
)
"""Locks the verifications `:ids`. A hold is placed under the same lock."""
