"""Data keys: under an epoch where every process opens those, else under the master key."""

from datetime import timedelta
from uuid import UUID

import pytest

from adapters.keys.away import KeysAway
from adapters.keys.data_keys import DataKeys, epoch_of, in_epoch
from adapters.keys.epochs import Epochs
from adapters.sealing.envelope import WRAPPED, WRAPPED_BY_MASTER, KeyRing
from domain.errors import BrokenSeal
from domain.identity.keys.epochs import period_of
from tests.support.memory.identity.keys import MemoryKeys
from tests.support.storage.stores import NOW, Clock

PLACE = "verifications.wrapped_key/demo/1"
LATER = NOW + timedelta(days=90)


def data_keys(store: MemoryKeys, keys: KeyRing, *, readable: bool = True) -> DataKeys:
    return DataKeys(keys, Epochs(store, keys, clock=Clock()), readable=lambda: readable)


async def test_data_key_opens_in_another_process(keys: KeyRing) -> None:
    store = MemoryKeys()
    writer, reader = data_keys(store, keys), data_keys(store, keys)
    await writer.prepare(["demo"])
    key, wrapped = writer.new_data_key("demo", place=PLACE)
    sealed = key.seal(b"text", place="here")

    await reader.load([wrapped, None])

    assert reader.unwrap_data_key(wrapped, place=PLACE).unseal(sealed, place="here") == b"text"
    assert epoch_of(wrapped) == period_of("demo", NOW).id


async def test_data_key_opens_in_its_place_alone(keys: KeyRing) -> None:
    made = data_keys(MemoryKeys(), keys)
    await made.prepare(["demo"])
    _, wrapped = made.new_data_key("demo", place=PLACE)

    with pytest.raises(BrokenSeal):
        made.unwrap_data_key(wrapped, place="verifications.wrapped_key/demo/2")


async def test_data_key_does_not_open_under_another_epoch(keys: KeyRing) -> None:
    made = data_keys(MemoryKeys(), keys)
    await made.prepare(["demo", "shop"])
    _, wrapped = made.new_data_key("demo", place=PLACE)
    moved = in_epoch(period_of("shop", NOW).id, wrapped[-WRAPPED:])

    with pytest.raises(BrokenSeal):
        made.unwrap_data_key(moved, place=PLACE)


async def test_destroyed_epoch_opens_nothing_with_every_master_key(keys: KeyRing) -> None:
    store = MemoryKeys()
    writer, reader = data_keys(store, keys), data_keys(store, keys)
    await writer.prepare(["demo"])
    _, wrapped = writer.new_data_key("demo", place=PLACE)
    await store.destroy(period_of("demo", NOW).id, now=LATER)

    await reader.load([wrapped])

    with pytest.raises(BrokenSeal):
        reader.unwrap_data_key(wrapped, place=PLACE)
    with pytest.raises(BrokenSeal):
        keys.unwrap_data_key(wrapped, place=PLACE)


async def test_keys_of_older_versions_stay_readable(keys: KeyRing) -> None:
    _, old = keys.new_data_key(place=PLACE)

    await data_keys(MemoryKeys(), keys).load([old])

    assert data_keys(MemoryKeys(), keys).unwrap_data_key(old, place=PLACE)
    assert epoch_of(old) is None


async def test_older_format_is_written_while_an_older_process_lives(keys: KeyRing) -> None:
    store = MemoryKeys()
    careful = data_keys(store, keys, readable=False)

    await careful.prepare(["demo"])
    _, wrapped = careful.new_data_key("demo", place=PLACE)

    assert len(wrapped) == WRAPPED_BY_MASTER
    assert store.calls == []


async def test_without_a_key_store_the_master_key_wraps(keys: KeyRing) -> None:
    alone = DataKeys(keys)

    await alone.prepare(["demo"])
    _, wrapped = alone.new_data_key("demo", place=PLACE)

    assert keys.unwrap_data_key(wrapped, place=PLACE)


async def test_without_a_key_store_a_key_under_an_epoch_is_not_taken_for_broken(keys: KeyRing) -> None:
    made = data_keys(MemoryKeys(), keys)
    await made.prepare(["demo"])
    _, wrapped = made.new_data_key("demo", place=PLACE)

    with pytest.raises(KeysAway, match="FACEID_KEYS_URL"):
        DataKeys(keys).unwrap_data_key(wrapped, place=PLACE)


async def test_key_whose_epoch_is_not_loaded_is_not_taken_for_broken(keys: KeyRing) -> None:
    with pytest.raises(KeysAway):
        data_keys(MemoryKeys(), keys).unwrap_data_key(in_epoch(UUID(int=1), bytes(WRAPPED)), place=PLACE)


def test_older_key_that_begins_like_one_under_an_epoch_is_an_older_key() -> None:
    assert epoch_of(b"\x01" + bytes(WRAPPED_BY_MASTER - 1)) is None


async def test_nothing_is_made_without_the_epoch(keys: KeyRing) -> None:
    with pytest.raises(KeysAway):
        data_keys(MemoryKeys(), keys).new_data_key("demo", place=PLACE)
