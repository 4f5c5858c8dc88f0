"""How many persons have each role, and what programs' tokens there are."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.views.operations.compliance import AccessCounts, RoleCount, TokenCount


async def count_access(engine: AsyncEngine) -> AccessCounts:
    """Count active persons by role and app, and valid tokens by apps and scopes. Raises DatabaseAway."""
    async with engine.connect() as connection:
        roles = (await connection.execute(_ROLES)).all()
        tokens = (await connection.execute(_TOKENS)).all()
        personal = int(await connection.scalar(_PERSONAL) or 0)
    return AccessCounts(
        roles=[RoleCount(row.role, row.app_id, row.number) for row in roles],
        tokens=[TokenCount(row.apps, sorted(row.scopes), row.number) for row in tokens],
        personal_tokens=personal,
    )


_ROLES: Final = text("""
SELECT r.role, r.app_id, count(DISTINCT p.id) AS number FROM person_roles r
JOIN persons p ON p.id = r.person_id
WHERE p.state = 'active' AND (r.until IS NULL OR r.until > now())
GROUP BY r.role, r.app_id ORDER BY r.role, r.app_id NULLS FIRST
""")

_TOKENS: Final = text("""
SELECT apps, scopes, count(*) AS number FROM api_tokens
WHERE expires_at IS NULL OR expires_at > now() GROUP BY apps, scopes ORDER BY apps, scopes
""")

_PERSONAL: Final = text("SELECT count(*) FROM personal_tokens WHERE expires_at > now()")
