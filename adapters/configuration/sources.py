"""The sources of settings: the environment, `.env`, and the TOML file in FACEID_CONFIG."""

import json
import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values

from adapters.configuration.visible import check_visible
from domain.errors import SettingsError

PREFIX: Final = "FACEID_"
DOTENV: Final = ".env"
_TABLES: Final = frozenset({"apps", "alerts"})
"""Settings that are tables by id, and JSON in the environment."""

_PLACE: Final = re.compile(r"\((at [^()]*)\)$")


@dataclass(frozen=True)
class Source:
    """Settings by their TOML names, and where they come from. `variables`: they are written as
    FACEID_NAME.
    """

    place: str
    given: dict[str, Any]
    variables: bool

    def holds(self, path: Sequence[str | int]) -> int:
        """The number of leading steps of a setting's path that exist here."""
        value: Any = self.given
        for steps, part in enumerate(path):
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return steps
        return len(path)


def read_sources() -> list[Source]:
    """All sources, highest precedence first.

    Raises:
        SettingsError: one cannot be read; the message has the place, never the content.
    """
    variables = [_variables("the environment", dict(os.environ)), _variables(DOTENV, read_dotenv())]
    file = config_file()
    return [*variables, Source(str(file), read_toml(file), variables=False)] if file else variables


def read_dotenv() -> dict[str, str]:
    """The content of `.env` in the working folder, if there is one. Raises SettingsError."""
    try:
        values = dotenv_values(DOTENV, encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{DOTENV}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{DOTENV}: is not UTF-8") from None
    return {name: value for name, value in values.items() if value is not None}


def config_file() -> Path | None:
    """The file in FACEID_CONFIG, from the environment or `.env`. Raises SettingsError if it is not a file."""
    variable = f"{PREFIX}CONFIG"
    name = os.environ.get(variable) or read_dotenv().get(variable)
    if not name:
        return None
    try:
        check_visible(name)
    except ValueError as error:
        raise SettingsError(f"{variable}: {error}") from None
    if not Path(name).is_file():
        raise SettingsError(f"{variable} names {name}, which is not a file")
    return Path(name)


def read_toml(file: Path) -> dict[str, Any]:
    """The content of a TOML file. Raises SettingsError with the place of its first mistake."""
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{file}: is not UTF-8 (at line {line})") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: is not TOML ({_place_of(error)})") from None


def _place_of(error: tomllib.TOMLDecodeError) -> str:
    """The error of tomllib, without the parts that quote the file."""
    message = str(error)
    place = _PLACE.search(message)
    what = message[: place.start()].strip() if place else message
    where = place.group(1) if place else "somewhere"
    return where if "'" in what or '"' in what else f"{what.lower()} {where}"


def _variables(place: str, environment: dict[str, str]) -> Source:
    given: dict[str, Any] = {
        name.upper().removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.upper().startswith(PREFIX)
    }
    for name in given.keys() & _TABLES:
        given[name] = read_table(given[name], place, variable=f"{PREFIX}{name.upper()}")
    return Source(place, given, variables=True)


def read_table(text: str, place: str, *, variable: str = "FACEID_APPS") -> Any:
    """The JSON of a variable in `place`. Raises SettingsError."""
    try:
        return json.loads(text, object_pairs_hook=_once_each)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise SettingsError(
            f"{variable}: is not JSON ({error.msg.lower()} at {where}) (in {place})"
        ) from None
    except ValueError as error:
        raise SettingsError(f"{variable}: {error} (in {place})") from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without repeated names, of which only the last would count silently."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a name occurs twice in one object")
    return values
