"""Pictures are erased with their verification, on request and by age; a hold keeps them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from adapters.store.identity.overdue import PgOverdue
from adapters.store.identity.retention import PgRetention
from domain.identity.erasure import Place
from domain.identity.pictures import LeftPieces, Picture, StoredPicture, described
from domain.identity.retention import Age, Due, Kind
from domain.model import verification_id
from domain.verifications.lease import Lease
from tests.support.storage.erasing import ACTOR, Erasing
from tests.support.storage.pictures import CARD, FACE, PictureRig, keep_pictures
from tests.support.storage.stores import NOW, Clock, biz_id

DAY = timedelta(days=1)


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Erasing:
    return Erasing(engine, keys)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def rig(store: Erasing, clock: Clock) -> PictureRig:
    return PictureRig(store, clock)


def two(n: int = 1) -> list[StoredPicture]:
    """The pictures of call `n`."""
    found = [Picture("image_best", FACE), Picture("image_idcard_front", CARD)]
    return [described(each, n=n, position=position) for position, each in enumerate(found)]


async def keep(store: Erasing, rig: PictureRig, n: int = 1) -> Lease:
    """Verification `n`, decided on a result whose two pictures are stored."""
    recorded = await keep_pictures(store, rig.kept, n)
    assert await store.decide(recorded)
    return recorded.lease


async def left_in(store: Erasing, n: int = 1) -> int:
    """The pictures that `erase --explain` shows."""
    view = await store.desk.explain("demo", biz_id(n))
    return next(each.count for each in view.places if each.place is Place.PICTURES)


def pieces_of(rig: PictureRig) -> Sequence[UUID]:
    return sorted({which for which, _ in rig.kept.pieces})


async def test_stored_pictures_are_found_in_order(store: Erasing, rig: PictureRig) -> None:
    lease = await keep(store, rig)

    assert await rig.rows.of(lease.verification_id) == two()
    assert await rig.rows.of(verification_id("demo", biz_id(2))) == []


async def test_pictures_that_are_begun_twice_are_one(store: Erasing, rig: PictureRig) -> None:
    recorded = await store.record()

    for _ in range(2):
        assert await rig.rows.begin(recorded.lease, two(), now=NOW)

    assert await store.rows("SELECT count(*) FROM pictures") == [(2,)]
    assert await rig.rows.of(recorded.verification_id) == []


async def test_erasure_takes_pictures_and_counts_them(store: Erasing, rig: PictureRig) -> None:
    await keep(store, rig, 1)
    other = await keep(store, rig, 2)
    assert await left_in(store) == 2

    receipt = await store.erase(1)

    assert receipt.places["pictures"] == 2
    assert await rig.rows.of(verification_id("demo", biz_id(1))) == []
    assert await left_in(store) == 2, "until their files are gone"
    assert await rig.sweep.delete_left() == 2
    assert await left_in(store) == 0
    assert pieces_of(rig) == [other.verification_id]
    assert len(await rig.rows.of(other.verification_id)) == 2
    assert await store.rows("SELECT count(*) FROM pictures WHERE digest IS NOT NULL") == [(0,)]


async def test_pieces_are_deleted_before_their_rows(store: Erasing, rig: PictureRig) -> None:
    await keep(store, rig)
    await store.erase()
    [left] = await rig.rows.left(begun_before=NOW, limit=10)
    assert left == LeftPieces(verification_id("demo", biz_id(1)), ["1-0", "1-1"])

    rig.kept.away = True
    with pytest.raises(Exception, match="took it away"):
        await rig.sweep.delete_left()
    assert await left_in(store) == 2

    rig.kept.away = False
    assert await rig.sweep.delete_left() == 2
    assert not rig.kept.pieces


async def test_pictures_go_at_their_age(store: Erasing, rig: PictureRig) -> None:
    await keep(store, rig)
    ages = PgRetention(store.engine)

    assert await ages.due("demo", Kind.IMAGES, before=NOW) == Due("demo", Kind.IMAGES, 0)
    assert await ages.due("demo", Kind.IMAGES, before=NOW + DAY) == Due("demo", Kind.IMAGES, 2)
    age = Age("demo", Kind.IMAGES, NOW + DAY)
    assert await PgOverdue(store.engine).count([age]) == [Due("demo", Kind.IMAGES, 2)]
    assert await ages.step("other", Kind.IMAGES, before=NOW + DAY, now=NOW, limit=5) == 0
    assert await ages.step("demo", Kind.IMAGES, before=NOW + DAY, now=NOW, limit=5) == 2
    assert await ages.step("demo", Kind.IMAGES, before=NOW + DAY, now=NOW, limit=5) == 0
    assert await ages.due("demo", Kind.IMAGES, before=NOW + DAY) == Due("demo", Kind.IMAGES, 2)

    assert await rig.sweep.delete_left() == 2

    assert await ages.due("demo", Kind.IMAGES, before=NOW + DAY) == Due("demo", Kind.IMAGES, 0)
    found = await store.find()
    assert found is not None
    assert found.identity is not None


async def test_held_pictures_are_passed_over_until_the_hold_is_lifted(
    store: Erasing, rig: PictureRig
) -> None:
    await keep(store, rig, 1)
    await keep(store, rig, 2)
    await store.desk.hold("demo", biz_id(1), actor=ACTOR, reason="a court")
    ages = PgRetention(store.engine)

    assert await ages.due("demo", Kind.IMAGES, before=NOW + DAY) == Due("demo", Kind.IMAGES, 4, held=2)
    assert await ages.step("demo", Kind.IMAGES, before=NOW + DAY, now=NOW, limit=9) == 2
    await rig.sweep.delete_left()
    assert pieces_of(rig) == [verification_id("demo", biz_id(1))]

    await store.desk.lift("demo", biz_id(1), actor=ACTOR, reason="settled")
    assert await ages.step("demo", Kind.IMAGES, before=NOW + DAY, now=NOW, limit=9) == 2
    await rig.sweep.delete_left()
    assert not rig.kept.pieces
