"""The extras of the package that settings need: libraries that most gateways do without."""

from enum import StrEnum

from domain.errors import SettingsError


class Extra(StrEnum):
    """An extra of `pyproject.toml`; the image and docs/production.md install all of them."""

    AWS = "aws"
    TIMESTAMPS = "timestamps"


def missing_extra(setting: str, extra: Extra) -> SettingsError:
    """The error of a setting whose library is not installed. `setting`: its name, and what of it needs it."""
    return SettingsError(
        f"{setting} needs the extra `{extra}`: install faceid-gateway[{extra}],"
        f" in its source by `uv sync --inexact --extra {extra}`"
    )
