"""The client asks for what the api has, reads what the api answers, and imports nothing of ours."""

import ast
import dataclasses
import inspect
from pathlib import Path

import msgspec
import pytest
from faceid_gateway_client import Event, Gateway, Order, Policy, Review, Verification
from faceid_gateway_client.calls import events_call, filters_of
from faceid_gateway_client.following import Follower
from faceid_gateway_client.scenarios import WebhookFactory
from fastapi.routing import APIRoute

from domain.events.bodies import thin
from domain.events.catalogue import CATALOGUE
from domain.events.event import EventType, PolicyMark
from service.api.models.events import EventModel, EventPageModel
from service.api.models.orders import OrderedVerification, VerificationOrder
from service.api.models.verifications import EXAMPLE, ReviewMarkModel, VerificationModel
from service.api.routes.webhooks.events import PageQuery, StreamQuery, router
from tests.client.test_webhooks import EVENT

PACKAGE = Path(__file__).parents[2] / "client" / "faceid_gateway_client"
LATER = {"effective_outcome", "decided_by", "review", "erased_at"}
"""Members that an older gateway does not have."""


def fields(kind: type) -> set[str]:
    return {each.name for each in dataclasses.fields(kind)} - {"raw"}


def test_every_member_that_is_read_is_answered() -> None:
    assert fields(Verification) <= VerificationModel.model_fields.keys()
    assert fields(Review) == ReviewMarkModel.model_fields.keys()
    assert fields(Order) == OrderedVerification.model_fields.keys()
    assert fields(Event) == thin(CATALOGUE[EventType.REVIEWED].example).keys()
    assert fields(Policy) == set(PolicyMark.__struct_fields__)


def test_every_member_of_an_event_is_read() -> None:
    example = CATALOGUE[EventType.REVIEWED].example
    assert example.body.policy is not None
    read = Event.of(thin(example))
    assert read.detail == example.body.detail
    assert read.policy == Policy(**msgspec.structs.asdict(example.body.policy))
    assert Event.of(thin(EVENT)).detail == {}


def test_an_older_gateways_answer_is_read() -> None:
    older = {name: value for name, value in EXAMPLE.items() if name not in LATER}
    read = Verification.of(older)
    assert read.effective_outcome == read.outcome == "rejected"
    assert (read.decided_by, read.review, read.erased_at) == (None, None, None)


def test_the_factorys_events_have_the_members_of_the_gateways() -> None:
    assert WebhookFactory().scenario("pass").event.keys() == thin(EVENT).keys()
    reviewed = WebhookFactory().reviewed("rejected").event
    told = thin(CATALOGUE[EventType.REVIEWED].example)
    assert reviewed.keys() == told.keys()
    assert reviewed["detail"].keys() == told["detail"].keys()
    assert (reviewed["type"], reviewed["outcome"]) == (told["type"], told["outcome"])
    assert reviewed["effective_outcome"] == "rejected"


def test_every_parameter_that_is_sent_is_known() -> None:
    sent = set(inspect.signature(Gateway.order).parameters) - {"self", "parameters"}
    assert sent <= VerificationOrder.model_fields.keys()


def test_the_parameters_and_members_of_pages_are_the_apis() -> None:
    filters = filters_of(("verification.*",), "demo")
    assert events_call(0, filters, wait=1).params.keys() <= PageQuery.model_fields.keys()
    stream = Follower(0, ("verification.*",), "demo").stream_call()
    assert stream.params.keys() <= StreamQuery.model_fields.keys()
    assert {"items", "next"} == EventPageModel.model_fields.keys()
    assert fields(Event) == EventModel.model_fields.keys()


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/stream"])
def test_the_paths_of_the_log_are_the_apis(path: str) -> None:
    called = {events_call(0, {}).path, Follower(0).stream_call().path}
    assert path in called
    assert path in {route.path for route in router.routes if isinstance(route, APIRoute)}


@pytest.mark.parametrize("file", sorted(PACKAGE.glob("*.py")), ids=lambda file: file.name)
def test_the_client_imports_nothing_of_the_gateway(file: Path) -> None:
    allowed = {"faceid_gateway_client", "httpx", "httpx2", "anyio", "cryptography", "pytest"}
    for node in ast.walk(ast.parse(file.read_text())):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            root = name.split(".")[0]
            assert root in allowed or root in __import__("sys").stdlib_module_names
