"""What the card says of itself: its pictures without what is written on it, its dates on a day in China."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from domain.facts import Facts
from tests.domain.builders import (
    BIZ_ID,
    ID_NUMBER,
    NAME,
    Json,
    decoded_facts,
    load_sample,
    passing_payload,
    put,
)

CHINA = timezone(timedelta(hours=8))
DATES = "2010.11.13-2020.11.13"


def _seconds(day: str) -> int:
    """`2020-11-13 23:59:59` as a clock in China shows it."""
    return int(datetime.fromisoformat(day).replace(tzinfo=CHINA).timestamp())


def _card(dates: Any = DATES, *, verify_time: Any = None, biz_id: str = BIZ_ID) -> str | None:
    tree = put(passing_payload(), "idcard_info.idcard_valid_date", dates)
    put(tree, "biz_info.biz_id", biz_id)
    return decoded_facts(put(tree, "verify_result.verify_time", verify_time)).card


@pytest.mark.parametrize(
    ("moment", "card"),
    [
        pytest.param("2010-11-12 23:59:59", "not_yet_valid", id="the-last-second-before"),
        pytest.param("2010-11-13 00:00:00", "valid", id="the-first-second"),
        pytest.param("2015-01-01 12:00:00", "valid", id="between"),
        pytest.param("2020-11-13 00:00:00", "valid", id="the-last-day"),
        pytest.param("2020-11-13 07:59:59", "valid", id="the-last-day-still-the-12th-in-utc"),
        pytest.param("2020-11-13 23:59:59", "valid", id="the-last-second"),
        pytest.param("2020-11-14 00:00:00", "expired", id="the-first-second-after-still-the-13th-in-utc"),
        pytest.param("2020-11-14 08:00:00", "expired", id="the-day-after-in-utc-too"),
    ],
)
def test_the_day_is_a_day_in_china(moment: str, card: str) -> None:
    assert _card(verify_time=_seconds(moment)) == card
    assert _card(biz_id=f"{_seconds(moment)},0a1b2c3d") == card


@pytest.mark.parametrize(
    ("dates", "card"),
    [
        pytest.param("2010.11.13-2030.11.13", "valid", id="dated"),
        pytest.param("2010.11.13-长期", "valid", id="for-ever"),
        pytest.param("2010.11.13 - 长期 ", "valid", id="for-ever-spaced"),
        pytest.param("2030.01.01-长期", "not_yet_valid", id="for-ever-from-later-on"),
        pytest.param(" 2010.11.13 - 2020.11.13 ", "expired", id="spaced"),
        pytest.param("2012.02.29-2022.02.28", "expired", id="leap-day"),
        pytest.param("2013.02.29-2033.02.28", None, id="no-such-day"),
        pytest.param("2010.11.13-2033.02.29", None, id="no-such-last-day"),
        pytest.param("2010.13.01-2030.01.01", None, id="no-such-month"),
        pytest.param("0000.01.01-2030.01.01", None, id="no-such-year"),
        pytest.param("2020.11.13", None, id="one-date"),
        pytest.param("长期", None, id="for-ever-alone"),
        pytest.param("2010-11-13-2030-11-13", None, id="dashes"),
        pytest.param("20101113-20301113", None, id="no-dots"),
        pytest.param("2010.11.13-2030.11.13 and more", None, id="text-behind"),
        pytest.param("2010.11.13-xxxx.xx.xx", None, id="masked"),
        pytest.param(20301113, None, id="number"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_the_spellings_of_the_dates(dates: object, card: str | None) -> None:
    assert _card(dates, verify_time=_seconds("2025-06-01 12:00:00")) == card


@pytest.mark.parametrize(
    ("verify_time", "biz_id", "card"),
    [
        pytest.param(None, "1462259748,52b13fb5", "valid", id="by-the-biz-id"),
        pytest.param(1700000000, "1462259748,52b13fb5", "expired", id="the-verifications-time-first"),
        pytest.param("1700000000", "1462259748,52b13fb5", "expired", id="time-as-text"),
        pytest.param(None, "52b13fb5-1462259748", None, id="a-biz-id-without-time"),
        pytest.param(None, "99999999999,52b13fb5", "expired", id="a-far-day"),
        pytest.param(None, "999999999999,52b13fb5", None, id="no-seconds"),
        pytest.param(1462259748000, "1462259748,52b13fb5", None, id="milliseconds"),
        pytest.param(10**30, "1462259748,52b13fb5", None, id="huge"),
        pytest.param(-(10**30), "1462259748,52b13fb5", None, id="hugely-negative"),
        pytest.param(0, "1462259748,52b13fb5", "not_yet_valid", id="the-first-day-of-all"),
    ],
)
def test_the_verifications_day(verify_time: object, biz_id: str, card: str | None) -> None:
    assert _card(verify_time=verify_time, biz_id=biz_id) == card


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
    """JSON has no other: stored as null, it could neither be read back nor decided anew."""
    value = {"name": {key: text}} if key else {"Screen": text}
    facts = decoded_facts(put(passing_payload(), path, value))
    assert (facts.legality, facts.qualities) == ({}, {})
    assert [name.startswith(path) for name in facts.unreadable] == [True]
