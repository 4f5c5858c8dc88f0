"""Unknown names of settings. A name close to a setting's is a mistake; others may not be ours."""

import re
from collections.abc import Collection, Sequence
from typing import Final

from adapters.configuration.did_you_mean import closest
from adapters.configuration.sources import PREFIX, Source
from adapters.configuration.values import referred_names

_NOT_OURS_TO_READ: Final = frozenset({"config", "dev_data_dir", "crash_at"})
"""Read elsewhere: by `read_sources`, by `dev`, by the fault suite's workers."""

_OTHER_PROGRAMS: Final = ("simulator_", "faults_", "bench_")
_KUBERNETES: Final = re.compile(
    r"service_(host|port(_\w+)?)|\w+_service_(host|port(_\w+)?)|(\w+_)?port(_\d+_\w+)?"
)
"""Variables that Kubernetes sets in a container for a Service whose name begins with `faceid`."""


def names_to_refuse(sources: Sequence[Source], known: Collection[str]) -> list[str]:
    """A line for each name that stops the start: those close to a setting's, and all unknown in the file."""
    lines: list[str] = []
    readable = [*known, "config"]
    for source, name, position in _unknown(sources, known):
        meant = closest(name.lower().removeprefix(PREFIX.lower()), readable if source.variables else known)
        if source.variables and meant:
            lines.append(
                f"{_variable(name)}: is unknown, did you mean {_variable(meant)}? (in {source.place})"
            )
        elif meant:
            lines.append(f"{source.place}: {name} is unknown, did you mean {meant}?")
        elif not source.variables:
            # The name is not repeated, since it may be a misplaced secret.
            lines.append(f"{source.place}: key {position} of {len(source.given)} is unknown")
    return lines


def strange(sources: Sequence[Source], known: Collection[str]) -> list[str]:
    """The unknown variables and keys that are not certainly mistakes."""
    return sorted(
        {
            _variable(name)
            for source, name, _ in _unknown(sources, known)
            if source.variables and not closest(name, [*known, "config"])
        }
    )


def _unknown(sources: Sequence[Source], known: Collection[str]) -> list[tuple[Source, str, int]]:
    referred = {name.upper() for source in sources for name in referred_names(source.given)}
    return [
        (source, name, position)
        for source in sources
        for position, name in enumerate(source.given, start=1)
        if name not in known and not (source.variables and _elsewhere(name, referred))
    ]


def _elsewhere(name: str, referred: Collection[str]) -> bool:
    """Whether another part, another program, or a reference `env:NAME` reads a variable."""
    others = name in _NOT_OURS_TO_READ or name.startswith(_OTHER_PROGRAMS)
    return others or _variable(name) in referred or bool(_KUBERNETES.fullmatch(name))


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"
