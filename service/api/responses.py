"""The problems of an endpoint in its OpenAPI description."""

from typing import Any

from service.api.models.verifications import Problem
from service.problems.problems import MEDIA_TYPE, PROBLEMS


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for these problem codes, each with an example.

    The schema is inline: with a `model`, FastAPI would describe plain JSON too.
    """
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        status, title = PROBLEMS[code]
        entry = by_status.setdefault(
            status,
            {
                "description": title,
                "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema(), "examples": {}}},
            },
        )
        example = {"type": "about:blank", "title": title, "status": status, "code": code}
        entry["content"][MEDIA_TYPE]["examples"][code] = {"value": example}
    return by_status
