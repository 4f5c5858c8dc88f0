"""Try a policy on stored decisions, for the api and the console; changes nothing."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final

from domain.policy.backtest import KEPT, Backtest, Comparison
from domain.policy.curve import Curve, CurvePoint
from domain.policy.file.policy import Policy, read_policy
from domain.views.decisions import Selection
from usecases.ports.lookups import StoredDecisions

CHUNK: Final = 250
"""Verifications per read from the database."""
PART: Final = 25
"""Verifications decided without a pause: about a millisecond, in which lookups wait for the interpreter."""


class PolicyTrials:
    """Computes outside the event loop, in `computing`."""

    def __init__(self, stored: StoredDecisions, *, computing: Executor) -> None:
        self._stored = stored
        self._computing = computing

    async def backtest(
        self, text: str, selection: Selection, *, keep: int = KEPT
    ) -> tuple[Policy, Comparison]:
        """Decide the selected facts again with the policy in `text`, and compare.

        Raises:
            PolicyFileError: the text is no valid policy.
        """
        loop = asyncio.get_running_loop()
        policy = await loop.run_in_executor(self._computing, read_policy, text)
        test = Backtest(policy, keep=keep)
        await self._each(selection, test.add)
        return policy, test.compare()

    async def curve(self, selection: Selection) -> list[CurvePoint]:
        """How many of the selected verifications reach each false-accept level."""
        curve = Curve()
        await self._each(selection, curve.add)
        return curve.points()

    async def _each(self, selection: Selection, add: Callable[[Any], None]) -> None:
        loop = asyncio.get_running_loop()
        async for chunk in self._stored.chunks(selection, size=CHUNK):
            for part in chunk.parts(PART):
                await loop.run_in_executor(self._computing, add, part)
