"""The control endpoints: start a verification, run it by a scenario, inspect the messages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from simulator.api.answers import Clock
from simulator.api.token_request import BYTE_LIMITS
from simulator.book import Book, Call, Order, Sent, TokenRefused, Verification
from simulator.messages.callbacks import Callback, callback_of
from simulator.messages.sender import Sender
from simulator.scenarios.identity import Identity
from simulator.scenarios.table import SCRIPTS, Scenario, Status


class Run(BaseModel):
    """A verification to run; `biz_id` (from an earlier get_token) selects one, else a new one starts."""

    model_config = ConfigDict(extra="forbid")

    app_id: str
    scenario: Scenario
    biz_no: Annotated[str, Field(min_length=1)] | None = None
    biz_id: str | None = None
    notify: bool = True
    return_leg: Literal["none", "get", "post"] = Field(default="none", alias="return")
    duplicates: int = Field(default=1, ge=1, le=1000)
    delay_ms: int = Field(default=0, ge=0, le=600_000)
    idcard_name: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    idcard_number: Annotated[str, Field(min_length=14, max_length=64)] | None = None


@dataclass(frozen=True, slots=True)
class Started:
    biz_id: str
    scenario: Scenario
    sent: list[Sent]


@dataclass(frozen=True, slots=True)
class Seen:
    biz_id: str
    app_id: str
    scenario: Scenario | None
    status: Status
    calls: list[Call]
    sent: list[Sent]


@dataclass(frozen=True, slots=True)
class Stats:
    get_result_calls: int
    unknown_biz_id_calls: int
    verifications: int


def control_routes(book: Book, sender: Sender, clock: Clock) -> APIRouter:
    router = APIRouter(prefix="/simulator", tags=["control"])

    @router.post("/verifications", status_code=201)
    async def run_verification(run: Run) -> Started:
        """End a flow now and send its messages, after `delay_ms` if given."""
        verification = _cast(book, run, now=clock())
        messages = _send(sender, verification, callback_of(verification), run)
        if run.delay_ms:
            sender.later(run.delay_ms / 1000, messages)
        else:
            await messages
        return Started(verification.biz_id, run.scenario, list(verification.sent))

    @router.get("/verifications/{biz_id}")
    async def see_verification(biz_id: str) -> Seen:
        found = book.get(biz_id)
        if found is None:
            raise HTTPException(404, "no such verification")
        return Seen(found.biz_id, found.app_id, found.scenario, found.status, found.calls, found.sent)

    @router.get("/stats")
    async def see_stats() -> Stats:
        return Stats(book.get_result_calls, book.unknown_biz_id_calls, len(book))

    return router


def _cast(book: Book, run: Run, *, now: datetime) -> Verification:
    """The verification of this run, its flow ended.

    Raises:
        HTTPException: 400 if the verification does not exist or has ended.
    """
    verification = _new(book, run, now=now) if run.biz_id is None else _existing(book, run)
    old = verification.identity
    verification.identity = Identity(run.idcard_name or old.name, run.idcard_number or old.number)
    try:
        verification.end(run.scenario, now=now)
    except TokenRefused as error:
        raise HTTPException(400, "biz_id: this verification has ended already") from error
    return verification


def _new(book: Book, run: Run, *, now: datetime) -> Verification:
    app = book.apps.get(run.app_id)
    if app is None:
        raise HTTPException(400, f"app_id: the simulator knows only {', '.join(book.apps) or 'no app'}")
    order = Order(run.biz_no or str(uuid4()), app.notify_url, app.return_url)
    if len(order.biz_no.encode()) > BYTE_LIMITS["biz_no"]:
        raise HTTPException(400, f"biz_no: more than {BYTE_LIMITS['biz_no']} bytes")
    return book.start(run.app_id, order, now=now)


def _existing(book: Book, run: Run) -> Verification:
    verification = book.get(run.biz_id or "")
    if verification is None or verification.app_id != run.app_id:
        raise HTTPException(400, "biz_id: this app has no such verification")
    if run.biz_no is not None:
        raise HTTPException(400, "biz_no: was settled by get_token; leave it out beside biz_id")
    return verification


async def _send(sender: Sender, verification: Verification, callback: Callback, run: Run) -> None:
    if run.notify and SCRIPTS[run.scenario].notifies:
        await sender.notify(verification, callback, copies=run.duplicates)
    if run.return_leg == "post":
        await sender.post_return(verification, callback)
    elif run.return_leg == "get":
        await sender.get_return(verification)
