"""A policy that was cut off while nothing ran: the worker refuses to start on it, and doctor names it."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.processes.process import ProcessContext
from adapters.settings.settings import load_settings
from cli.doctor.doctor import examine
from domain.errors import PolicyFileError
from domain.policy.file.policy import read_policy
from tests.cli.conftest import apps
from tests.support.storage.stored import confirmed, save_all
from workers.building import worker_context

WHOLE = 'name = "strict"\nversion = "2"\n\n[face]\nmin_confidence = 92\n'
SAYS = "strict.toml: version: version '2' has another text already; give the changed one a new version"


@pytest.fixture
async def strict(folder: Path, environment: pytest.MonkeyPatch, engine: AsyncEngine) -> Path:
    """The file of a policy that has decided."""
    file = folder / "policies" / "strict.toml"
    file.parent.mkdir()
    file.write_text(WHOLE)
    environment.setenv("FACEID_POLICY_DIR", str(file.parent))
    environment.setenv("FACEID_APPS", apps(policy="strict"))
    await save_all(engine, [confirmed(0, read_policy(WHOLE))])
    return file


def cut(file: Path) -> None:
    file.write_text(WHOLE[:31])


async def test_a_worker_does_not_start_on_a_policy_that_was_cut_off(strict: Path) -> None:
    settings = load_settings()
    async with ProcessContext.of(settings, timeout=timedelta(seconds=5)) as process:
        async with worker_context(settings, process) as context:
            assert context.policies.get("strict").text == WHOLE
        cut(strict)
        with pytest.raises(PolicyFileError, match=SAYS):
            async with worker_context(settings, process):
                pass


async def test_doctor_names_a_policy_that_was_cut_off(strict: Path) -> None:
    cut(strict)
    checks = [check async for check in examine(load_settings()) if check.name == "policies"]
    assert [(check.ok, check.detail) for check in checks if check.ok is False] == [(False, SAYS)]
