"""What this database remembers of the key store that its data's keys are in."""

from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.tables.keys import key_store
from domain.identity.keys.epochs import KeyStoreState


class PgKeyMarks:
    """One row; its counts only grow."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read(self) -> KeyStoreState | None:
        """The mark; None if there was no key store yet. Raises DatabaseAway."""
        c = key_store.c
        statement = select(c.id, c.epochs, c.destroyed, c.erased)
        async with self._engine.connect() as connection:
            row = (await connection.execute(statement)).first()
        return None if row is None else KeyStoreState(*row)

    async def raise_to(self, state: KeyStoreState) -> None:
        """Remember these counts, where they are greater. Raises DatabaseAway."""
        values = {
            "id": state.id,
            "epochs": state.epochs,
            "destroyed": state.destroyed,
            "erased": state.erased,
        }
        async with self._engine.begin() as connection:
            await connection.execute(_RAISE, values)


_RAISE: Final = text("""
INSERT INTO key_store AS k (id, epochs, destroyed, erased) VALUES (:id, :epochs, :destroyed, :erased)
ON CONFLICT (only_row) DO UPDATE
  SET epochs = GREATEST(k.epochs, EXCLUDED.epochs), destroyed = GREATEST(k.destroyed, EXCLUDED.destroyed),
      erased = GREATEST(k.erased, EXCLUDED.erased)
  WHERE k.id = EXCLUDED.id
    AND (k.epochs, k.destroyed, k.erased) IS DISTINCT FROM
        (GREATEST(k.epochs, EXCLUDED.epochs), GREATEST(k.destroyed, EXCLUDED.destroyed),
         GREATEST(k.erased, EXCLUDED.erased))
""")
