"""The database URL in its usual spellings; errors without parameters, which are identities."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.database import DATABASE_AWAY, create_engine, database_url
from domain.errors import SettingsError


@pytest.mark.parametrize(
    "url",
    ["postgres://u:p@db/faceid", "postgresql://u:p@db/faceid", "postgresql+asyncpg://u:p@db/faceid"],
)
def test_every_usual_spelling_gets_our_driver(url: str) -> None:
    parsed = database_url(url)
    assert parsed.render_as_string(hide_password=False) == "postgresql+asyncpg://u:p@db/faceid"


@pytest.mark.parametrize(
    "url", ["", "faceid", "mysql://u:hunter2@db/x", "postgresql+psycopg2://u:hunter2@db/x", "sqlite://"]
)
def test_another_database_is_refused_without_quoting_the_url(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^FACEID_DATABASE_URL: ") as caught:
        database_url(url)
    assert "hunter2" not in str(caught.value)


async def test_no_parameter_stands_in_an_error(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError) as caught:
            await connection.execute(text("SELECT 1 / length(:name), nowhere.column"), {"name": "canary"})
    assert "canary" not in str(caught.value)


async def test_a_server_that_is_away_is_one_of_the_named_errors(free_port: int) -> None:
    engine = create_engine(f"postgresql://u:p@127.0.0.1:{free_port}/x")
    with pytest.raises(DATABASE_AWAY):
        async with engine.connect():
            pass
    await engine.dispose()
