"""The naive lookup: FastAPI, SQLAlchemy's async ORM, a pydantic response model. As in the manuals.

A good engineer's straightforward version: async throughout, one pool as large as the product's, the token
checked by its hash in the same database, the row with its decision and policy read in one joined statement,
uvicorn with uvloop and httptools and without access log. It opens no identity, counts no pulls, waits for
no decision and has no limits.
"""

import hashlib
import os
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import ARRAY, JSON, DateTime, ForeignKey, Text, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship

from bench.traffic.callbacks import APP_ID

Time = DateTime(timezone=True)

engine = create_async_engine(
    os.environ["BENCH_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"), pool_size=10
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()
bearer = HTTPBearer()


class Base(DeclarativeBase):
    """The product's tables, as far as this service reads them."""


class ApiToken(Base):
    """Who may ask."""

    __tablename__ = "api_tokens"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    expires_at: Mapped[datetime | None] = mapped_column(Time)


class Policy(Base):
    """What decided."""

    __tablename__ = "policies"
    content_hash: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[str]


class Decision(Base):
    """The decision of a verification."""

    __tablename__ = "decisions"
    verification_id: Mapped[UUID] = mapped_column(ForeignKey("verifications.id"), primary_key=True)
    outcome: Mapped[str]
    basis: Mapped[str]
    reasons: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    result_facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    policy_hash: Mapped[str] = mapped_column(ForeignKey("policies.content_hash"))
    decided_at: Mapped[datetime] = mapped_column(Time)
    policy: Mapped[Policy] = relationship()


class Verification(Base):
    """One run of one user through the flow."""

    __tablename__ = "verifications"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    app_id: Mapped[str]
    biz_id: Mapped[str]
    biz_no: Mapped[str | None]
    state: Mapped[str]
    vendor_status: Mapped[str | None]
    held: Mapped[bool]
    received_at: Mapped[datetime | None] = mapped_column(Time)
    created_at: Mapped[datetime] = mapped_column(Time)
    decision: Mapped[Decision | None] = relationship()


class ReasonModel(BaseModel):
    """Why it was decided so."""

    code: str
    detail: str


class PolicyModel(BaseModel):
    """What decided."""

    name: str
    version: str


class ComparisonModel(BaseModel):
    """How alike two faces are."""

    confidence: float
    thresholds: dict[str, float]
    level: str | None


class VerificationModel(BaseModel):
    """The answer."""

    app_id: str
    biz_id: str
    biz_no: str | None
    state: str
    outcome: str | None = None
    reasons: list[ReasonModel] = []
    basis: str | None = None
    policy: PolicyModel | None = None
    vendor_status: str | None
    comparisons: dict[str, ComparisonModel] = {}
    held: bool
    received_at: datetime | None
    decided_at: datetime | None = None
    created_at: datetime


async def open_session() -> AsyncIterator[AsyncSession]:
    """A session for one request."""
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(open_session)]
Bearer = Annotated[HTTPAuthorizationCredentials, Depends(bearer)]


async def check_token(session: Session, credentials: Bearer) -> ApiToken:
    """The token that was shown."""
    shown = hashlib.sha256(credentials.credentials.encode()).digest()
    valid = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > func.now())
    token = await session.scalar(select(ApiToken).where(ApiToken.token_hash == shown, valid))
    if token is None:
        raise HTTPException(401)
    if "verifications:read" not in token.scopes:
        raise HTTPException(403)
    return token


@app.get("/v1/verifications/{biz_id}", dependencies=[Depends(check_token)])
async def get_verification(biz_id: str, session: Session) -> VerificationModel:
    """One verification."""
    found = await session.scalar(
        select(Verification)
        .where(Verification.app_id == APP_ID, Verification.biz_id == biz_id)
        .options(joinedload(Verification.decision).joinedload(Decision.policy))
    )
    if found is None:
        raise HTTPException(404)
    return _answer(found, found.decision)


def _answer(found: Verification, decision: Decision | None) -> VerificationModel:
    return VerificationModel(
        app_id=found.app_id,
        biz_id=found.biz_id,
        biz_no=found.biz_no,
        state=found.state,
        vendor_status=found.vendor_status,
        held=found.held,
        received_at=found.received_at,
        created_at=found.created_at,
        **(_decided(decision) if decision is not None else {}),
    )


def _decided(decision: Decision) -> dict[str, Any]:
    return {
        "outcome": decision.outcome,
        "reasons": decision.reasons,
        "basis": decision.basis,
        "policy": {"name": decision.policy.name, "version": decision.policy.version},
        "comparisons": (decision.result_facts or {}).get("comparisons", {}),
        "decided_at": decision.decided_at,
    }


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
