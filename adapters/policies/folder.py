"""The policies in force: a folder of TOML files, read at the start and again on demand."""

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from domain.errors import PolicyFileError
from domain.policy.explanation import PolicyText
from domain.policy.file.policy import FileProblem, Policy, read_policy
from domain.policy.succession import objection, objection_by_history

SHIPPED: Final = Path(__file__).resolve().parent.parent.parent / "policies"
"""The folder with the default policy."""

_NOTHING: Final[Mapping[str, str]] = {}

log = structlog.get_logger(__name__)


class PolicyBook:
    """Policies by name. If a file is broken or truncated later, its last good version stays in force."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by_name: dict[str, Policy] = {}
        self._file_of: dict[str, Path] = {}

    @classmethod
    def open(cls, folder: Path, *, needed: Mapping[str, str] = _NOTHING) -> "PolicyBook":
        """Read every file of the folder. `needed` are names and the setting that names each.

        Raises:
            PolicyFileError: a file is broken, two have the same name, or a needed policy is missing.
        """
        if not folder.is_dir():
            raise PolicyFileError(f"FACEID_POLICY_DIR: {folder} is not a folder")
        book = cls(folder)
        problems = [problem.detail for problem in book.reload()]
        there = ", ".join(sorted(book._by_name)) or "none"
        problems += [
            f"{setting}: there is no policy {name!r} in {folder}, there is {there}"
            for name, setting in sorted(needed.items())
            if name not in book._by_name
        ]
        if problems:
            raise PolicyFileError("\n".join(problems))
        return book

    def reload(self) -> list[FileProblem]:
        """Read the folder again and return the problems, by file. Good files come into force.

        A policy whose file is gone or has another name now stays in force until the next start.
        """
        problems: list[FileProblem] = []
        found: dict[str, Path] = {}
        for file in sorted(self._folder.glob("*.toml")):
            try:
                policy = read_policy_file(file, called=file.name)
            except PolicyFileError as error:
                problems.append(FileProblem(file.name, str(error)))
                continue
            first = found.setdefault(policy.name, file)
            taken = f"name: {policy.name!r} is the name of {first.name} already"
            if wrong := self._put(policy, file) if first is file else taken:
                problems.append(FileProblem(file.name, f"{file.name}: {wrong}"))
        problems += self._gone(found, broken={problem.file for problem in problems})
        for problem in problems:
            log.error("policy.broken", detail=problem.detail)
        return problems

    def compare_with(self, history: Sequence[PolicyText]) -> list[FileProblem]:
        """Problems of the policies in force, compared with the texts that decided before, newest first."""
        found = [(name, objection_by_history(policy, history)) for name, policy in self._by_name.items()]
        files = {name: self._file_of[name].name for name, wrong in found if wrong}
        return [FileProblem(files[name], f"{files[name]}: {wrong}") for name, wrong in found if wrong]

    def get(self, name: str) -> Policy:
        """The policy in force under this name. Raises KeyError."""
        return self._by_name[name]

    def marks(self) -> dict[str, str]:
        """The policies in force, each with the first digits of its text's hash."""
        return {name: policy.content_hash[:12] for name, policy in self._by_name.items()}

    def all(self) -> list[Policy]:
        """Every policy in force, by name."""
        return [self._by_name[name] for name in sorted(self._by_name)]

    def _gone(self, found: Iterable[str], *, broken: Container[str]) -> list[FileProblem]:
        """Problems for the policies in force that have no file any more, not even a broken one."""
        missing = [(name, self._file_of[name].name) for name in self._by_name if name not in found]
        return [
            FileProblem(file, f"{file}: {name!r} is no longer there")
            for name, file in missing
            if file not in broken
        ]

    def _put(self, policy: Policy, file: Path) -> str | None:
        """Bring a policy into force, or return why it may not replace the current one."""
        self._file_of[policy.name] = file
        current = self._by_name.get(policy.name)
        wrong = None if current is None else objection(policy, current)
        if wrong is None and (current is None or current.content_hash != policy.content_hash):
            self._by_name[policy.name] = policy
            log.info("policy.in_force", detail=f"{policy.name} {policy.version} {policy.content_hash[:12]}")
        return wrong


def read_policy_file(file: Path, *, called: str | None = None) -> Policy:
    """The policy in `file`; errors name it `called`, or by its path.

    Raises:
        PolicyFileError: the problem, in one line.
    """
    called = called or str(file)
    try:
        # Not read_text, which turns CR LF into LF: the hash is of the text as stored.
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        raise PolicyFileError(f"{called}: cannot be read ({type(error).__name__})") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PolicyFileError(f"{called}:{line}: holds a byte that is no UTF-8") from None
    return read_policy(text, file=called)
