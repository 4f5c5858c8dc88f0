"""Eight reviewers at a hundred cases: nothing is lost, done twice, done under a stale claim or by one person.

`FACEID_REVIEW_RACES=10000 pytest tests/adapters/store/reviews/test_races.py` runs it whole.
"""

import asyncio
import os
from collections import Counter
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import structlog
from msgspec.structs import replace

from adapters.store.reviews.cases import EVENTS, event_of
from adapters.store.statements.bulk import bulk_connection
from domain.reviews.case import CaseState, ReviewCase
from domain.reviews.errors import ReviewRefused
from domain.reviews.history import CONCLUDING, CaseEvent, Kind, replay
from tests.support.storage.reviews import APPROVAL, REJECTION, Reviews, person
from usecases.reviews.by import By

log = structlog.get_logger(__name__)

RACES = int(os.environ.get("FACEID_REVIEW_RACES", "300"))
CASES = 100 if RACES >= 1000 else 12
REVIEWERS = [person(n) for n in range(1, 9)]
HOT = 4
"""Cases that every second turn goes to, so that reviewers meet."""

BY_PERSONS = {Kind.PROPOSED, Kind.CONCLUDED, Kind.APPROVED, Kind.RETURNED, Kind.RELEASED}


class Race:
    """What reviewers do, and what they were told."""

    def __init__(self, reviews: Reviews, verifications: list[UUID]) -> None:
        self.reviews = reviews
        self.desk = reviews.desk
        self.verifications = verifications
        self.left = RACES
        self.told: Counter[str] = Counter()
        self.leases: dict[tuple[UUID, int], datetime] = {}

    async def work(self, by: By, random: Random) -> None:
        """One reviewer's turns."""
        held: list[ReviewCase] = []
        while self.left > 0:
            self.left -= 1
            try:
                case = await self.take(by, random)
                if case is not None:
                    held = [case, *held][:3]
                    await self.act(random.choice(held), by, random)
            except ReviewRefused as error:
                self.told[error.code] += 1
            if random.random() < 0.05:
                self.reviews.clock.now += timedelta(minutes=6)

    async def take(self, by: By, random: Random) -> ReviewCase | None:
        """Claim the next case, a hot one, any, or take one over."""
        if random.random() < 0.4:
            return self.noted(await self.desk.next(by))
        which = self.verifications[: HOT if random.random() < 0.5 else None]
        case_id = await self.reviews.case_of(random.choice(which))
        if random.random() < 0.1:
            return self.noted(await self.desk.take_over(case_id, by))
        return self.noted(await self.desk.claim(case_id, by))

    def noted(self, case: ReviewCase | None) -> ReviewCase | None:
        """Note until when a claim holds; a renewal is no event."""
        if case is not None and case.claim is not None:
            key = (case.id, case.fence)
            self.leases[key] = max(self.leases.get(key, case.claim.lease_until), case.claim.lease_until)
        return case

    async def act(self, case: ReviewCase, by: By, random: Random) -> None:
        """Do something with a case that was claimed now or earlier."""
        shown = await self.reviews.hash_of(case.id, by)
        fence = case.fence if random.random() < 0.8 else None
        match random.choice(["conclude", "propose", "approve", "approve", "return", "release", "leave"]):
            case "conclude":
                await self.desk.propose(case.id, by, REJECTION, evidence_hash=shown, fence=fence)
                self.told["concluded"] += 1
            case "propose":
                await self.desk.propose(case.id, by, APPROVAL, evidence_hash=shown, fence=fence)
                self.told["proposed"] += 1
                self.noted(await self.desk.claim(case.id, by))
            case "approve":
                await self.desk.approve(case.id, by, evidence_hash=shown, fence=fence)
                self.told["approved"] += 1
            case "return":
                await self.desk.return_(case.id, by, note="look again", fence=fence)
                self.told["returned"] += 1
            case "release":
                await self.desk.release(case.id, by, fence=fence)
                self.told["released"] += 1


async def test_races_lose_nothing_and_do_nothing_twice(reviews: Reviews) -> None:
    race = Race(reviews, [await reviews.verification(n) for n in range(1, CASES + 1)])
    for verification in race.verifications:
        await reviews.case_of(verification)
    await asyncio.gather(*(race.work(by, Random(n)) for n, by in enumerate(REVIEWERS)))
    kinds = await check_histories(race)
    told = race.told
    assert (kinds[Kind.CONCLUDED], kinds[Kind.APPROVED]) == (told["concluded"], told["approved"])
    assert (kinds[Kind.PROPOSED], kinds[Kind.RETURNED]) == (told["proposed"], told["returned"])
    [counted] = await reviews.rows("SELECT count(*), count(DISTINCT case_id) AS cases FROM reviews")
    assert counted["count"] == counted["cases"] == told["concluded"] + told["approved"]
    [alone] = await reviews.rows("SELECT count(*) FROM reviews WHERE approved_by = proposed_by")
    assert alone["count"] == 0
    [events] = await reviews.rows("SELECT count(*) FROM events WHERE type = 'verification.reviewed'")
    assert events["count"] == counted["count"]
    log.info("reviews.raced", races=RACES, told=dict(told), kinds=dict(kinds))
    assert told["concluded"] > 0
    assert told["claimed_by_another"] > 0
    assert told["same_person"] > 0


async def check_histories(race: Race) -> Counter[Kind]:
    """Each stored case is the replay of its events, and each step was its claimant's, in time."""
    kinds: Counter[Kind] = Counter()
    ids = [row["id"] for row in await race.reviews.rows("SELECT id FROM review_cases")]
    for case_id in ids:
        assert isinstance(case_id, UUID)
        view = await race.desk.find(case_id, REVIEWERS[0])
        async with bulk_connection(race.reviews.store.engine) as connection:
            events = [event_of(row) for row in await connection.fetch(EVENTS, case_id)]
        case = view.listed.case
        assert replace(replay(case, events), claim=None) == replace(case, claim=None)
        assert [event.kind in CONCLUDING for event in events].count(True) == (case.state is CaseState.CLOSED)
        check_claims(race, events)
        kinds.update(event.kind for event in events)
    return kinds


def check_claims(race: Race, events: list[CaseEvent]) -> None:
    claimant: tuple[UUID | None, int] = (None, 0)
    proposer: UUID | None = None
    for event in events:
        if event.detail.fence is not None:
            claimant = (event.person_id, event.detail.fence)
        if event.kind in BY_PERSONS:
            assert event.person_id == claimant[0]
            assert event.at < race.leases[event.case_id, claimant[1]]
            claimant = (None, 0)
        if event.kind is Kind.PROPOSED:
            proposer = event.person_id
        assert event.kind is not Kind.APPROVED or event.person_id != proposer
