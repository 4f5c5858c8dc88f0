"""A copy of the tree in which guards may be taken away."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.mutations.mutation import Mutation

ROOT: Final = Path(__file__).resolve().parents[2]
_LEFT_OUT: Final = shutil.ignore_patterns(".*", "__pycache__", "*-results.json")
_FAILED: Final = 1
"""What pytest ends with when tests ran and failed; anything else proves nothing."""


def mutated(mutation: Mutation, root: Path = ROOT) -> str:
    """The text of the mutation's file without the guard.

    Raises:
        ValueError: the guard does not occur exactly once.
    """
    text = (root / mutation.file).read_text("utf-8")
    found = text.count(mutation.old)
    if found != 1:
        raise ValueError(f"{mutation.file}: {mutation.old!r} occurs {found} times")
    return text.replace(mutation.old, mutation.new)


class Copy:
    """The copy. Its tests run with this interpreter."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def without(self, mutation: Mutation) -> Iterator[None]:
        """The guard is gone inside the block."""
        file = self._root / mutation.file
        before = file.read_text("utf-8")
        file.write_text(mutated(mutation, self._root), "utf-8")
        try:
            yield
        finally:
            file.write_text(before, "utf-8")

    def run(self, tests: Sequence[str], processes: int = 0) -> int:
        """What pytest ends with. `processes`: as pytest-xdist's `-n`."""
        argv = [sys.executable, "-m", "pytest", "-qx", f"-n{processes}", "-p", "no:cacheprovider", *tests]
        return subprocess.run(argv, cwd=self._root, stdout=subprocess.DEVNULL, check=False).returncode

    def fails(self, test: str) -> bool:
        """Whether a test runs and fails."""
        return self.run([test]) == _FAILED


def copy_tree(to: Path) -> Copy:
    """Copy what the tests need."""
    shutil.copytree(ROOT, to, ignore=_LEFT_OUT)
    return Copy(to)
