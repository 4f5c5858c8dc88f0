"""Cases on a real store, and the persons who review them."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import text

from adapters.store.reviews.store import PgReviews
from adapters.store.statements.bulk import bulk_connection
from adapters.store.statements.openings import NewCase, open_cases
from domain.model import Identity, Outcome
from domain.people.actor import Actor
from domain.policy.file.policy import Policy
from domain.reviews.case import Because
from domain.reviews.conclusion import Conclusion
from tests.support.payloads.callbacks import default_policy
from tests.support.storage.stores import NOW, Clock, Store, callback, decision_record, payload
from usecases.reviews.by import By
from usecases.reviews.desk import ReviewDesk

APPROVAL = Conclusion(Outcome.APPROVED, ("person.matches",), "seen at the counter: 张三")
REJECTION = Conclusion(Outcome.REJECTED, ("attack.confirmed",))
OPEN_CASE = "SELECT id FROM review_cases WHERE verification_id = $1 AND state <> 'closed'"
LOCK = "SELECT FROM verifications WHERE id = $1 FOR NO KEY UPDATE"
BEGIN = NOW + timedelta(minutes=1)


def person(n: int, *, senior: bool = True, app_ids: tuple[str, ...] = ("demo",)) -> By:
    """Person number `n`, a reviewer of these apps."""
    actor = Actor.person(UUID(int=n), f"p{n}", address="10.0.0.7")
    return By(actor, app_ids, app_ids if senior else ())


LI_NA, WANG, CHEN = person(1, senior=False), person(2), person(3)


@dataclass
class Reviews:
    """A desk over a real store, at a time that the test sets."""

    store: Store
    clock: Clock = field(default_factory=lambda: Clock(BEGIN))

    def __post_init__(self) -> None:
        self.cases = PgReviews(self.store.engine, keys=self.store.data_keys)
        self.desk = ReviewDesk(self.cases, clock=self.clock)

    async def verification(
        self,
        n: int = 1,
        *,
        outcome: Outcome = Outcome.REVIEW,
        policy: Policy | None = None,
        identity: Identity | None = None,
    ) -> UUID:
        """A decided verification."""
        recorded = await self.store.record(callback(payload(n)))
        decided = decision_record(recorded, outcome=outcome)
        decided = replace(decided, identity=identity or decided.identity)
        await self.store.decisions.save_once(replace(decided, policy=policy or default_policy()))
        return recorded.verification_id

    async def case(
        self, n: int = 1, *, because: Because = Because.DECISION, policy: Policy | None = None
    ) -> UUID:
        """An open case of a new verification."""
        return await self.case_of(await self.verification(n, policy=policy), because=because)

    async def case_of(self, verification_id: UUID, *, because: Because = Because.DECISION) -> UUID:
        """The open case of this verification, opened if it has none."""
        async with bulk_connection(self.store.engine, as_one=True) as connection:
            await connection.execute(LOCK, verification_id)  # Otherwise another step may end the case first.
            await open_cases(connection, [NewCase(verification_id, because, NOW)])
            found = await connection.fetchval(OPEN_CASE, verification_id)
        return UUID(str(found))

    async def hash_of(self, case_id: UUID, by: By = WANG) -> str:
        """The evidence hash that this person sees."""
        return (await self.desk.find(case_id, by)).evidence_hash

    async def conclude(self, case_id: UUID, by: By = LI_NA, what: Conclusion = REJECTION) -> None:
        """Claim the case and conclude it."""
        await self.desk.claim(case_id, by)
        await self.desk.propose(case_id, by, what, evidence_hash=await self.hash_of(case_id, by))

    async def rows(self, statement: str) -> list[dict[str, object]]:
        """What a query finds."""
        async with self.store.engine.connect() as connection:
            return [dict(row._mapping) for row in await connection.execute(text(statement))]
