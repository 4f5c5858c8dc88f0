"""A candidate's decisions against the live ones, over the apps asked for."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.decisions.shadows import PgShadows
from domain.model import Outcome
from tests.support.payloads.callbacks import default_policy, policy_with
from tests.support.storage.stored import START, biz_id, confirmed, save_all

STRICT = policy_with(face={"approve_level": "1e-6"})
STRICTER = policy_with(face={"approve_level": "1e-6", "min_confidence": 95})
BELOW_1E6 = 76.0


@pytest.fixture
def shadows(engine: AsyncEngine) -> PgShadows:
    return PgShadows(engine)


async def test_a_shadow_has_transitions_times_and_differences(
    engine: AsyncEngine, shadows: PgShadows
) -> None:
    scores = (91.327, BELOW_1E6, 41.0, BELOW_1E6)
    items = [
        confirmed(n, default_policy(), confidence=score, candidate=STRICT) for n, score in enumerate(scores)
    ]
    await save_all(engine, [*items, confirmed(4, default_policy())])
    shadow = await shadows.compare("test", ["demo"])
    assert [(each.before, each.after, each.verifications) for each in shadow.comparison.transitions] == [
        (Outcome.APPROVED, Outcome.APPROVED, 1),
        (Outcome.REJECTED, Outcome.REJECTED, 1),
        (Outcome.APPROVED, Outcome.REVIEW, 2),
    ]
    assert [change.biz_id for change in shadow.comparison.changed] == [biz_id(3), biz_id(1)]
    assert {change.reasons for change in shadow.comparison.changed} == {("face.below_threshold",)}
    [text] = shadow.texts
    assert (text.version, text.content_hash, text.verifications) == ("1", STRICT.content_hash, 4)
    assert (text.first_at, text.last_at) == (START, START + timedelta(minutes=3))


async def test_several_texts_of_one_name(engine: AsyncEngine, shadows: PgShadows) -> None:
    items = [
        confirmed(n, default_policy(), candidate=policy)
        for n, policy in enumerate((STRICT, STRICTER, STRICT, STRICTER))
    ]
    await save_all(engine, items)
    both = await shadows.compare("test", ["demo"])
    assert [text.content_hash for text in both.texts] == [STRICTER.content_hash, STRICT.content_hash]
    assert (both.comparison.verifications, both.comparison.changes) == (4, 2)
    one = await shadows.compare("test", ["demo"], content_hash=STRICT.content_hash)
    assert (one.comparison.verifications, one.comparison.changes) == (2, 0)


async def test_changes_are_capped_and_counted(engine: AsyncEngine, shadows: PgShadows) -> None:
    await save_all(engine, [confirmed(n, default_policy(), candidate=STRICTER) for n in range(5)])
    shadow = await shadows.compare("test", ["demo"], keep=2)
    assert [change.biz_id for change in shadow.comparison.changed] == [biz_id(4), biz_id(3)]
    assert shadow.comparison.changes == 5


async def test_other_apps_and_other_names_are_left_out(engine: AsyncEngine, shadows: PgShadows) -> None:
    for app_id in ("demo", "other"):
        item = confirmed(0, default_policy(), app_id=app_id, candidate=STRICT)
        await save_all(engine, [item], app_id=app_id)
    assert (await shadows.compare("test", ["other"])).comparison.verifications == 1
    assert (await shadows.compare("test", [])).texts == ()
    assert (await shadows.compare("default", ["demo"])).texts == ()
