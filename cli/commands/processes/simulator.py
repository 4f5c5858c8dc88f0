"""`simulator`: run the vendor simulator, after checking its settings as the gateway checks its own."""

import os

from pydantic import ValidationError
from pydantic_settings import SettingsError as SourceError

from adapters.configuration.did_you_mean import closest
from domain.errors import SettingsError
from simulator.settings import SimulatedApp, SimulatorSettings

_PREFIX = "FACEID_SIMULATOR_"


def simulator_command() -> None:
    """Simulate the vendor and its limits, configured by FACEID_SIMULATOR_… variables."""
    from simulator.main import run  # noqa: PLC0415 - after the settings, whose mistakes come first

    run(simulator_settings())


def simulator_settings() -> SimulatorSettings:
    """The settings of FACEID_SIMULATOR_…

    Raises:
        SettingsError: one line for each wrong or unknown setting, without its value.
    """
    problems = _unknown_names()
    try:
        settings = SimulatorSettings()
    except SourceError:
        problems.append(f"{_PREFIX}APPS: is not JSON")
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        problems += [_line(problem["loc"], problem["msg"]) for problem in details]
    else:
        if not problems:
            return settings
    raise SettingsError("\n".join(problems))


def _line(place: tuple[int | str, ...], message: str) -> str:
    name = f"{_PREFIX}{place[0]}".upper() if place else f"{_PREFIX}APPS"
    # Below `apps`, name only the field: the app's id is the user's input.
    field = f" {place[-1]}:" if len(place) > 1 and place[-1] in SimulatedApp.model_fields else ""
    return f"{name}:{field} {message.removeprefix('Value error, ')}"


def _unknown_names() -> list[str]:
    known = SimulatorSettings.model_fields
    given = [
        name.upper().removeprefix(_PREFIX).lower() for name in os.environ if name.upper().startswith(_PREFIX)
    ]
    meant = {name: closest(name, known) for name in given if name not in known}
    return [
        f"{_PREFIX}{name.upper()}: is unknown, did you mean {_PREFIX}{right.upper()}?"
        for name, right in meant.items()
        if right
    ]
