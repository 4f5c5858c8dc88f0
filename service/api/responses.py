"""The problems an endpoint may answer, for its OpenAPI description."""

from typing import Any

from service.api.models import Problem
from service.problems import MEDIA_TYPE, PROBLEMS


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for these problem codes, each with an example."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        status = PROBLEMS[code].status
        example = {"type": "about:blank", "title": PROBLEMS[code].title, "status": status, "code": code}
        entry = by_status.setdefault(
            status,
            {
                "model": Problem,
                "description": PROBLEMS[code].title,
                "content": {MEDIA_TYPE: {"examples": {}}},
            },
        )
        entry["content"][MEDIA_TYPE]["examples"][code] = {"value": example}
    return by_status
