"""Compare the decisions of candidate policies with the live decisions."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.tables.decisions import shadow_decisions
from adapters.store.tables.verifications import decisions, policies, verifications
from domain.model import Outcome
from domain.policy.backtest import Change, Crossing, compare
from domain.views.decisions import CandidateText, Shadow


class PgShadows:
    """Compares shadow decisions with the live ones."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def compare(
        self, name: str, app_ids: Sequence[str], *, content_hash: str | None = None, keep: int = 100
    ) -> Shadow:
        """Compare the policy `name` with these apps' live decisions; `content_hash` selects one text.

        `keep`: how many of the newest differing verifications to list.
        """
        chosen = _chosen(name, app_ids, content_hash)
        async with self._engine.connect() as connection:
            counted = (await connection.execute(_crossings(chosen))).all()
            texts = (await connection.execute(_texts(chosen))).all()
            differing = (await connection.execute(_differing(chosen, keep))).all()
        crossings: Counter[Crossing] = Counter(
            {(Outcome(live), Outcome(candidate)): count for live, candidate, count in counted}
        )
        changed = [_change(*row) for row in differing]
        return Shadow(compare(crossings, changed), tuple(CandidateText(*row) for row in texts))


def _chosen(name: str, app_ids: Sequence[str], content_hash: str | None) -> list[Any]:
    conditions = [policies.c.name == name, verifications.c.app_id.in_(app_ids)]
    return [*conditions, policies.c.content_hash == content_hash] if content_hash else conditions


def _shadowed(*columns: Any) -> Select[Any]:
    s, d = shadow_decisions.c, decisions.c
    return select(*columns).select_from(
        shadow_decisions.join(policies)
        .join(decisions, d.verification_id == s.verification_id)
        .join(verifications, verifications.c.id == s.verification_id)
    )


def _crossings(chosen: list[Any]) -> Select[Any]:
    outcomes = (decisions.c.outcome, shadow_decisions.c.outcome)
    return _shadowed(*outcomes, func.count()).where(*chosen).group_by(*outcomes)


def _texts(chosen: list[Any]) -> Select[Any]:
    s, p = shadow_decisions.c, policies.c
    last = func.max(s.decided_at)
    columns = (p.version, p.content_hash, func.count(), func.min(s.decided_at), last)
    return _shadowed(*columns).where(*chosen).group_by(p.version, p.content_hash).order_by(last.desc())


def _differing(chosen: list[Any], keep: int) -> Select[Any]:
    v, s, d = verifications.c, shadow_decisions.c, decisions.c
    columns = (v.app_id, v.biz_id, d.outcome, s.outcome, s.reasons)
    statement = _shadowed(*columns).where(*chosen, d.outcome != s.outcome)
    return statement.order_by(s.decided_at.desc(), s.verification_id).limit(keep)


def _change(app_id: str, biz_id: str, live: str, candidate: str, reasons: list[dict[str, str]]) -> Change:
    codes = tuple(reason["code"] for reason in reasons)
    return Change(app_id, biz_id, Outcome(live), Outcome(candidate), codes)
