"""Facts about the card's pictures, without the text on the card."""

import pytest

from domain.policy.facts.facts import Facts
from tests.support.payloads.callbacks import (
    ID_NUMBER,
    NAME,
    Json,
    decoded_facts,
    load_sample,
    passing_payload,
    put,
)

LEGAL = {"ID Photo": 0.855, "Temporary ID Photo": 0, "Photocopy": 0.049, "Screen": 0.096, "Edited": 0}


def _with_legality(front: Json | None, back: Json | None = None) -> Facts:
    tree = put(passing_payload(), "idcard_info.front_side.ocr_result.legality", front)
    return decoded_facts(put(tree, "idcard_info.back_side", {"ocr_result": {"legality": back}}))


@pytest.mark.parametrize(
    ("front", "back", "shares"),
    [
        pytest.param(None, None, {}, id="none"),
        pytest.param({}, {}, {}, id="empty"),
        pytest.param(
            LEGAL,
            None,
            {
                "front.id_photo": 0.855,
                "front.temporary": 0,
                "front.photocopy": 0.049,
                "front.screen": 0.096,
                "front.edited": 0,
            },
            id="front",
        ),
        pytest.param(None, {"Screen": 0.9}, {"back.screen": 0.9}, id="back"),
        pytest.param({"Screen": 0.1}, {"Screen": 0.9}, {"front.screen": 0.1, "back.screen": 0.9}, id="both"),
        pytest.param({"Temporary ID Photo ": 0.7}, None, {"front.temporary": 0.7}, id="trailing-space"),
        pytest.param({"Screen": "0.9"}, None, {"front.screen": 0.9}, id="text"),
        pytest.param({"Screen": None, "Edited": 0.2}, None, {"front.edited": 0.2}, id="null"),
        pytest.param({"Hologram": 0.9, "screen": 0.9}, None, {}, id="unheard-of"),
    ],
)
def test_legality(front: Json | None, back: Json | None, shares: dict[str, float]) -> None:
    assert _with_legality(front, back).legality == shares


def test_qualities_and_logic() -> None:
    tree = passing_payload()
    put(
        tree,
        "idcard_info.ocr_front_quality",
        {
            "name": {"quality": 0.996, "logic": 0, "result": NAME},
            "birth_day": {"quality": "0.5", "logic": 1},
            "gender": {"logic": "1"},
            "race": {"quality": None, "logic": None},
            "address": None,
        },
    )
    put(tree, "idcard_info.ocr_back_quality", {"issued_by": {"quality": 0, "logic": 2}})
    facts = decoded_facts(tree)
    assert facts.qualities == {"front.name": 0.996, "front.birth_day": 0.5, "back.issued_by": 0}
    assert facts.illogical == ("front.birth_day", "front.gender", "back.issued_by")


@pytest.mark.parametrize("name", [NAME, ID_NUMBER, "name 1", "", "x" * 65, "a.b"])
def test_a_fields_name_is_no_place_for_a_person(name: str) -> None:
    tree = put(passing_payload(), "idcard_info.ocr_front_quality", {name: {"quality": 0.1, "logic": 1}})
    facts = decoded_facts(tree)
    assert (facts.qualities, facts.illogical) == ({}, ())


def test_the_facts_of_the_vendors_card() -> None:
    facts = decoded_facts(load_sample("callback_with_attack.json"))
    assert facts.card == "valid"
    assert facts.legality["back.id_photo"] == 0.855
    assert len(facts.legality) == 10
    assert len(facts.qualities) == 11
    assert facts.illogical == ()


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity"])
@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("idcard_info.front_side.ocr_result.legality", None),
        ("idcard_info.back_side.ocr_result.legality", None),
        ("idcard_info.ocr_front_quality", "quality"),
        ("idcard_info.ocr_back_quality", "quality"),
    ],
)
def test_a_share_is_a_number(path: str, key: str | None, text: str) -> None:
    """JSON has no other: stored as null, it could neither be read back nor decided again."""
    value = {"name": {key: text}} if key else {"Screen": text}
    facts = decoded_facts(put(passing_payload(), path, value))
    assert (facts.legality, facts.qualities) == ({}, {})
    assert [name.startswith(path) for name in facts.unreadable] == [True]
