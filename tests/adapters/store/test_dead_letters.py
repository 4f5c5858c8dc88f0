"""Dead letters: kept once, sealed, listed newest first, and another app's are as if they were not there."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from domain.errors import BrokenSeal
from domain.identity.errors import LegalHold
from domain.model import CallbackKind
from domain.views.letters import DeadLetter, LetterFilter
from tests.support.storage.dumps import dump_database, traces
from tests.support.storage.erasing import ACTOR, Erasing
from tests.support.storage.stores import NOW, Store, biz_id, callback, payload

SECOND = timedelta(seconds=1)


async def keep(store: Store, n: int = 1, *, app_id: str = "demo", reason: str = "missing_biz_id") -> UUID:
    letter = callback(payload(n), app_id=app_id, kind=CallbackKind.RETURN, secret_index=1)
    return await store.dead_letters.keep(letter, reason=reason, detail="no biz_id", now=NOW + n * SECOND)


async def test_a_letter_is_listed_and_opens_as_it_came(store: Store) -> None:
    letter = callback(kind=CallbackKind.RETURN, secret_index=1)
    key = await store.dead_letters.keep(letter, reason="missing_biz_id", detail="why", now=NOW)
    assert await store.letters("demo") == [
        DeadLetter(key, "demo", "return", "missing_biz_id", "why", 1, NOW, NOW)
    ]
    assert await store.opened_letter(key, "demo") == letter


async def test_a_letter_that_was_kept_twice_still_opens(store: Store) -> None:
    letter = callback()
    for reason in ("one", "two"):
        kept = await store.dead_letters.keep(letter, reason=reason, detail="", now=NOW)
    assert await store.opened_letter(kept, "demo") == letter


async def test_another_apps_letter_is_not_there(store: Store) -> None:
    key = await keep(store)
    for apps in (["other"], []):
        assert await store.dead_letters.page(LetterFilter(apps), limit=5) == []
        assert await store.dead_letters.count(LetterFilter(apps)) == 0
        assert await store.opened_letter(key, *apps) is None
        assert not await store.dead_letters.delete(key, apps)
        assert await store.dead_letters.delete_all(LetterFilter(apps)) == 0
    assert await store.opened_letter(key, "demo") is not None


async def test_a_deleted_letter_is_gone(store: Store) -> None:
    key = await keep(store)
    assert await store.dead_letters.delete(key, ["demo"])
    assert not await store.dead_letters.delete(key, ["demo"])
    assert await store.opened_letter(key, "demo") is None


async def test_an_unknown_letter_is_none(store: Store) -> None:
    assert await store.opened_letter(uuid4(), "demo") is None


async def test_pages_are_newest_first_and_stable_while_new_ones_come(store: Store) -> None:
    kept = [await keep(store, n) for n in range(5)]
    first = await store.dead_letters.page(LetterFilter(["demo"]), limit=2)
    await keep(store, 9)
    after = (first[-1].last_seen_at, first[-1].id)
    rest = await store.dead_letters.page(LetterFilter(["demo"]), limit=10, after=after)
    assert [letter.id for letter in first + rest] == kept[::-1]


async def test_letters_of_one_moment_are_all_listed(store: Store) -> None:
    for n in range(5):
        await store.dead_letters.keep(callback(payload(n)), reason="r", detail="", now=NOW)
    seen: list[UUID] = []
    after = None
    while page := await store.dead_letters.page(LetterFilter(["demo"]), limit=2, after=after):
        seen += [letter.id for letter in page]
        after = (page[-1].last_seen_at, page[-1].id)
    assert len(seen) == len(set(seen)) == 5


async def test_the_content_is_ciphertext(store: Store, engine: AsyncEngine) -> None:
    await keep(store)
    assert traces(await dump_database(engine)) == []


async def test_another_key_does_not_open_a_letter(store: Store) -> None:
    key = await keep(store)
    with pytest.raises(BrokenSeal):
        await Store(store.engine, KeyRing([b"o" * 32])).opened_letter(key, "demo")


async def test_letters_can_be_narrowed_to_a_reason(store: Store) -> None:
    kept = await keep(store, 1, reason="bad_biz_id")
    await keep(store, 2)
    await keep(store, 3, app_id="other", reason="bad_biz_id")
    assert [letter.id for letter in await store.letters("demo", reason="bad_biz_id")] == [kept]
    assert await store.dead_letters.count(LetterFilter(None, "bad_biz_id")) == 2
    assert await store.dead_letters.delete_all(LetterFilter(["demo"], "bad_biz_id")) == 1
    assert {letter.reason for letter in await store.letters()} == {"missing_biz_id", "bad_biz_id"}


@pytest.mark.parametrize("retried", [False, True])
@pytest.mark.parametrize("app_ids", [None, ["demo", "small"]])
@pytest.mark.parametrize("reason", [None, "common", "never"])
async def test_a_page_has_the_newest_letters_of_all_its_apps(
    store: Store, app_ids: list[str] | None, reason: str | None, retried: bool
) -> None:
    async with store.engine.begin() as connection:
        await connection.execute(text(MANY_LETTERS), {"count": 50, "retried": retried})
    which = LetterFilter(app_ids, reason, retried=retried)
    found = await store.dead_letters.page(which, limit=5)
    assert len(found) == (0 if reason == "never" else 5)
    assert [each.last_seen_at for each in found] == sorted(
        (each.last_seen_at for each in found), reverse=True
    )


MANY_LETTERS = """
INSERT INTO dead_letters (id, app_id, kind, reason, detail, wrapped_key, raw_ct, first_seen_at, last_seen_at,
                          retried_at)
SELECT gen_random_uuid(), CASE WHEN n % 9 = 0 THEN 'small' ELSE 'demo' END, 'notify', 'common', '', '', '',
       now(), now() + n * interval '1 second', CASE WHEN :retried THEN now() END
FROM generate_series(1, CAST(:count AS integer)) n
"""


async def test_a_letter_of_a_held_verification_stays(engine: AsyncEngine, keys: KeyRing) -> None:
    store = Erasing(engine, keys)
    await store.record(callback(payload(1)))
    held, free = [
        await store.dead_letters.keep(callback(payload(n)), reason="refused", detail="", now=NOW)
        for n in (1, 2)
    ]
    await store.desk.hold("demo", biz_id(1), actor=ACTOR, reason="court order 7")

    with pytest.raises(LegalHold):
        await store.dead_letters.delete(held, ["demo"])
    assert await store.dead_letters.delete_all(LetterFilter(["demo"])) == 1
    assert [each.id for each in await store.letters()] == [held]
    assert not await store.dead_letters.delete(free, None)

    await store.desk.lift("demo", biz_id(1), actor=ACTOR, reason="case closed")
    assert await store.dead_letters.delete(held, ["demo"])
