"""Take away one guard after the other and say which test noticed."""

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.mutations.guards import GUARDS, MUTATIONS
from tests.mutations.tree import Copy, copy_tree


def main() -> int:
    """0 if every guard is held by a test."""
    console = Console(width=150)
    with tempfile.TemporaryDirectory(prefix="faceid-mutations-") as folder:
        copy = copy_tree(Path(folder) / "tree")
        if copy.run(sorted({test for mutation in MUTATIONS for test in mutation.tests})) != 0:
            console.print("[red]the tests fail with every guard in place: nothing can be shown")
            return 1
        held = _take_away_each(copy, console)
    console.print(f"{len(held)} of {len(GUARDS)} guards are held by a test")
    return 0 if held == set(GUARDS) else 1


def _take_away_each(copy: Copy, console: Console) -> set[str]:
    table = Table("guard", "without", "test", "noticed")
    missed: set[str] = set()
    for mutation in MUTATIONS:
        with copy.without(mutation):
            for test in mutation.tests:
                noticed = copy.fails(test)
                table.add_row(mutation.guard, mutation.file, test.split("::")[1], "yes" if noticed else "NO")
                missed |= set() if noticed else {mutation.guard}
    console.print(table, markup=False)
    return set(GUARDS) - missed


if __name__ == "__main__":
    sys.exit(main())
