"""A mutation: the guard that is removed, and the tests that must fail then."""

from collections.abc import Sequence
from typing import NamedTuple


class Mutation(NamedTuple):
    """The guard is gone once `old`, which occurs once in `file`, is replaced by `new`.

    `tests`: node ids, each of which must fail then.
    """

    guard: str
    file: str
    old: str
    new: str
    tests: Sequence[str]
