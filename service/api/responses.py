"""The problems an endpoint may answer, for its OpenAPI description."""

from typing import Any

from service.api.models import Problem
from service.problems import MEDIA_TYPE, STATUS_OF, TITLE_OF


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for these problem codes, each with an example."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        status = STATUS_OF[code]
        example = {"type": "about:blank", "title": TITLE_OF[code], "status": status, "code": code}
        entry = by_status.setdefault(
            status,
            {"model": Problem, "description": TITLE_OF[code], "content": {MEDIA_TYPE: {"examples": {}}}},
        )
        entry["content"][MEDIA_TYPE]["examples"][code] = {"value": example}
    return by_status
