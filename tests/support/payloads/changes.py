"""Single changes of a full payload: any value in any place becomes any JSON value, repeatably by a seed."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.support.payloads.callbacks import BIZ_ID, GENUINE, ID_NUMBER, NAME, THRESHOLDS, Json, load_sample

Place = tuple[str | int, ...]

ODD: list[Any] = [
    None, True, False, "", " ", "null", "\0", "a\0b", "\ud83d", "x\udc00", "\\u0000", {}, [], [None], [[]],
    0, -1, 1, 2, 0.5, -0.0, 1.5, 1e308, 10**18, 10**30, 10**400, -(10**400), "nan", "1e999", "0x1", "1,5",
    "OK", "PASS", "FAIL", "FAILED", "success", "CANCELLED", "OTHER", "NO_FACE_FOUND", NAME, ID_NUMBER, BIZ_ID,
    "x" * 600, "测" * 5000, {"a": {"b": {"c": 1}}}, [1, "a", None, {"a": 1}], {"": None}, {"result": None},
    "{", "{}", "[]", '{"a": 1}', '["PASS"]', '"x"', "１", {"confidence": None, "thresholds": None},
    {"biz_id": BIZ_ID}, json.loads("[" * 300 + "]" * 300),
]  # fmt: skip


class Change(NamedTuple):
    """`value` replaces the value at `place`."""

    place: Place
    value: Any


def full_payload() -> Json:
    """A payload that passes and has every member that the gateway knows, and others."""
    tree = load_sample("callback_with_attack.json")
    genuine = GENUINE | {"face_replaced": 0, "selfie_inconsistent": 0, "selfie_metadata_inconsistent": 0}
    tree["liveness_result"] |= {"result": "PASS", "face_genuineness": dict(genuine)}
    tree["verify_result"] |= {
        name: {"confidence": 91.3, "thresholds": dict(THRESHOLDS)}
        for name in ("result_faceid", "result_ref1", "result_ref2", "result_ref3")
    }
    tree["verify_result"] |= {"face_genuineness": dict(genuine), "error_message": ""}
    tree["liveness_result"]["details"] |= {"face_front": {"FACE_BLURRED": 1}}
    return tree | {"fail_reason": "", "images": {"image_best": ""}, "request_id": "1,a", "time_used": 3}


def places_in(value: Any, place: Place = ()) -> Iterator[Place]:
    """Every place in a tree but its root."""
    inner: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, each in inner:
        yield (*place, name)
        yield from places_in(each, (*place, name))


def changes_of(tree: Json, *, count: int, seed: int) -> Iterator[Change]:
    """`count` changes: each place in turn, each with another value."""
    rng, places = random.Random(seed), list(places_in(tree))
    for n in range(count):
        place = places[n % len(places)]
        yield Change(place, _any_value(rng, value_at(tree, place)))


def value_at(tree: Any, place: Place) -> Any:
    """The value there."""
    for name in place:
        tree = tree[name]
    return tree


def changed_tree(tree: Json, change: Change) -> Json:
    """A copy of `tree` with the change made."""
    tree = copy.deepcopy(tree)
    value_at(tree, change.place[:-1])[change.place[-1]] = change.value
    return tree


def without(tree: Json, place: Place) -> Json:
    """A copy of `tree` without that place."""
    tree = copy.deepcopy(tree)
    del value_at(tree, place[:-1])[place[-1]]
    return tree


def _any_value(rng: random.Random, now: Any) -> Any:
    kind = rng.random()
    if kind < 0.5:
        return copy.deepcopy(rng.choice(ODD))
    if kind < 0.75:
        return rng.choice(
            [str(now), json.dumps(now), [now], {"a": now}, not now, f"{now}\0", f" {now} ", {str(now): 1}]
        )
    return _random_value(rng, depth=3)


def _random_value(rng: random.Random, depth: int) -> Any:
    kind = rng.randrange(8 if depth else 6)
    if kind == 6:
        return [_random_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    if kind == 7:
        return {_random_text(rng): _random_value(rng, depth - 1) for _ in range(rng.randrange(4))}
    scalars = (None, rng.random() < 0.5, rng.randint(-(10**9), 10**9), rng.uniform(-1e3, 1e3), rng.random())
    return _random_text(rng) if kind == 5 else scalars[kind]


def _random_text(rng: random.Random) -> str:
    return "".join(
        chr(rng.choice((rng.randrange(128), rng.randrange(0x11000)))) for _ in range(rng.randrange(12))
    )
