"""Take away one guard after the other and say which test noticed.

    python -m tests.mutations [TEXT…]

With texts, only the guards whose name or file contains one of them are taken away.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from rich.console import Console

from tests.mutations.guards import MUTATIONS
from tests.mutations.mutation import Mutation
from tests.mutations.tree import Copy, copy_tree


class Attempt(NamedTuple):
    """A mutation and those of its tests that did not notice."""

    mutation: Mutation
    missed: Sequence[str]


class Copies:
    """A copy of the tree for each core; each is used by one attempt at a time."""

    def __init__(self, folder: Path, count: int) -> None:
        self._free: SimpleQueue[Copy] = SimpleQueue()
        for number in range(count):
            self._free.put(copy_tree(folder / f"tree-{number}"))

    @contextmanager
    def one(self) -> Iterator[Copy]:
        """A copy that nothing else uses inside the block."""
        copy = self._free.get()
        try:
            yield copy
        finally:
            self._free.put(copy)

    def attempt(self, mutation: Mutation) -> Attempt:
        """Take the guard away and run its tests."""
        with self.one() as copy, copy.without(mutation):
            return Attempt(mutation, [test for test in mutation.tests if not copy.fails(test)])


def main(texts: Sequence[str]) -> int:
    """0 if a test holds every guard that was chosen."""
    console = Console(width=150, highlight=False)
    chosen = [mutation for mutation in MUTATIONS if _is_meant(mutation, texts)]
    if not chosen:
        console.print(f"no guard has {' or '.join(texts)} in its name or file", style="red")
        return 2
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="faceid-mutations-") as folder:
        copies = Copies(Path(folder), cores)
        if not _passes(copies, chosen, cores):
            console.print("the tests fail with every guard in place: nothing can be shown", style="red")
            return 1
        with ThreadPoolExecutor(cores) as pool:
            unheld = {
                attempt.mutation.guard
                for number, attempt in enumerate(pool.map(copies.attempt, chosen), 1)
                if _shown(console, f"{number}/{len(chosen)}", attempt).missed
            }
    guards = {mutation.guard for mutation in chosen}
    console.print(f"{len(guards - unheld)} of {len(guards)} guards are held by a test")
    return 1 if unheld else 0


def _is_meant(mutation: Mutation, texts: Sequence[str]) -> bool:
    return not texts or any(text in mutation.guard or text in mutation.file for text in texts)


def _passes(copies: Copies, chosen: Sequence[Mutation], cores: int) -> bool:
    tests = {test for mutation in chosen for test in mutation.tests}
    with copies.one() as copy:
        return copy.run(sorted(tests), processes=cores) == 0


def _shown(console: Console, number: str, attempt: Attempt) -> Attempt:
    mutation, missed = attempt
    verdict = f"NOT noticed by {', '.join(missed)}" if missed else "noticed"
    console.print(f"{number} without “{mutation.guard}” in {mutation.file}: {verdict}", markup=False)
    return attempt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
