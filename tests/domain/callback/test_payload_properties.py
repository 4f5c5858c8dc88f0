"""No JSON breaks the decoder or its readers, and no message contains a name or number."""

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.callback.payload import decode_payload
from domain.callback.strict_json import read_members
from domain.errors import MalformedPayload, UndecodableCallback
from domain.policy.decide import judge
from domain.policy.facts.facts import extract_facts
from tests.support.payloads.callbacks import (
    BIZ_ID,
    ID_NUMBER,
    NAME,
    QUICK,
    THOROUGH,
    Json,
    assert_discreet,
    default_policy,
    dump,
    json_objects,
    json_values,
    load_sample,
    mutated,
    passing_payload,
    read_sample,
)

SAMPLES = [
    "older_callback_passed.json",
    "older_callback_failed.json",
    "own_picture_compared.json",
    "callback_with_attack.json",
    "result_with_attack.json",
    "plus_callback_empty_blocks.json",
]


def _read_through(data: bytes) -> None:
    """Decode and read `data` as the worker does; the two named errors are all that may happen, and what is
    understood is strict JSON."""
    try:
        payload = decode_payload(data)
    except (MalformedPayload, UndecodableCallback) as error:
        assert_discreet(error)
        return
    read_members(data)
    payload.identity()
    judge(extract_facts(payload), default_policy())


def _containers(tree: Any) -> list[Any]:
    """Every object and array in `tree` but `biz_info`, whose ways to be wrong are rows of a table."""
    inner = tree.values() if isinstance(tree, dict) else tree
    found = [item for child in inner if isinstance(child, dict | list) for item in _containers(child)]
    return found if isinstance(tree, dict) and "biz_id" in tree else [tree, *found]


strange = (
    json_values
    | st.sampled_from([NAME, ID_NUMBER, [NAME], {NAME: ID_NUMBER}, {"result": NAME}, "nan", "-inf", "\0", ""])
    | st.sampled_from([10**400, -(10**400), 1e308, "1e999", True, [None], {"confidence": NAME}])
)


@st.composite
def changed_payloads(draw: st.DrawFn) -> Json:
    """A payload of which some values are others, gone, or under another key."""
    trees = [passing_payload, *(lambda name=name: load_sample(name) for name in SAMPLES)]
    tree: Json = draw(st.sampled_from(trees))()
    for _ in range(draw(st.integers(1, 4))):
        container = draw(st.sampled_from(_containers(tree)))
        if not container:
            continue
        places = list(container) if isinstance(container, dict) else list(range(len(container)))
        place = draw(st.sampled_from(places))
        if draw(st.booleans()):
            container[place] = deepcopy(draw(strange))
        else:
            del container[place]
    return tree


@THOROUGH
@given(tree=changed_payloads())
def test_changed_payloads_are_read_or_refused_by_name(tree: Json) -> None:
    _read_through(dump(tree))


def _concluded(data: bytes) -> object:
    try:
        payload = decode_payload(data)
    except (MalformedPayload, UndecodableCallback) as error:
        return type(error)
    return payload.biz_id, payload.biz_no, payload.identity(), extract_facts(payload)


@THOROUGH
@given(tree=changed_payloads())
def test_the_straight_way_and_the_one_by_way_of_a_tree_end_alike(tree: Json) -> None:
    needs_a_tree = {" padded in front": 0}
    assert _concluded(dump(tree)) == _concluded(dump(tree | needs_a_tree))


@THOROUGH
@given(tree=json_objects, field=st.text() | st.sampled_from(list(passing_payload())), value=strange)
def test_any_object_is_read_or_refused_by_name(tree: Json, field: str, value: object) -> None:
    _read_through(dump(tree))
    _read_through(dump(tree | {field: value} | {"biz_info": {"biz_id": BIZ_ID}}))


PIECES = [b'"', b"\\", b"\\u0000", b"null", b"{", b"}", b"[", b",", b" ", b"\x80", b"1e999", NAME.encode()]


@THOROUGH
@given(data=mutated([dump(passing_payload()), *map(read_sample, SAMPLES)], PIECES))
def test_changed_bytes_are_read_or_refused_by_name(data: bytes) -> None:
    _read_through(data)


@QUICK
@given(
    name=st.text(alphabet="欧阳金丝雀阿依古丽·", min_size=2),
    number=st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True),
)
def test_facts_contain_no_identity(name: str, number: str) -> None:
    tree = passing_payload()
    tree["idcard_info"] = {
        "idcard_name": name,
        "idcard_number": number,
        "idcard_issued_by": name,
        "front_side": {"ocr_result": {"name": name, "id_card_number": number, "address": name}},
    }
    tree["biz_info"] |= {"biz_no": number, "biz_extra_data": name}
    tree["will_result"] = [{"result": name, "will_error_message": name}]
    tree["liveness_result"] |= {"result": name, "procedure_type": name}
    tree["verify_result"] |= {"error_message": name, "request_id": number}
    tree |= {"status": name, "multifaces_tag": name, "fail_reason": name}
    tree["liveness_result"]["details"] = {
        name: 1,
        number: 2,
        "face_front": {name: 1},
        f"face_{name}": {number: 1},
    }
    tree["liveness_result"]["face_genuineness"] |= {name: 0.1, f"{number}_confidence": 0.1}
    tree["verify_result"]["result_faceid"]["thresholds"] = {name: 1, number: 2}
    tree["idcard_info"]["ocr_front_quality"] = {name: {"quality": 0.1, "logic": 1}, number: {"logic": 1}}
    facts = repr(extract_facts(decode_payload(dump(tree))))
    assert name not in facts
    assert number not in facts
