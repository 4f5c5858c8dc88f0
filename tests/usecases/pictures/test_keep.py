"""Pictures leave an answer sealed, before it is recorded, and no decision waits for their store."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from adapters.sealing.envelope import place_of
from domain.identity.pictures import place_of_picture
from tests.support.memory.identity.pictures import MemoryPictures
from tests.support.storage.pictures import CARD, FACE, PictureRig, with_pictures
from tests.support.storage.stores import payload
from tests.support.workers.jobs import Jobs, WorkerDied, answered, app
from usecases.pictures.keep import PictureKeeping
from usecases.verifications.advance import advance

DAY = timedelta(days=1, seconds=1)


@pytest.fixture
def rig(jobs: Jobs) -> PictureRig:
    jobs.configure(msgspec.structs.replace(app(), return_image=4))
    rig = PictureRig(jobs.store, jobs.clock)
    jobs.context = replace(jobs.context, picture_keeping=rig.keeping, picture_sweep=rig.sweep)
    return rig


async def pull(jobs: Jobs, n: int = 1) -> UUID:
    """Decide verification `n` on a result with two pictures."""
    jobs.vendor.answers = [answered(with_pictures(n))]
    case = await jobs.case(payload(n))
    await advance(jobs.context, case)
    return case.verification_id


async def change(jobs: Jobs, statement: str) -> None:
    async with jobs.store.engine.begin() as connection:
        await connection.execute(text(statement))


async def test_result_is_recorded_without_its_pictures(jobs: Jobs, rig: PictureRig) -> None:
    jobs.vendor.answers = [answered(with_pictures())]
    case = await jobs.case()

    await advance(jobs.context, case)

    kept = await jobs.store.ledger.answer_of(case.lease)
    assert kept is not None
    assert sorted(json.loads(kept)["images"]) == ["image_best", "image_idcard_front"]
    assert b"base64" not in kept
    assert await jobs.outcome() == ("decided", "approved", [])
    assert [(each.name, each.size) for each in await rig.rows.of(case.verification_id)] == [
        ("image_best", len(FACE)),
        ("image_idcard_front", len(CARD)),
    ]


async def test_pieces_are_sealed_for_their_place_alone(jobs: Jobs, rig: PictureRig) -> None:
    jobs.vendor.answers = [answered(with_pictures())]
    case = await jobs.case()
    await advance(jobs.context, case)
    [best, card] = await rig.rows.of(case.verification_id)

    sealed = rig.kept.pieces[case.verification_id, best.piece]

    assert not any(part in piece for piece in rig.kept.pieces.values() for part in (FACE[:40], CARD[:40]))
    place = place_of_picture("demo", case.verification_id, best)
    assert case.lease.key.unseal(sealed, place=place) == FACE
    with pytest.raises(Exception, match="do not open"):
        case.lease.key.unseal(sealed, place=place_of_picture("demo", case.verification_id, card))
    assert place_of("demo", "pictures", f"{case.verification_id}/1-0/image_best") == place


@pytest.mark.parametrize(("point", "pieces"), [("before_pictures", 0), ("after_pictures", 2)])
async def test_what_a_killed_worker_leaves_is_deleted_a_day_later(
    jobs: Jobs, rig: PictureRig, point: str, pieces: int
) -> None:
    jobs.die_at(point)  # type: ignore[arg-type]
    with pytest.raises(WorkerDied):
        await pull(jobs)

    assert await jobs.ledger() == [(1, "reserved", None)]
    assert len(rig.kept.pieces) == pieces
    assert await jobs.store.rows("SELECT count(*) FROM pictures WHERE stored_at IS NULL") == [(2,)]
    assert await rig.sweep.delete_left() == 0

    jobs.clock.go_on(DAY)
    assert await rig.sweep.delete_left() == 2

    assert not rig.kept.pieces
    assert await jobs.store.rows("SELECT count(*) FROM pictures") == [(0,)]


async def test_pieces_are_in_their_store_before_the_result_is_recorded(jobs: Jobs, rig: PictureRig) -> None:
    seen: list[tuple[int, list[tuple[int, str, str | None]]]] = []

    class Watching(MemoryPictures):
        async def put(self, verification_id: UUID, pieces: Mapping[str, bytes]) -> None:
            await super().put(verification_id, pieces)
            seen.append((len(self.pieces), await jobs.ledger()))

    keeping = PictureKeeping(Watching(), rig.rows, clock=jobs.clock)
    jobs.context = replace(jobs.context, picture_keeping=keeping)

    await pull(jobs)

    assert seen == [(2, [(1, "reserved", None)])]


async def test_decision_does_not_wait_for_a_store_that_is_away(jobs: Jobs, rig: PictureRig) -> None:
    rig.kept.away = True

    with capture_logs() as logs:
        which = await pull(jobs)

    assert await jobs.outcome() == ("decided", "approved", [])
    assert len(jobs.vendor.asked) == 1
    assert await rig.rows.of(which) == []
    [lost] = [each for each in logs if each["event"] == "pictures.lost"]
    assert (lost["count"], lost["log_level"]) == (2, "error")
    query = "SELECT detail ->> 'pictures_lost' FROM timeline WHERE event = 'pull.finished'"
    assert await jobs.store.rows(query) == [("2",)]
    assert jobs.context.worker_stats.status()["pictures"] == {"demo": {"stored": 0, "lost": 2}}


async def test_store_that_failed_rests_and_is_used_again(jobs: Jobs, rig: PictureRig) -> None:
    rig.kept.away = True
    await pull(jobs, 1)
    rig.kept.away = False
    await pull(jobs, 2)
    assert not rig.kept.pieces

    jobs.clock.go_on(timedelta(seconds=11))
    await pull(jobs, 3)

    assert len(rig.kept.pieces) == 2


async def test_slow_store_is_not_waited_for(jobs: Jobs, rig: PictureRig) -> None:
    class Slow(MemoryPictures):
        async def put(self, verification_id: UUID, pieces: Mapping[str, bytes]) -> None:
            await asyncio.Event().wait()

    keeping = PictureKeeping(Slow(), rig.rows, clock=jobs.clock, patience=0.01)
    jobs.context = replace(jobs.context, picture_keeping=keeping)

    await pull(jobs)

    assert await jobs.outcome() == ("decided", "approved", [])


async def test_defect_of_a_store_loses_pictures_alone(jobs: Jobs, rig: PictureRig) -> None:
    class Broken(MemoryPictures):
        async def put(self, verification_id: UUID, pieces: Mapping[str, bytes]) -> None:
            raise RuntimeError("a bug")

    jobs.context = replace(jobs.context, picture_keeping=PictureKeeping(Broken(), rig.rows, clock=jobs.clock))

    await pull(jobs)

    assert await jobs.outcome() == ("decided", "approved", [])
    assert await jobs.ledger() == [(1, "done", None)]


async def test_without_a_store_pictures_are_lost_and_nowhere(jobs: Jobs, rig: PictureRig) -> None:
    jobs.context = replace(jobs.context, picture_keeping=PictureKeeping(None, rig.rows, clock=jobs.clock))

    which = await pull(jobs)

    assert await jobs.outcome() == ("decided", "approved", [])
    assert await rig.rows.of(which) == []


async def test_pictures_of_an_erased_verification_are_not_put(jobs: Jobs, rig: PictureRig) -> None:
    jobs.vendor.answers = [answered(with_pictures())]
    case = await jobs.case()

    async def erase() -> None:
        await change(jobs, "UPDATE verifications SET wrapped_key = NULL, erased_at = now()")

    jobs.vendor.before = erase
    await advance(jobs.context, case)

    assert not rig.kept.pieces
    assert await jobs.store.rows("SELECT count(*) FROM pictures") == [(0,)]


async def test_picture_that_is_erased_while_it_is_put_is_deleted(jobs: Jobs, rig: PictureRig) -> None:
    class Overtaken(MemoryPictures):
        async def put(self, verification_id: UUID, pieces: Mapping[str, bytes]) -> None:
            await change(jobs, "UPDATE pictures SET deleted_at = now()")
            assert await rig.sweep.delete_left() == 0
            await rig.kept.put(verification_id, pieces)

    jobs.context = replace(
        jobs.context, picture_keeping=PictureKeeping(Overtaken(), rig.rows, clock=jobs.clock)
    )
    which = await pull(jobs)
    assert len(rig.kept.pieces) == 2
    assert await rig.rows.of(which) == []

    assert await rig.sweep.delete_left() == 2

    assert not rig.kept.pieces


async def test_app_that_asks_for_no_pictures_notes_none(jobs: Jobs, rig: PictureRig) -> None:
    jobs.configure(app())
    jobs.vendor.answers = [answered(payload())]

    await advance(jobs.context, await jobs.case())

    assert await jobs.store.rows("SELECT count(*) FROM pictures") == [(0,)]
