"""A mutation: the guard that is removed, and the tests that must fail then."""

from collections.abc import Sequence
from typing import NamedTuple


class Mutation(NamedTuple):
    """Without `old`, which stands once in `file`, and with `new` in its place, the guard is gone.

    `tests`: node ids, each of which must fail then.
    """

    guard: str
    file: str
    old: str
    new: str
    tests: Sequence[str]
