"""What has ended is deleted from time to time, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from adapters.store.people.upkeep import PgPeopleUpkeep
from domain.people.entry import Origin
from domain.people.roles import Grant, Role
from tests.support.memory.people import MemoryPeopleUpkeep
from tests.support.workers.jobs import Jobs
from tests.usecases.people.conftest import Office
from usecases.people.upkeep import EndedSignIns

TABLES = ("sessions", "sign_in_links", "personal_tokens", "person_roles", "sign_in_tries", "persons")


async def count(office: Office) -> list[int]:
    """The rows of each table."""
    async with office.engine.connect() as connection:
        return [await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in TABLES]


async def test_what_has_ended_is_deleted_and_the_rest_stays(office: Office) -> None:
    kept = await office.person("kept", Grant(Role.VIEWER))
    gone = await office.person("gone", Grant(Role.VIEWER))
    for person, seconds in ((kept, 3600.0), (gone, -1.0)):
        await office.cookie(person, Origin(None))
        await office.link(person, seconds=seconds)
        await office.token(person, expires_at=datetime.now(UTC) + timedelta(seconds=seconds))
        await office.limits.take(person.name, f"192.0.2.{len(person.name)}")
    await office.limits.succeeded("kept", "192.0.2.4")
    for statement in (
        "UPDATE sessions SET seen_at = now() - interval '31 minutes' WHERE person_id = :gone",
        "UPDATE person_roles SET until = now() - interval '1 second' WHERE person_id = :gone",
        "UPDATE sign_in_tries SET full_at = now() - interval '1 second' WHERE known_until IS NULL",
    ):
        await office.run(statement, **({"gone": gone.id} if ":gone" in statement else {}))
    assert (await count(office))[:4] == [2, 2, 2, 2]
    assert await PgPeopleUpkeep(office.engine).forget() >= 5
    assert await count(office) == [1, 1, 1, 1, 1, 2]
    assert await PgPeopleUpkeep(office.engine).forget() == 0


async def test_it_is_done_every_ten_minutes(jobs: Jobs) -> None:
    people = MemoryPeopleUpkeep()
    upkeep = EndedSignIns(replace(jobs.context, people=people))
    for minutes, calls in ((0, 1), (5, 1), (5, 2), (10, 3)):
        jobs.clock.now += timedelta(minutes=minutes)
        await upkeep.forget()
        assert people.count == calls
