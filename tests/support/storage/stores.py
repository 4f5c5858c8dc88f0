"""What the tests of every edge are built from: callbacks, a store with shortcuts, dumps of what is kept."""

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import KeyRing
from adapters.store.dead_letters import PgDeadLetters
from adapters.store.decisions.decisions import PgDecisions
from adapters.store.identity.numbers.velocity import PgVelocity
from adapters.store.lookups.lookups import PgLookups
from adapters.store.recording.held import PgHeldVerifications
from adapters.store.recording.owners import BizOwners
from adapters.store.recording.recorder import PgRecorder
from adapters.store.recording.registrations import PgRegistrations
from adapters.store.reviews.effective import concluded
from adapters.store.schedule.due import PgDueVerifications
from adapters.store.schedule.pull_ledger import PgLedger
from adapters.store.schedule.pull_requests import PgPullRequests
from adapters.store.schedule.return_hints import PgReturnHints
from adapters.store.webhooks.endpoints import PgEndpoints
from domain.apps.registration import Registration
from domain.callback.payload import decode_payload
from domain.errors import BrokenSeal
from domain.model import AcceptedCallback, Basis, CallbackKind, ConfirmationMode, Outcome, verification_id
from domain.policy.decide import Decision
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import extract_facts
from domain.policy.reasons import Code, Reason
from domain.pulls.answer import Answer
from domain.pulls.budget import PULL_LIMIT, PullRules, PullState
from domain.verifications.lease import DataKey
from domain.verifications.records import DecisionRecord, DecodedCallback, FinishedPull, Recorded
from domain.views.letters import DeadLetter, LetterFilter
from domain.views.verifications import VerificationRecord
from tests.support.memory.identity.pictures import MemoryPictures
from tests.support.payloads.callbacks import default_policy, dump, passing_payload
from usecases.ports.callbacks.recording import Recorder

NOW = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
OPERATORS_RULES = PullRules(in_flight=LEASE, limit=PULL_LIMIT)
Json = dict[str, Any]


def biz_id(n: int = 1) -> str:
    """A biz_id as the vendor makes them, another one for each `n`."""
    return f"1700000000,{UUID(int=n)}"


def payload(n: int = 1, *, status: str = "OK", biz_no: str | None = "order-1") -> Json:
    """A passing payload of verification `n`."""
    return passing_payload() | {"status": status, "biz_info": {"biz_id": biz_id(n), "biz_no": biz_no}}


def callback(
    tree: Json | bytes | None = None,
    *,
    app_id: str = "demo",
    kind: CallbackKind = CallbackKind.NOTIFY,
    received_at: datetime = NOW,
    secret_index: int = 0,
) -> AcceptedCallback:
    """An accepted callback with this payload, or these very bytes."""
    data = tree if isinstance(tree, bytes) else dump(payload() if tree is None else tree)
    return AcceptedCallback(app_id, kind, received_at, secret_index, data)


