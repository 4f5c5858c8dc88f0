"""The OpenAPI description of the ingress: its routes are bare ASGI, so it is written by hand."""

from typing import Any, Final

from service.problems import PROBLEMS

_FORM: Final = {
    "type": "object",
    "required": ["data", "sign"],
    "properties": {
        "data": {"type": "string", "description": "JSON text, exactly as it was signed"},
        "sign": {
            "type": "string",
            "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$",
            "description": "lower-case hex of sha1(API_SECRET + data), or sha256 where the app says so",
            "example": "ac041f49940c5afb2640a251633a8029ae69c1d5",
        },
    },
}
_APP_ID: Final = {
    "name": "app_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "example": "demo"},
}
_BIZ_ID: Final = {
    "name": "biz_id",
    "in": "query",
    "required": True,
    "schema": {"type": "string", "example": "1462259748,52b13fb5-8dfb-4537-a62b-a641d5e929f1"},
}
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(PROBLEMS)},
    },
}
_CALLBACK_CODES: Final = (
    "malformed_form", "missing_field", "duplicate_field", "malformed_payload", "bad_signature",
    "request_timeout", "body_too_large", "unsupported_media_type", "unsupported_encoding",
    "not_durable",
)  # fmt: skip


def describe_ingress(version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    body = {
        "required": True,
        "content": {
            kind: {"schema": _FORM} for kind in ("application/x-www-form-urlencoded", "multipart/form-data")
        },
    }
    accepted = {"status": {"type": "string", "const": "accepted"}}
    notify = {
        "summary": "The vendor's back end reports a verification",
        "description": "200 once the callback is durable; the same for a duplicate.",
        "operationId": "notify",
        "requestBody": body,
        "responses": {
            "200": _json("Accepted", {"type": "object", "required": ["status"], "properties": accepted}),
            **_problems("application/problem+json", {"$ref": "#/components/schemas/Problem"}),
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "faceid-gateway ingress", "version": version},
        "paths": {
            "/callbacks/{app_id}/notify": {"parameters": [_APP_ID], "post": notify},
            "/callbacks/{app_id}/return": {
                "parameters": [_APP_ID],
                "post": _return("The user's browser brings the signed form", "return_post", requestBody=body),
                "get": _return("The user's browser brings a bare biz_id", "return_get", parameters=[_BIZ_ID]),
            },
            "/healthz": {
                "get": {
                    "summary": "The process runs",
                    "operationId": "healthz",
                    "responses": {"200": _json("It does", {"type": "object"})},
                }
            },
            "/readyz": {
                "get": {
                    "summary": "Callbacks may be sent here",
                    "description": "503 before a shutdown, and while nothing at hand can keep a callback.",
                    "operationId": "readyz",
                    "responses": {
                        "200": _json("ready", {"type": "object"}),
                        "503": _json("draining or not_ready", {"type": "object"}),
                    },
                }
            },
        },
        "components": {"schemas": {"Problem": _PROBLEM}},
    }


def _return(summary: str, operation_id: str, **more: Any) -> dict[str, Any]:
    return {
        "summary": summary,
        "operationId": operation_id,
        **more,
        "responses": {
            "200": {"description": "A page, where the app has no landing_url", "content": {"text/html": {}}},
            "303": {"description": "To the app's landing_url, with biz_id in its query"},
            **_problems("text/html", {"type": "string"}),
        },
    }


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problems(media_type: str, schema: dict[str, str]) -> dict[str, Any]:
    by_status: dict[str, list[str]] = {}
    for code in _CALLBACK_CODES:
        by_status.setdefault(str(PROBLEMS[code].status), []).append(f"`{code}`: {PROBLEMS[code].title}")
    return {
        status: {"description": "; ".join(lines), "content": {media_type: {"schema": schema}}}
        for status, lines in by_status.items()
    }
