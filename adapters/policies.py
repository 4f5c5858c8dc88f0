"""The policies in force: a folder of TOML files, read at the start and again on demand."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import structlog

from domain.errors import PolicyFileError
from domain.policy_file import Policy, read_policy

SHIPPED: Final = Path(__file__).resolve().parent.parent / "policies"
"""The folder with the default policy."""

log = structlog.get_logger(__name__)


class PolicyBook:
    """Policies by name. A file that breaks later keeps its last good version in force, and says so."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by_name: dict[str, Policy] = {}

    @classmethod
    def open(cls, folder: Path, *, needed: Iterable[str] = ()) -> "PolicyBook":
        """Read every file of the folder.

        Raises:
            PolicyFileError: a file is broken, two have the same name, or a needed policy is missing.
        """
        book = cls(folder)
        problems = book.reload()
        problems += [f"{folder}: there is no policy {name!r}" for name in needed if name not in book._by_name]
        if problems:
            raise PolicyFileError(problems[0])
        return book

    def reload(self) -> list[str]:
        """Read the folder again; what is wrong with it, a line per file. Good files come into force."""
        problems: list[str] = []
        found: dict[str, Path] = {}
        for file in sorted(self._folder.glob("*.toml")):
            try:
                policy = read_policy(file.read_text("utf-8"), file=file.name)
            except (OSError, UnicodeDecodeError) as error:
                problems.append(f"{file.name}: cannot be read ({type(error).__name__})")
            except PolicyFileError as error:
                problems.append(str(error))
            else:
                first = found.setdefault(policy.name, file)
                if first is not file:
                    problems.append(f"{file.name}: the name {policy.name!r} is taken by {first.name}")
                    continue
                self._by_name[policy.name] = policy
        for problem in problems:
            log.error("policy.broken", detail=problem)
        return problems

    def get(self, name: str) -> Policy:
        """The policy in force under this name. Raises KeyError."""
        return self._by_name[name]

    def all(self) -> list[Policy]:
        """Every policy in force, by name."""
        return [self._by_name[name] for name in sorted(self._by_name)]
