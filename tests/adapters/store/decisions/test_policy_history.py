"""A worker does not start on a policy that is cut off, though the file changed while nothing ran."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from adapters.policies.folder import PolicyBook
from adapters.postgres.engine import create_engine
from adapters.store.decisions.policy_history import read_history, verify_policies
from domain.errors import PolicyFileError
from domain.policy.file.policy import read_policy
from tests.support.storage.stored import confirmed, save_all

WHOLE = 'name = "strict"\nversion = "2"\n\n[face]\nmin_confidence = 92\n\n[genuineness]\nmissing = "review"\n'


@pytest.fixture
async def decided(engine: AsyncEngine) -> None:
    """`strict` has decided, first as version 1, then as version 2."""
    first = read_policy('name = "strict"\nversion = "1"\n')
    await save_all(engine, [confirmed(0, first)])
    await save_all(engine, [confirmed(1, read_policy(WHOLE))])


def book(folder: Path, text: str) -> PolicyBook:
    (folder / "strict.toml").write_text(text, "utf-8")
    return PolicyBook.open(folder)


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (WHOLE[:31], "strict.toml: version: version '2' has another text already"),
        (WHOLE.replace("92", "60"), "strict.toml: version: version '2' has another text already"),
        (WHOLE.replace('"2"', '"1"'), "strict.toml: version: version '1' has another text already"),
        (WHOLE.replace('"2"', '"3"')[:58], "strict.toml: lacks genuineness, genuineness.missing, which"),
    ],
)
async def test_a_text_that_may_be_cut_off_is_refused(
    engine: AsyncEngine, tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(PolicyFileError) as refused:
        await verify_policies(engine, book(tmp_path, text))
    assert str(refused.value).startswith(says)


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        'name = "strict"\nversion = "1"\n',
        WHOLE.replace('"2"', '"3"').replace("92", "60"),
        'name = "strict"\nversion = "3"\n# end\n',
        'name = "other"\nversion = "2"\n',
    ],
)
async def test_a_text_that_decided_before_or_is_whole_is_taken(
    engine: AsyncEngine, tmp_path: Path, text: str
) -> None:
    await verify_policies(engine, book(tmp_path, text))


@pytest.mark.usefixtures("decided")
async def test_the_history_is_newest_first(engine: AsyncEngine) -> None:
    assert [text.version for text in await read_history(engine, ["strict"])] == ["2", "1"]
    assert await read_history(engine, ["other"]) == []


async def test_without_postgresql_the_start_continues_and_logs_it(tmp_path: Path) -> None:
    away = create_engine("postgresql://127.0.0.1:1/none")
    with capture_logs() as logged:
        await verify_policies(away, book(tmp_path, WHOLE[:31]))
    assert [event["event"] for event in logged if event["log_level"] == "warning"] == ["policy.unchecked"]
    await away.dispose()
