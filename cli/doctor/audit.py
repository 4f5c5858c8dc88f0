"""`doctor` checks whether the audit is protected."""

from collections.abc import AsyncIterator
from typing import Final

from adapters.outbound.anchors.anchors import anchors_of
from adapters.postgres.engine import create_engine
from adapters.postgres.sqlstate import DatabaseAway
from adapters.settings.settings import Settings
from adapters.store.audit.fitness import AuditFitness, examine_audit
from cli.doctor.check import Check
from domain.errors import SettingsError

NAME: Final = "audit"


async def check_audit(settings: Settings) -> AsyncIterator[Check]:
    """The role's rights, blocks that are behind, and anchors outside the database."""
    engine = create_engine(settings.database_url)
    try:
        anchors_of(file=settings.audit_anchor_file, tsa_url=settings.audit_tsa_url, engine=engine)
        fitness = await examine_audit(engine)
    except SettingsError as error:
        yield Check(NAME, False, str(error))
        return
    except DatabaseAway:
        yield Check(NAME, None, "cannot be checked: PostgreSQL is away, or has another schema")
        return
    finally:
        await engine.dispose()
    for check in _judge(fitness, settings):
        yield check


def _judge(fitness: AuditFitness, settings: Settings) -> list[Check]:
    checks = []
    if fitness.late:
        detail = f"{fitness.late} rows of more than an hour ago are in no block: does a worker run?"
        checks.append(Check(NAME, False, detail))
    if fitness.may_change:
        detail = "this role may change and delete its rows: see deploy/roles.sql"
        checks.append(Check(NAME, None, detail))
    if settings.audit_anchor_file is None and settings.audit_tsa_url is None:
        detail = "neither a file nor a time stamp anchors it; keep events audit.checkpoint outside, at least"
        checks.append(Check(NAME, None, detail))
    return checks or [Check(NAME, True, f"{fitness.blocks} blocks, which only their owner can change")]
