"""Sealed bytes decrypt only with the same key and for the same place."""

import pickle
import traceback
from collections.abc import Callable
from uuid import UUID

import msgspec
import pytest

from adapters.sealing.envelope import KeyRing, SealingKey, place_of
from domain.errors import BrokenSeal
from domain.verifications.lease import Lease
from tests.support.storage.stores import is_same_key

KEY, OTHER = b"k" * 32, b"o" * 32
MINE, FOREIGN = SealingKey(KEY), SealingKey(OTHER)
PLACE = place_of("demo", "callbacks.raw_ct", 1)
SECRET = "欧阳金丝雀 11010119900307001X".encode()


@pytest.mark.parametrize(
    "plaintext", [b"", b"x", SECRET, bytes(100_000)], ids=["empty", "short", "text", "long"]
)
def test_round_trip(plaintext: bytes) -> None:
    sealed = MINE.seal(plaintext, place=PLACE)
    assert MINE.unseal(sealed, place=PLACE) == plaintext
    assert len(sealed) == len(plaintext) + 28


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert MINE.seal(SECRET, place=PLACE) != MINE.seal(SECRET, place=PLACE)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (FOREIGN, PLACE),
        (MINE, place_of("other", "callbacks.raw_ct", 1)),
        (MINE, place_of("demo", "pulls.raw_ct", 1)),
        (MINE, place_of("demo", "callbacks.raw_ct", 2)),
    ],
    ids=["key", "app", "column", "row"],
)
def test_another_key_or_place_does_not_open(key: SealingKey, place: str) -> None:
    sealed = MINE.seal(SECRET, place=PLACE)
    with pytest.raises(BrokenSeal):
        key.unseal(sealed, place=place)


def test_no_bit_can_be_flipped() -> None:
    sealed = MINE.seal(b"body", place=PLACE)
    for bit in range(len(sealed) * 8):
        flipped = bytearray(sealed)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BrokenSeal):
            MINE.unseal(bytes(flipped), place=PLACE)


@pytest.mark.parametrize("length", [0, 11, 12, 27])
def test_a_stump_does_not_open(length: int) -> None:
    with pytest.raises(BrokenSeal):
        MINE.unseal(MINE.seal(SECRET, place=PLACE)[:length], place=PLACE)


def test_the_error_names_the_column_and_nothing_else() -> None:
    with pytest.raises(BrokenSeal, match=r"^callbacks\.raw_ct: the sealed bytes do not open$") as caught:
        FOREIGN.unseal(MINE.seal(SECRET, place=PLACE), place=PLACE)
    assert caught.value.__suppress_context__


def test_data_keys_are_wrapped_for_their_place() -> None:
    ring = KeyRing([KEY])
    data_key, wrapped = ring.new_data_key(place=PLACE)
    assert is_same_key(ring.unwrap_data_key(wrapped, place=PLACE), data_key)
    with pytest.raises(BrokenSeal):
        ring.unwrap_data_key(wrapped, place=PLACE + "2")


def test_every_data_key_is_another() -> None:
    ring = KeyRing([KEY])
    one, other = ring.new_data_key(place=PLACE)[0], ring.new_data_key(place=PLACE)[0]
    assert not is_same_key(one, other)


def test_rotation_the_newest_key_seals_and_the_old_one_still_opens() -> None:
    before, during, after = KeyRing([KEY]), KeyRing([OTHER, KEY]), KeyRing([OTHER])
    old_key, old_wrapped = before.new_data_key(place=PLACE)
    old_batch = before.seal_batch("b1", SECRET)
    assert is_same_key(during.unwrap_data_key(old_wrapped, place=PLACE), old_key)
    assert during.unseal_batch("b1", old_batch) == SECRET

    new_key, new_wrapped = during.new_data_key(place=PLACE)
    new_batch = during.seal_batch("b2", SECRET)
    assert is_same_key(after.unwrap_data_key(new_wrapped, place=PLACE), new_key)
    assert after.unseal_batch("b2", new_batch) == SECRET
    with pytest.raises(BrokenSeal, match="a master key that is not configured"):
        before.unwrap_data_key(new_wrapped, place=PLACE)
    with pytest.raises(BrokenSeal, match="a master key that is not configured"):
        after.unseal_batch("b1", old_batch)


def test_a_batch_opens_under_its_own_id_only() -> None:
    ring = KeyRing([KEY])
    sealed = ring.seal_batch("b1", SECRET)
    assert ring.unseal_batch("b1", sealed) == SECRET
    with pytest.raises(BrokenSeal):
        ring.unseal_batch("b2", sealed)


def test_a_batch_of_which_any_byte_changed_does_not_open() -> None:
    ring = KeyRing([KEY])
    sealed = ring.seal_batch("b1", b"body")
    for at in range(len(sealed)):
        flipped = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(BrokenSeal):
            ring.unseal_batch("b1", flipped)


def test_a_data_key_does_not_open_a_batch_nor_a_batch_key_a_data_key() -> None:
    ring = KeyRing([KEY])
    _, wrapped = ring.new_data_key(place="b1")
    with pytest.raises(BrokenSeal):
        ring.unseal_batch("b1", wrapped)
    with pytest.raises(BrokenSeal):
        ring.unwrap_data_key(ring.seal_batch("b1", KEY), place="b1")


def test_a_lease_shows_its_key_nowhere() -> None:
    lease = Lease(UUID(int=1), "demo", 3, SealingKey(KEY))
    shown = (
        str(lease),
        f"{lease!r} {lease.key}",
        str(msgspec.structs.asdict(lease)),
        _locals_of(lambda: lease.key.unseal(b"", place=PLACE)),
    )
    for text in shown:
        assert "SealingKey(...)" in text
        assert not any(spelling in text for spelling in ("kkkk", KEY.hex(), "7, 107"))
    with pytest.raises(TypeError):
        pickle.dumps(lease)
    for encode in (msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins):
        with pytest.raises(TypeError):
            encode(lease)


def test_a_traceback_shows_no_master_key() -> None:
    text = _locals_of(lambda: KeyRing([KEY]).unseal_batch("b1", b"sealed by another"))
    assert "MasterKey(...)" in text
    assert "kkkk" not in text


def _locals_of(failing: Callable[[], object]) -> str:
    """The traceback of a failure, with every local variable."""
    try:
        failing()
    except BrokenSeal as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    raise AssertionError("it opened")
