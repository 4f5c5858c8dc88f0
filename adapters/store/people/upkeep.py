"""Delete sessions, links, tokens, tries and roles that have ended."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.people.session import IDLE, LONGEST

_ENDED: Final = {
    "sessions": f"seen_at < now() - interval '{IDLE.total_seconds()} seconds' "
    f"OR signed_in_at < now() - interval '{LONGEST.total_seconds()} seconds'",
    "sign_in_links": "ends_at < now()",
    "personal_tokens": "expires_at < now()",
    "person_roles": "until < now()",
    "sign_in_tries": "full_at < now() AND (known_until IS NULL OR known_until < now())",
}


class PgPeopleUpkeep:
    """Deletes what has ended."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def forget(self) -> int:
        """Delete what has ended, which nothing reads any more; returns how many rows."""
        count = 0
        for table, ended in _ENDED.items():
            async with self._engine.begin() as connection:
                count += (await connection.execute(text(f"DELETE FROM {table} WHERE {ended}"))).rowcount  # noqa: S608
        return count
