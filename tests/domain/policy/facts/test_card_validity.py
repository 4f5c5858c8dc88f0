"""Whether the card was valid on the verification's day, which is a day in China."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from domain.model import Outcome
from domain.policy.decide import decide
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import compare_facts
from tests.support.payloads.callbacks import (
    BIZ_ID,
    Json,
    decoded_facts,
    judged,
    load_sample,
    passing_facts,
    passing_payload,
    policy_with,
    put,
)

CHINA = timezone(timedelta(hours=8))
EXPIRED, VALID, LATER = "2010.11.13-2020.11.13", "2020.11.13-2040.11.13", "2035.01.01-2045.01.01"
FIELD = "idcard_info.idcard_valid_date"
FRONT = "idcard_info.front_side.ocr_result.valid_date"
BACK = "idcard_info.back_side.ocr_result.valid_date"
AS_READ = "idcard_info.ocr_back_quality"
TIMELESS = "52b13fb5-8dfb-4537"


def _seconds(day: str) -> int:
    """`2020-11-13 23:59:59` as a clock in China shows it."""
    return int(datetime.fromisoformat(day).replace(tzinfo=CHINA).timestamp())


NOW = _seconds("2025-06-01 12:00:00")


def _tree(*, verify_time: Any = NOW, biz_id: str = TIMELESS, **stated: Any) -> Json:
    """A passing payload with these dates: `field`, `front`, `back`, `as_read` (the two ends)."""
    tree = put(passing_payload(), "biz_info.biz_id", biz_id)
    put(tree, "verify_result.verify_time", verify_time)
    for name, path in (("field", FIELD), ("front", FRONT), ("back", BACK)):
        if name in stated:
            put(tree, path, stated[name])
    if "as_read" in stated:
        start, end = stated["as_read"]
        fields = {"valid_date_start": {"quality": 0.99, "logic": 0, "result": start}}
        put(tree, AS_READ, fields | {"valid_date_end": {"quality": 0.99, "logic": 0, "result": end}})
    return tree


def _card(**how: Any) -> str | None:
    return decoded_facts(_tree(**how)).card


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
    assert _card(field=EXPIRED, verify_time=_seconds(moment)) == card
    assert _card(field=EXPIRED, verify_time=None, biz_id=f"{_seconds(moment)},0a1b2c3d") == card


@pytest.mark.parametrize(
    ("stated", "card"),
    [
        pytest.param({}, None, id="no-dates"),
        pytest.param({"field": ""}, None, id="empty"),
        pytest.param({"field": None, "back": None}, None, id="null"),
        pytest.param({"field": []}, None, id="an-empty-map-of-php"),
        pytest.param({"field": VALID}, "valid", id="valid"),
        pytest.param({"field": EXPIRED}, "expired", id="expired"),
        pytest.param({"field": LATER}, "not_yet_valid", id="not-yet-valid"),
        pytest.param({"field": "20101113－20201113"}, "expired", id="in-another-spelling"),
        pytest.param({"field": "2010.11.13-2020.02.30"}, "unreadable", id="no-such-day"),
        pytest.param({"field": "2030.11.13"}, "unreadable", id="one-date"),
        pytest.param({"field": "长期"}, "unreadable", id="for-ever-alone"),
        pytest.param({"field": 20301113}, "unreadable", id="a-number"),
        pytest.param({"field": "?"}, "unreadable", id="no-date"),
        pytest.param({"back": EXPIRED}, "expired", id="only-as-read"),
        pytest.param({"front": EXPIRED}, "expired", id="on-the-front"),
        pytest.param({"field": VALID, "back": VALID}, "valid", id="both-valid"),
        pytest.param({"field": VALID, "back": EXPIRED}, "expired", id="edited-by-the-user"),
        pytest.param({"field": EXPIRED, "back": VALID}, "expired", id="misread-and-corrected"),
        pytest.param({"field": VALID, "front": LATER}, "not_yet_valid", id="the-front-later"),
        pytest.param({"field": LATER, "back": EXPIRED}, "expired", id="expired-and-later"),
        pytest.param({"field": VALID, "back": "2020.11.?"}, "unreadable", id="unreadable-as-read"),
        pytest.param({"field": "?", "back": VALID}, "unreadable", id="unreadable-as-edited"),
        pytest.param({"field": "?", "back": EXPIRED}, "expired", id="unreadable-and-expired"),
        pytest.param({"as_read": ("20101113", "20201113")}, "expired", id="fields-expired"),
        pytest.param({"as_read": ("20201113", "长期")}, "valid", id="fields-for-ever"),
        pytest.param({"as_read": ("20201113", None)}, "unreadable", id="fields-without-an-end"),
        pytest.param({"as_read": ("", "")}, None, id="fields-empty"),
        pytest.param({"as_read": ({}, [1])}, None, id="fields-of-another-kind"),
        pytest.param({"field": VALID, "as_read": ("20101113", "20201113")}, "expired", id="fields-beside"),
        pytest.param({"field": VALID, "as_read": ("20101113", "xxxx")}, "valid", id="fields-masked"),
    ],
)
def test_the_stricter_statement_decides(stated: dict[str, Any], card: str | None) -> None:
    assert _card(**stated) == card


BEGAN = f"{NOW - 100},0a1b2c3d"


@pytest.mark.parametrize(
    "verify_time",
    [
        0, "0", -1, "-1", 0.0, 1, 86_400, NOW * 1000, NOW * 1_000_000, "1748750400000", 4_102_444_800,
        9_999_999_999, 10**30, -(10**30), None, "", "now", {}, [], True, "2025-06-01 12:00:00",
    ],
)  # fmt: skip
def test_no_time_is_no_time(verify_time: Any) -> None:
    """A valid card was once rejected for `verify_time` 0, an expired one approved for milliseconds."""
    for dates, card in ((VALID, "valid"), (EXPIRED, "expired"), (LATER, "not_yet_valid")):
        assert _card(field=dates, verify_time=verify_time, biz_id=BEGAN) == card
        assert _card(field=dates, verify_time=verify_time) == "unreadable"


@pytest.mark.parametrize(
    ("verify_time", "biz_id", "card"),
    [
        pytest.param(
            "2020-11-14 00:01:00", "2020-11-13 23:59:00", "expired", id="the-verifications-own-time"
        ),
        pytest.param("2020-11-13 23:59:00", "2020-11-14 00:01:00", "valid", id="clocks-that-differ"),
        pytest.param("2016-05-03 12:00:00", "2023-11-14 12:00:00", "unreadable", id="earlier-by-years"),
        pytest.param("2023-11-14 12:00:00", "2016-05-03 12:00:00", "unreadable", id="later-by-years"),
        pytest.param("2012-05-03 12:00:00", "2016-05-03 12:00:00", "valid", id="either-way-valid"),
        pytest.param("2022-05-03 12:00:00", "2026-05-03 12:00:00", "expired", id="either-way-expired"),
        pytest.param("2038-01-19 11:14:07", "2016-05-03 12:00:00", "valid", id="the-largest-of-32-bits"),
        pytest.param("2050-05-03 12:00:00", "2016-05-03 12:00:00", "valid", id="a-far-future"),
    ],
)
def test_two_times(verify_time: str, biz_id: str, card: str) -> None:
    began = f"{_seconds(biz_id)},0a1b2c3d"
    assert _card(field=EXPIRED, verify_time=_seconds(verify_time), biz_id=began) == card


@pytest.mark.parametrize(
    "biz_id", [TIMELESS, "99999999999,52b13fb5", "999999999999,52b13fb5", "0,52b13fb5-1"]
)
def test_dates_without_a_day_are_not_clear(biz_id: str) -> None:
    assert _card(field=VALID, verify_time=None, biz_id=biz_id) == "unreadable"


@pytest.mark.parametrize(
    ("expired", "outcome"),
    [("reject", Outcome.REVIEW), ("review", Outcome.REVIEW), ("ignore", Outcome.APPROVED)],
)
def test_an_unclear_validity_causes_review_if_the_policy_reads_it(expired: str, outcome: Outcome) -> None:
    policy = policy_with(id_card={"expired": expired})
    found, codes = judged(passing_facts(card="unreadable"), policy)
    assert (found, codes) == (outcome, ["id.validity_unreadable"] if outcome is Outcome.REVIEW else [])


def test_a_card_that_expired_is_no_matter_of_doubt() -> None:
    policy = policy_with(id_card={"expired": "reject"})
    assert judged(passing_facts(card="expired"), policy) == (Outcome.REJECTED, ["id.expired"])


def test_a_validity_that_only_one_payload_makes_clear_is_not_a_disagreement() -> None:
    """get_result leaves `verify_time` out unless it is asked for."""
    clear, unclear = passing_facts(card="valid"), passing_facts(card="unreadable")
    strict = policy_with(id_card={"expired": "reject"})
    for callback, result in ((clear, unclear), (unclear, clear)):
        assert compare_facts(callback, result) == ()
        assert decide(Evidence(callback, result), policy=policy_with()).outcome is Outcome.APPROVED
        assert decide(Evidence(callback, result), policy=strict).outcome is Outcome.REVIEW


def test_the_vendors_card() -> None:
    assert decoded_facts(load_sample("callback_with_attack.json")).card == "valid"
    assert decoded_facts(put(load_sample("callback_with_attack.json"), "biz_info.biz_id", BIZ_ID)).card == (
        "unreadable"
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (FIELD, {"from": "2020.11.13"}),
        (FIELD, ["2020.11.13", "2040.11.13"]),
        (FIELD, True),
        (BACK, {"start": "20201113"}),
        (FRONT, [1]),
        ("idcard_info.back_side", "text"),
        ("idcard_info.back_side.ocr_result", [1]),
        (AS_READ, "text"),
        (f"{AS_READ}.valid_date_end", "20201113"),
        ("idcard_info", "text"),
    ],
)
def test_dates_of_another_kind_are_for_a_person_where_the_policy_looks(path: str, value: Any) -> None:
    facts = decoded_facts(put(_tree(back=VALID), path, value))
    strict = policy_with(id_card={"expired": "reject"})
    assert judged(facts, strict) == (Outcome.REVIEW, ["payload.unreadable"])
    assert judged(facts) == (Outcome.APPROVED, [])
