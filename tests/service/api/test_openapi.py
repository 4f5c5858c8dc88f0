"""The API's description is whole: every operation, its problems, and examples that are true."""

import json
import re
from typing import Any

import pytest
from fastapi import FastAPI

from service.api.models import audit as audit_models
from service.api.models import deliveries as delivery_models
from service.api.models import endpoints as endpoint_models
from service.api.models import events as event_models
from service.api.models import identity as identity_models
from service.api.models import letters as letter_models
from service.api.models import orders as order_models
from service.api.models import policies as policy_models
from service.api.models import review_bodies
from service.api.models import reviews as review_models
from service.api.models import shown_identity as shown_models
from service.api.models import verifications as models
from service.api.models.verifications import EXAMPLE, Problem, VerificationModel
from service.problems.problems import PROBLEMS

MODELS = (
    models, delivery_models, endpoint_models, event_models, letter_models, order_models, policy_models,
    review_models, review_bodies, audit_models, identity_models, shown_models,
)  # fmt: skip
METHODS = {"get", "put", "post", "patch", "delete"}
PROBLEM_JSON = "application/problem+json"


@pytest.fixture
def description(api_app: FastAPI) -> dict[str, Any]:
    return api_app.openapi()


def operations(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method} {path}": operation
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


NAME_WHAT_IS_NOT_THERE = {
    "post /v1/verifications",
    "post /v1/endpoints",
    "post /v1/reviews/next",
    "post /v1/persons/search",
    "post /v1/persons/export",
    "post /v1/persons/erasure",
}
"""In their bodies."""


def guarded(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: found for name, found in operations(description).items() if " /v1/" in name}


def test_every_operation_has_a_description(description: dict[str, Any]) -> None:
    found = operations(description)
    assert all(operation["summary"] and operation["description"] for operation in found.values())
    ids = [operation["operationId"] for operation in found.values()]
    assert len(set(ids)) == len(ids)


def test_every_guarded_operation_names_its_scheme_and_scope(description: dict[str, Any]) -> None:
    for name, operation in guarded(description).items():
        assert operation["security"] == [{"HTTPBearer": operation["security"][0]["HTTPBearer"]}], name
    assert description["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"


def test_every_guarded_operation_names_its_problems(description: dict[str, Any]) -> None:
    for name, operation in guarded(description).items():
        responses = operation["responses"]
        assert {"401", "403"} <= set(responses), name
        may_find_none = name in NAME_WHAT_IS_NOT_THERE
        assert ("404" in responses) == ("{" in name or may_find_none), name
        for status, response in responses.items():
            if int(status) in range(400, 500) and status != "422":
                assert PROBLEM_JSON in response["content"], (name, status)


def test_every_example_of_a_problem_is_a_problem_of_that_status(description: dict[str, Any]) -> None:
    seen = set()
    for operation in operations(description).values():
        for status, response in operation["responses"].items():
            examples = response.get("content", {}).get(PROBLEM_JSON, {}).get("examples", {})
            for code, example in examples.items():
                problem = Problem.model_validate(example["value"])
                assert (problem.code, problem.status, problem.title) == (
                    code,
                    int(status),
                    PROBLEMS[code].title,
                )
                seen.add(code)
    assert {"unauthenticated", "missing_scope", "not_found", "bad_cursor", "app_id_required"} <= seen


def test_the_example_of_a_verification_is_one(description: dict[str, Any]) -> None:
    assert VerificationModel.model_validate(EXAMPLE).model_dump(mode="json") == EXAMPLE
    # FastAPI leaves out members that are null.
    shown = {name: value for name, value in EXAMPLE.items() if value is not None}
    assert description["components"]["schemas"]["VerificationModel"]["examples"] == [shown]


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(description)))
    assert references
    assert references <= set(description["components"]["schemas"])


def test_every_schema_of_ours_is_a_model_of_ours(description: dict[str, Any]) -> None:
    foreign = {"HTTPValidationError", "ValidationError", "Outcome", "State", "Basis", "Code"}
    assert {
        name
        for name in description["components"]["schemas"]
        if not any(hasattr(module, name) for module in MODELS)
    } <= foreign


def test_the_answer_422_matches_its_description(description: dict[str, Any]) -> None:
    for name, operation in guarded(description).items():
        response = operation["responses"].get("422")
        assert response is None or set(response["content"]) == {PROBLEM_JSON}, name
