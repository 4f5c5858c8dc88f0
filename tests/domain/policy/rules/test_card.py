"""The id_card table: dates, legality, logic and quality of the card's pictures."""

from math import nan

import pytest

from domain.model import Outcome
from domain.policy.decide import judge
from tests.support.payloads.callbacks import (
    Json,
    decoded_facts,
    judged,
    load_sample,
    passing_facts,
    policy_with,
)

APPROVED, REJECTED, REVIEW, _ = Outcome
STRICT = policy_with(id_card=dict.fromkeys(["expired", "legality", "logic", "quality"], "reject"))


def _details(changes: Json, **id_card: object) -> list[str]:
    policy = policy_with(
        id_card=dict.fromkeys(["expired", "legality", "logic", "quality"], "reject") | id_card
    )
    return [reason.detail for reason in judge(passing_facts(**changes), policy).reasons]


@pytest.mark.parametrize(
    ("card", "outcome"),
    [
        ("valid", APPROVED),
        (None, APPROVED),
        ("expired", REJECTED),
        ("not_yet_valid", REJECTED),
        ("odd", REJECTED),
    ],
)
def test_the_cards_dates(card: str | None, outcome: Outcome) -> None:
    assert judged(passing_facts(card=card), STRICT) == (
        outcome,
        [] if outcome is APPROVED else ["id.expired"],
    )


@pytest.mark.parametrize("side", ["front", "back"])
@pytest.mark.parametrize("kind", ["photocopy", "screen", "edited", "temporary"])
@pytest.mark.parametrize(
    ("share", "most", "fits"),
    [
        (0.0, 0.5, True),
        (0.5, 0.5, True),
        (0.501, 0.5, False),
        (1.0, 0.5, False),
        (0.1, 0.1, True),
        (0.11, 0.1, False),
        (0.0, 0.0, True),
        (0.001, 0.0, False),
        (1.0, 1.0, True),
        (nan, 0.5, False),
    ],
)
def test_a_share_with_a_maximum(side: str, kind: str, share: float, most: float, fits: bool) -> None:
    details = _details({"legality": {f"{side}.{kind}": share}}, **{f"max_{kind}": most})
    assert details == ([] if fits else [f"{side}.{kind} {share:g} > {most:g}"])


@pytest.mark.parametrize("side", ["front", "back"])
@pytest.mark.parametrize(
    ("share", "least", "fits"),
    [
        (1.0, 0.5, True),
        (0.5, 0.5, True),
        (0.499, 0.5, False),
        (0.0, 0.5, False),
        (0.0, 0.0, True),
        (0.999, 1.0, False),
        (1.0, 1.0, True),
        (nan, 0.5, False),
    ],
)
def test_a_share_with_a_minimum(side: str, share: float, least: float, fits: bool) -> None:
    details = _details({"legality": {f"{side}.id_photo": share}}, min_id_photo=least)
    assert details == ([] if fits else [f"{side}.id_photo {share:g} < {least:g}"])


def test_every_share_out_of_its_limit_is_a_reason() -> None:
    shares = {"front.id_photo": 0.1, "front.screen": 0.9, "back.id_photo": 0.9, "back.edited": 0.6}
    assert _details({"legality": shares}) == [
        "front.id_photo 0.1 < 0.5",
        "front.screen 0.9 > 0.5",
        "back.edited 0.6 > 0.5",
    ]


@pytest.mark.parametrize(
    ("quality", "least", "fits"),
    [
        (0.753, 0.753, True),
        (0.7529, 0.753, False),
        (1.0, 0.753, True),
        (0.0, 0.0, True),
        (0.8, 0.9, False),
        (nan, 0.5, False),
    ],
)
def test_quality(quality: float, least: float, fits: bool) -> None:
    details = _details({"qualities": {"front.name": quality}}, min_quality=least)
    assert details == ([] if fits else [f"front.name {quality:g} < {least:g}"])


def test_poor_fields_are_one_reason_and_so_are_illogical_ones() -> None:
    changes = {
        "qualities": {"front.name": 0.1, "front.gender": 0.9, "back.issued_by": 0.2},
        "illogical": ("front.birth_day", "back.valid_date_end"),
    }
    assert _details(changes) == [
        "front.birth_day, back.valid_date_end",
        "front.name 0.1, back.issued_by 0.2 < 0.753",
    ]


def test_by_default_the_card_is_reported_and_decides_nothing() -> None:
    facts = passing_facts(
        card="expired",
        legality={"front.screen": 0.9},
        illogical=("front.name",),
        qualities={"front.name": 0.1},
    )
    assert judged(facts) == (APPROVED, [])
    judgement = judge(facts, policy_with())
    [run] = [run for run in judgement.rules if run.rule == "id_card"]
    assert run.verdict == "ignored"
    assert [reason.code.value for reason in run.reasons] == [
        "id.expired",
        "id.legality",
        "id.logic",
        "id.quality",
    ]


def test_the_vendors_card_is_a_good_one() -> None:
    facts = decoded_facts(load_sample("callback_with_attack.json"))
    [run] = [run for run in judge(facts, STRICT).rules if run.rule == "id_card"]
    assert run.verdict == "passed"
    picky = policy_with(id_card={"legality": "reject", "max_photocopy": 0.048})
    [run] = [run for run in judge(facts, picky).rules if run.rule == "id_card"]
    assert [reason.detail for reason in run.reasons] == [
        "front.photocopy 0.049 > 0.048",
        "back.photocopy 0.049 > 0.048",
    ]
