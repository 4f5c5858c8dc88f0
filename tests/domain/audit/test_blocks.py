"""Blocks: the tree is the one of RFC 6962, and no member of a row or of a block changes unseen."""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
import pytest

from cli.audit.verify_audit import root_over
from domain.audit.blocks import (
    BEGINNING,
    Block,
    canonical,
    close_block,
    leaf_of,
    members_of,
    merkle_path,
    merkle_root,
    time_text,
)
from domain.audit.row import StoredRow

AT = datetime(2026, 11, 28, 20, 52, 7, 123456, UTC)
SALT, PERSON = UUID(int=1), UUID(int=7)
ROW = StoredRow(
    id=42,
    at=AT,
    salt=SALT,
    app_id="demo",
    actor="person:li.na",
    person_id=PERSON,
    address="192.0.2.1",
    action="token.created",
    subject="orders",
    reason="工单 1",
    detail={"b": [1, None], "a": True},
)

RFC_6962_INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
RFC_6962_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The vectors of the implementations of Certificate Transparency: the root over the first n inputs."""


def leaves(count: int) -> list[bytes]:
    return [sha256(b"\0" + bytes.fromhex(text)).digest() for text in RFC_6962_INPUTS[:count]]


def by_definition(hashes: list[bytes]) -> bytes:
    """RFC 6962, section 2.1: split at the largest power of two below the count."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1" + by_definition(hashes[:split]) + by_definition(hashes[split:])).digest()


@pytest.mark.parametrize("count", range(1, 9))
def test_the_root_is_the_one_of_the_vectors(count: int) -> None:
    assert merkle_root(leaves(count)).hex() == RFC_6962_ROOTS[count - 1]


@pytest.mark.parametrize("count", [9, 15, 16, 17, 31, 33, 100])
def test_the_root_is_the_one_of_the_definition(count: int) -> None:
    many = [sha256(bytes([n])).digest() for n in range(count)]
    assert merkle_root(many) == by_definition(many)


def test_a_root_depends_on_order_and_repetition() -> None:
    one, two, three = leaves(3)
    roots = {merkle_root(each) for each in ([one, two, three], [two, one, three], [one, two, three, three])}
    assert len(roots) == 3


def test_a_node_in_place_of_its_leaves_has_the_root_but_not_the_block() -> None:
    one, two, three = leaves(3)
    joined = [merkle_root([one, two]), three]
    assert merkle_root(joined) == merkle_root([one, two, three])
    blocks = [close_block(each, closed_at=AT, after=None) for each in (joined, [one, two, three])]
    assert blocks[0].hash != blocks[1].hash, "the count tells them apart"


def test_the_leaf_is_a_hash_of_the_salt_and_the_canonical_row() -> None:
    text = (
        r'{"action":"token.created","actor":"person:li.na","address":"192.0.2.1","app_id":"demo",'
        r'"at":"2026-11-28T20:52:07.123456Z","detail":{"a":true,"b":[1,null]},"id":42,'
        r'"person_id":"00000000-0000-0000-0000-000000000007","reason":"\u5de5\u5355 1","subject":"orders"}'
    )
    assert leaf_of(ROW) == sha256(b"\0" + SALT.bytes + text.encode("ascii")).digest()


@pytest.mark.parametrize(
    "change",
    [
        {"id": 43},
        {"at": AT + timedelta(microseconds=1)},
        {"salt": UUID(int=2)},
        {"app_id": None},
        {"actor": "person:li.no"},
        {"person_id": None},
        {"address": None},
        {"action": "token.revoked"},
        {"subject": ""},
        {"reason": None},
        {"detail": {}},
        {"detail": {"b": [1, None], "a": 1}},
    ],
)
def test_every_member_of_a_row_counts(change: dict[str, Any]) -> None:
    assert leaf_of(msgspec.structs.replace(ROW, **change)) != leaf_of(ROW)


def test_the_order_of_the_detail_and_the_time_zone_do_not_count() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=8)))
    same = msgspec.structs.replace(ROW, at=elsewhere, detail={"a": True, "b": [1, None]})
    assert leaf_of(same) == leaf_of(ROW)


def test_an_export_has_every_member_but_the_salt() -> None:
    assert set(members_of(ROW)) == set(ROW.__struct_fields__) - {"salt"}
    assert members_of(msgspec.structs.replace(ROW, person_id=None))["person_id"] is None


def test_a_time_has_six_digits_in_utc() -> None:
    assert time_text(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02T03:04:05.000000Z"
    new_year = datetime(2027, 1, 1, 7, 59, 59, 1, timezone(timedelta(hours=8)))
    assert time_text(new_year) == "2026-12-31T23:59:59.000001Z"


def test_canonical_text_is_sorted_ascii_without_blanks() -> None:
    members = {"b": {"z": 2**70, "a": '李\n"'}, "a": [None, False]}
    assert canonical(members) == (rb'{"a":[null,false],"b":{"a":"\u674e\n\"","z":1180591620717411303424}}')


def test_the_first_block_follows_the_beginning() -> None:
    block = close_block(leaves(3), closed_at=AT, after=None)
    text = (
        f'{{"closed_at":"2026-11-28T20:52:07.123456Z","count":3,"height":1,'
        f'"previous":"{"00" * 32}","root":"{RFC_6962_ROOTS[2]}"}}'
    )
    assert block == Block(
        height=1,
        closed_at=AT,
        count=3,
        root=bytes.fromhex(RFC_6962_ROOTS[2]),
        previous=BEGINNING,
        hash=sha256(b"\2" + text.encode()).digest(),
    )


def test_a_block_follows_the_hash_of_the_one_before() -> None:
    first = close_block(leaves(1), closed_at=AT, after=None)
    second = close_block(leaves(2), closed_at=AT, after=first)
    assert (second.height, second.count, second.previous) == (2, 2, first.hash)


def test_every_member_of_a_block_counts() -> None:
    first = close_block(leaves(1), closed_at=AT, after=None)
    higher = msgspec.structs.replace(first, height=2)
    moved = msgspec.structs.replace(first, hash=BEGINNING)
    three = leaves(3)
    hashes = [
        close_block(three, closed_at=AT, after=first).hash,
        close_block(three, closed_at=AT, after=None).hash,
        close_block(three, closed_at=AT, after=higher).hash,
        close_block(three, closed_at=AT, after=moved).hash,
        close_block(three[:2], closed_at=AT, after=first).hash,
        close_block(three[::-1], closed_at=AT, after=first).hash,
        close_block(three, closed_at=AT + timedelta(microseconds=1), after=first).hash,
    ]
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize("count", [*range(1, 18), 31, 32, 33])
def test_a_path_leads_from_every_leaf_to_the_root(count: int) -> None:
    leaves = [sha256(bytes([n])).digest() for n in range(count)]
    root = merkle_root(leaves)
    for position, leaf in enumerate(leaves):
        path = merkle_path(leaves, position)
        assert root_over(leaf, position, count, path) == root
        assert root_over(sha256(leaf).digest(), position, count, path) != root
        if position:
            assert root_over(leaf, position - 1, count, merkle_path(leaves, position - 1)) != root
