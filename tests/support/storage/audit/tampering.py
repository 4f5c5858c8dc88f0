"""Changes of an export that someone could try, block by block, so that an export may be large."""

import copy
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from domain.audit.blocks import BEGINNING, canonical, merkle_root
from tests.support.storage.audit.audits import Line

Part = list[Line]
"""The line of a block and those of its rows."""

Tamper = Callable[[Iterable[Part]], Iterator[Part]]


def parts_of(lines: Iterable[Line]) -> Iterator[Part]:
    """The lines of each block."""
    part: Part = []
    for line in lines:
        if line["kind"] == "block" and part:
            yield part
            part = []
        part.append(line)
    yield part


def leaf_of(item: Line) -> str:
    """The right leaf of a row."""
    return sha256(b"\0" + bytes.fromhex(item["salt"]) + canonical(item["row"])).hexdigest()


def of_one_block(change: Callable[[Part], None]) -> Tamper:
    """Changes the first block that has three rows."""

    def tamper(parts: Iterable[Part]) -> Iterator[Part]:
        is_done = False
        for part in parts:
            if not is_done and part[0]["count"] >= 3:
                change(part)
                is_done = True
            yield part

    tamper.__name__ = change.__name__
    return tamper


@of_one_block
def flip_a_bit(part: Part) -> None:
    row = part[2]["row"]
    row["subject"] = chr(ord(row["subject"][0]) ^ 1) + row["subject"][1:]


def cut_the_head(parts: Iterable[Part]) -> Iterator[Part]:
    rest = iter(parts)
    next(rest)
    yield from rest


def cut_the_tail(parts: Iterable[Part]) -> Iterator[Part]:
    rest = iter(parts)
    last = next(rest)
    for part in rest:
        yield last
        last = part


@of_one_block
def swap(part: Part) -> None:
    """Two rows, and not what belongs to them."""
    part[1]["row"], part[2]["row"] = part[2]["row"], part[1]["row"]


@of_one_block
def swap_places(part: Part) -> None:
    """Two rows with all that belongs to them."""
    first, second = part[1:3]
    first["position"], second["position"] = second["position"], first["position"]
    part[1:3] = [second, first]


@of_one_block
def insert(part: Part) -> None:
    extra = copy.deepcopy(part[-1])
    extra["row"]["id"], extra["position"] = 10**9, extra["position"] + 1
    extra["leaf"] = leaf_of(extra)
    part.append(extra)
    part[0]["count"] += 1


@of_one_block
def remove_a_row(part: Part) -> None:
    del part[2]


@of_one_block
def repeat_a_row(part: Part) -> None:
    part[2] = part[1]


def rewrite_all(parts: Iterable[Part]) -> Iterator[Part]:
    """Another history, in which every hash agrees."""
    previous = BEGINNING.hex()
    for block, *rows in parts:
        for item in rows:
            item["row"]["actor"] = "person:somebody.else"
            item["leaf"] = leaf_of(item)
        block["root"] = merkle_root([bytes.fromhex(item["leaf"]) for item in rows]).hex()
        block["previous"] = previous
        members = {name: block[name] for name in ("closed_at", "count", "height", "previous", "root")}
        previous = block["hash"] = sha256(b"\2" + canonical(members)).hexdigest()
        yield [block, *rows]


SIX: tuple[Tamper, ...] = (flip_a_bit, cut_the_head, cut_the_tail, swap, insert, rewrite_all)
ALL: tuple[Tamper, ...] = (*SIX, swap_places, remove_a_row, repeat_a_row)
