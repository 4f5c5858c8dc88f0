"""What an operator is warned of: a full or unwritable Redis, a schema of another version."""

import pytest

from domain.views.operations.servers import DatabaseFitness, RedisMemory, RedisRoom

FULL = "100 bytes are in use: from 100 on callbacks are spooled"
REFUSES = "Redis takes no writes (OOM)"


@pytest.mark.parametrize(
    ("used", "refusal", "problems"),
    [
        (99, None, []),
        (100, None, [FULL]),
        (0, "OOM", [REFUSES]),
        (100, "OOM", [REFUSES, FULL]),
    ],
)
def test_the_problems_of_redis(used: int, refusal: str | None, problems: list[str]) -> None:
    assert RedisRoom(RedisMemory(used, most=200), stop_at=100, refusal=refusal).problems() == problems


@pytest.mark.parametrize(
    ("revision", "problems", "is_fit"),
    [
        ("0042", [], True),
        ("0041", [], False),
        ("0043", [], False),
        (None, [], False),
        ("0042", ["synchronous_commit is off"], False),
    ],
)
def test_the_gateway_works_with_its_own_schema_alone(
    revision: str | None, problems: list[str], is_fit: bool
) -> None:
    assert DatabaseFitness(revision, "0042", problems).is_fit is is_fit