@dataclass
class Clock:
    """A clock that tests set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        """The same clock in seconds."""
        return self.now.timestamp()

    def go_on(self, by: timedelta) -> None:
        self.now += by


async def record(
    recorder: Recorder, taken: AcceptedCallback, *, now: datetime, awaits_registration: bool = False
) -> Recorded:
    """Record one callback, or raise what kept it from being recorded."""
    [end] = await recorder.record_all(
        [DecodedCallback(taken, decode_payload(taken.data), awaits_registration)], now=now
    )
    if isinstance(end, BaseException):
        raise end
    return end


class Store:
    """Every part of the store on one engine, with shortcuts that build what they write."""

    def __init__(
        self,
        engine: AsyncEngine,
        keys: KeyRing,
        *,
        owners: BizOwners | None = None,
        data_keys: DataKeys | None = None,
    ) -> None:
        self.engine = engine
        self.keys = keys
        self.data_keys = data_keys or DataKeys(keys)
        self.recorder = PgRecorder(engine, keys=self.data_keys, lease=LEASE, owners=owners)
        self.ledger = PgLedger(engine)
        self.decisions = PgDecisions(engine, index=BlindIndex(keys))
        self.velocity = PgVelocity(engine, index=BlindIndex(keys))
        self.return_hints = PgReturnHints(engine)
        self.due = PgDueVerifications(engine, keys=self.data_keys, owners=owners)
        self.held = PgHeldVerifications(engine)
        self.dead_letters = PgDeadLetters(engine, keys=self.data_keys)
        self.endpoints = PgEndpoints(engine, keys=keys)
        self.registrations = PgRegistrations(engine, keys=self.data_keys, owners=owners)
        self.pull_requests = PgPullRequests(engine, rules=OPERATORS_RULES)
        self.lookups = PgLookups(engine, keys=self.data_keys)
        self.pictures = MemoryPictures()

    async def record(
        self, taken: AcceptedCallback | None = None, *, awaits_registration: bool = False
    ) -> Recorded:
        """Record a callback in the moment it came."""
        taken = taken or callback()
        return await record(
            self.recorder, taken, now=taken.received_at, awaits_registration=awaits_registration
        )

    async def register(
        self,
        n: int = 1,
        *,
        expires_in: timedelta = timedelta(minutes=50),
        biz_no: str = "order-1",
        app_id: str = "demo",
    ) -> UUID:
        """Register verification `n` now."""
        registration = Registration(biz_no, NOW, NOW + expires_in)
        await self.registrations.register(app_id, biz_id(n), registration, by="token:orders")
        return verification_id(app_id, biz_id(n))

    async def reserve(self, recorded: Recorded, n: int, *, now: datetime = NOW) -> bool:
        """Reserve a call under the lease that recording the callback gave."""
        return await self.ledger.reserve(recorded.lease, n, now=now)

    async def decide(
        self,
        recorded: Recorded,
        *,
        outcome: Outcome = Outcome.APPROVED,
        tree: Json | None = None,
    ) -> bool:
        """Save a decision on a recorded callback."""
        return await self.decisions.save_once(decision_record(recorded, outcome=outcome, tree=tree))

    async def conclude(self, n: int = 1, *, outcome: Outcome = Outcome.APPROVED) -> list[str]:
        """Let a person's conclusion count for verification `n`, and return what it is listed as now."""
        given = "given AS (SELECT CAST(:id AS uuid) AS verification_id, CAST(:outcome AS text) AS outcome)"
        statement = text(f"WITH {given}, {concluded('given')} SELECT listed_as FROM effective")
        values = {"id": verification_id("demo", biz_id(n)), "outcome": outcome}
        async with self.engine.begin() as connection:
            return [*(await connection.execute(statement, values)).scalars()]

    async def find(self, n: int = 1, *, app_id: str = "demo") -> VerificationRecord | None:
        found = await self.lookups.find([app_id], biz_id(n))
        return found[0] if found else None

    async def events(self, verification_id: UUID) -> list[str]:
        return [event.event for event in await self.lookups.timeline(verification_id)]

    async def letters(
        self, *app_ids: str, reason: str | None = None, retried: bool = False
    ) -> list[DeadLetter]:
        """The dead letters of these apps, or of all."""
        return await self.dead_letters.page(LetterFilter(app_ids or None, reason, retried=retried), limit=50)

    async def opened_letter(self, letter_id: UUID, *app_ids: str) -> AcceptedCallback | None:
        """What a letter of these apps holds; left as it was."""
        content = None
        with contextlib.suppress(_Enough):
            async with self.dead_letters.take_one(letter_id, app_ids, now=NOW) as content:
                raise _Enough
        return content

    async def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(query), values)]


class _Enough(Exception):
    """Ends a transaction without its writes."""


def decision_record(
    recorded: Recorded,
    *,
    outcome: Outcome = Outcome.APPROVED,
    tree: Json | None = None,
) -> DecisionRecord:
    """A decision on a recorded callback, with a reason where it is not an approval."""
    said = decode_payload(dump(tree or payload()))
    reasons = () if outcome is Outcome.APPROVED else (Reason(Code.FACE_BELOW_THRESHOLD, "41.2 < 64 (1e-3)"),)
    return DecisionRecord(
        lease=recorded.lease,
        decision=Decision(outcome, reasons, Basis.CALLBACK, ()),
        policy=default_policy(),
        evidence=Evidence(extract_facts(said)),
        mode=ConfirmationMode.REQUIRED,
        identity=said.identity(),
        decided_at=NOW,
    )


def finished(
    recorded: Recorded,
    n: int,
    *,
    state: PullState = PullState.DONE,
    http_status: int | None = 200,
    error: str | None = None,
    body: bytes | None = None,
) -> FinishedPull:
    """The end of call `n`."""
    answer = Answer(state, http_status, error, body)
    return FinishedPull(recorded.lease, n, answer, NOW)


async def whole_way(store: Store, n: int) -> None:
    """One verification from its order to its decision, on every part of the store."""
    await store.register(n)
    recorded = await store.record(callback(payload(n)))
    assert recorded.to_advance
    assert await store.reserve(recorded, 1)
    await store.ledger.finish(finished(recorded, 1, body=b"{}"))
    assert [call.n for call in await store.ledger.of(recorded.verification_id)] == [1]
    assert await store.decide(recorded)
    record = await store.find(n)
    assert record is not None
    assert record.state == "decided"


def is_same_key(one: DataKey, other: DataKey) -> bool:
    """Whether one key opens what the other seals."""
    with contextlib.suppress(BrokenSeal):
        return other.unseal(one.seal(b"x", place="p"), place="p") == b"x"
    return False
