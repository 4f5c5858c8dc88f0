"""Results with pictures, and a worker's keeping of them over a real database."""

import base64
from typing import Any

import msgspec

from adapters.store.identity.pictures.pieces import PgPictures
from domain.verifications.records import Recorded
from tests.support.memory.identity.pictures import MemoryPictures
from tests.support.payloads.callbacks import dump
from tests.support.storage.stores import Clock, Json, Store, callback, finished, payload
from usecases.pictures.keep import PictureKeeping
from usecases.pictures.sweep import PictureSweep

FACE = b"\xff\xd8\xff\xe0 the face " + bytes(range(256)) * 4
CARD = b"\xff\xd8\xff\xe0 the card " + bytes(range(255, -1, -1)) * 4


def with_pictures(n: int = 1, **pictures: bytes) -> Json:
    """The result of verification `n` with these pictures; two of them by default."""
    found = pictures or {"image_best": FACE, "image_idcard_front": CARD}
    images: dict[str, Any] = {name: _uri(content) for name, content in found.items()}
    return payload(n) | {"images": images}


def _uri(content: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()


async def keep_pictures(store: Store, kept: MemoryPictures, n: int = 1, *, app_id: str = "demo") -> Recorded:
    """Verification `n` with the callback and the result of `with_pictures`; it is not decided."""
    recorded = await store.record(callback(payload(n), app_id=app_id))
    assert await store.reserve(recorded, 1)
    keeping = PictureKeeping(kept, PgPictures(store.engine), clock=Clock())
    taken = await keeping.take(recorded.lease, 1, dump(with_pictures(n)))
    assert await keeping.begin(recorded.lease, taken.pictures)
    assert await keeping.put(recorded.lease, taken)
    end = finished(recorded, 1, body=taken.body)
    await store.ledger.finish(msgspec.structs.replace(end, pictures=len(taken.pictures)))
    return recorded


class PictureRig:
    """The rows of pictures in a database, and their pieces in memory."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.kept = store.pictures
        self.rows = PgPictures(store.engine)
        self.keeping = PictureKeeping(self.kept, self.rows, clock=clock, monotonic=clock.monotonic)
        self.sweep = PictureSweep(self.rows, self.kept, clock=clock)
