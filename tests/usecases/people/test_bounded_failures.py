"""A flood of failed sign-ins does not fill the audit."""

from domain.people.entry import Way
from usecases.people.bounded_failures import MOST, PERIOD, BoundedFailures


class Noted:
    """Counts rows."""

    count = 0

    async def note(self, way: Way, name: str | None, *, why: str, address: str | None) -> None:
        self.count += 1


async def test_rows_of_a_period_are_bounded() -> None:
    noted, now = Noted(), 0.0
    failures = BoundedFailures(noted, monotonic=lambda: now)
    for _ in range(10 * MOST):
        await failures.note(Way.OIDC, None, why="state", address="192.0.2.1")
    assert noted.count == MOST
    now += PERIOD
    await failures.note(Way.OIDC, None, why="state", address="192.0.2.1")
    assert noted.count == MOST + 1
