"""Every store of pictures keeps, reads and deletes pieces alike."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.outbound.pictures.opening import OpenedPictures, try_pictures
from tests.usecases.ports.identity.picture_stores import STORES, opened_pictures
from usecases.ports.identity.pictures import PictureStore

MINE, ANOTHER = uuid4(), uuid4()
LARGE = bytes(range(256)) * 8192


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(params=STORES)
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PictureStore]:
    with opened_pictures(request.param, tmp_path, monkeypatch) as opened:
        yield opened
        await opened.aclose()


async def test_pieces_come_back_byte_for_byte(store: PictureStore) -> None:
    await store.put(MINE, {"1-0": LARGE, "1-1": b"\0small"})

    assert await store.read(MINE, "1-0") == LARGE
    assert await store.read(MINE, "1-1") == b"\0small"


async def test_piece_belongs_to_its_verification(store: PictureStore) -> None:
    await store.put(MINE, {"1-0": b"mine"})

    assert await store.read(ANOTHER, "1-0") is None
    assert await store.read(MINE, "2-0") is None


async def test_piece_that_is_put_again_replaces_the_first(store: PictureStore) -> None:
    await store.put(MINE, {"1-0": b"first"})
    await store.put(MINE, {"1-0": b"second"})

    assert await store.read(MINE, "1-0") == b"second"


async def test_deleted_piece_is_gone_and_the_others_stay(store: PictureStore) -> None:
    await store.put(MINE, {"1-0": b"first", "1-1": b"second"})
    await store.put(ANOTHER, {"1-0": b"another"})

    await store.delete(MINE, ["1-0", "1-2"])

    assert await store.read(MINE, "1-0") is None
    assert await store.read(MINE, "1-1") == b"second"
    assert await store.read(ANOTHER, "1-0") == b"another"


async def test_deleting_again_is_no_error(store: PictureStore) -> None:
    await store.put(MINE, {"1-0": b"first"})

    await store.delete(MINE, ["1-0"])
    await store.delete(MINE, ["1-0"])

    assert await store.read(MINE, "1-0") is None


async def test_trial_leaves_nothing(store: OpenedPictures, tmp_path: Path) -> None:
    await try_pictures(store)

    assert not files_in(tmp_path)
