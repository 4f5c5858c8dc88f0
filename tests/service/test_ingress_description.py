"""The hand-written description of the ingress says what its routes do."""

import json
import re
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.routing import Route

from service.problems import PROBLEMS
from tests.adapters.builders import payload
from tests.domain.builders import dump
from tests.service.asgi import FORM, signed


@pytest.fixture
def description(ingress: FastAPI) -> dict[str, Any]:
    return ingress.openapi()


def operations(description: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path, method.upper()): operation
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_every_route_is_described_and_nothing_else(ingress: FastAPI, description: dict[str, Any]) -> None:
    served = {
        (route.path, method)
        for route in ingress.routes
        if isinstance(route, Route) and route.path != "/openapi.json"
        for method in set(route.methods or set()) - {"HEAD"}
    }
    assert set(operations(description)) == served


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(description)):
        target: Any = description
        for step in reference.split("/"):
            target = target[step]
        assert target


def test_operation_ids_are_unique_and_parameters_named(description: dict[str, Any]) -> None:
    found = operations(description)
    ids = [operation["operationId"] for operation in found.values()]
    assert len(set(ids)) == len(ids)
    for path, _ in found:
        named = {parameter["name"] for parameter in description["paths"][path].get("parameters", ())}
        assert set(re.findall(r"{(\w+)}", path)) <= named


def test_the_problems_of_notify_are_those_it_answers(description: dict[str, Any]) -> None:
    notify = operations(description)["/callbacks/{app_id}/notify", "POST"]
    described = {
        (status, code)
        for status, response in notify["responses"].items()
        for code in re.findall(r"`(\w+)`", response["description"])
    }
    refusals = {
        "malformed_form", "missing_field", "duplicate_field", "malformed_payload", "bad_signature",
        "request_timeout", "body_too_large", "unsupported_media_type", "unsupported_encoding",
        "not_durable",
    }  # fmt: skip
    assert described == {(str(PROBLEMS[code].status), code) for code in refusals}


async def test_it_is_served_as_json(web: httpx2.AsyncClient, description: dict[str, Any]) -> None:
    answer = await web.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == json.loads(json.dumps(description))


async def test_what_is_answered_is_as_described(web: httpx2.AsyncClient, description: dict[str, Any]) -> None:
    operation = operations(description)["/callbacks/{app_id}/notify", "POST"]
    for body in (signed(dump(payload())), b""):
        answer = await web.post("/callbacks/demo/notify", content=body, headers={"content-type": FORM})
        content = operation["responses"][str(answer.status_code)]["content"]
        assert set(content) == {answer.headers["content-type"]}


async def test_no_documentation_pages_are_public(web: httpx2.AsyncClient) -> None:
    assert [(await web.get(path)).status_code for path in ("/docs", "/redoc")] == [404, 404]
