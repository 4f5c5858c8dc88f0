"""The forms of endpoints: every field of the api, problems at their fields, forms that are out of date."""

import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from domain.events.webhooks.endpoint import Endpoint
from domain.people.actor import Actor
from domain.people.roles import Role
from service.api.models.endpoints import EndpointChange, NewEndpoint
from service.console.pages.webhooks.forms import BLANK
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.pages.webhooks.test_deliveries import URL, actions
from tests.service.console.rig.site import Site
from tests.support.servers.doors_of_tls import write_certificate
from usecases.events.webhooks.manage_endpoints import Changes

ACTOR = Actor.command("test")
FIELD = re.compile(r'<(?:input|select|textarea)[^>]* name="([a-z_0-9]+)"')


def pem_files(folder: Path) -> tuple[str, str]:
    """A certificate, and the same with its key."""
    write_certificate(folder)
    authority, key = (folder / "server.crt").read_text(), (folder / "server.key").read_text()
    return authority, authority + key


async def blank(client: httpx2.AsyncClient) -> dict[str, Any]:
    """The form of a new endpoint that is usable."""
    token = token_in((await client.get("/help")).text)
    return {**BLANK, "form_token": token, "id": str(uuid4()), "app": "demo", "url": URL}


async def created(client: httpx2.AsyncClient, **more: Any) -> str:
    """The path of a new endpoint with these fields."""
    form = await blank(client) | more
    assert (await client.post("/endpoints/new", data=form)).status_code == 201
    return f"/endpoints/{form['id']}"


async def change_form(client: httpx2.AsyncClient, path: str) -> dict[str, Any]:
    """The form of a change as a browser sends it, if nothing is typed."""
    text = (await client.get(f"{path}/change")).text
    inputs = re.findall(r'<input[^>]*?name="([a-z_0-9]+)" value="([^"]*)"', text)
    sent = {name: html.unescape(value) for name, value in inputs if not name.startswith("drop_")}
    chosen = re.findall(r'<select name="(\w+)">.*?<option value="([^"]*)" selected', text, re.DOTALL)
    sent |= dict(chosen)
    ticked = re.findall(r'name="(outcome|ed25519)" value="([^"]*)"( checked)?', text)
    ticks: dict[str, Any] = {"outcome": [value for name, value, on in ticked if name == "outcome" and on]}
    return ticks | {name: value for name, value in sent.items() if (name, value, "") not in ticked}


async def endpoint_at(site: Site, path: str) -> Endpoint:
    """The endpoint of a path as it is stored."""
    return await site.context.webhooks.endpoints.find(UUID(path.rpartition("/")[2]), None)


async def test_the_form_has_every_field_of_the_api(site: Site) -> None:
    wanted = {*NewEndpoint.model_fields} - {"app_id", "outcomes"} | {"app", "outcome"}
    async with site.client(Role.OPERATOR) as client:
        new = (await client.get("/endpoints/new")).text
        path = await created(client)
        change = (await client.get(f"{path}/change")).text
    assert wanted <= set(FIELD.findall(new))
    assert {*EndpointChange.model_fields} - {"outcomes"} | {"outcome"} <= set(FIELD.findall(change))


async def test_an_endpoint_gets_all_that_is_asked_for(site: Site, tmp_path: Path) -> None:
    authority, certificate = pem_files(tmp_path)
    more = {
        "types": "verification.* verification.rejected", "outcome": ["rejected", "review"], "format": "full",
        "ed25519": "yes", "max_in_flight": "4", "max_rate": "2.5", "schedule": "5, 60 3600",
        "headers": "X-Api-Key: abc\r\n\r\nx-shop:  7 ", "ca": authority.replace("\n", "\r\n"),
        "client_certificate": certificate,
    }  # fmt: skip
    async with site.client(Role.OPERATOR) as client:
        path = await created(client, **more)
    found = await endpoint_at(site, path)
    settings, private = found.settings, found.private
    assert private is not None
    assert (settings.types, settings.outcomes) == (
        ("verification.*", "verification.rejected"),
        ("rejected", "review"),
    )
    assert (settings.format, settings.max_in_flight, settings.max_rate) == ("full", 4, 2.5)
    assert [pause.total_seconds() for pause in found.pauses] == [5, 60, 3600]
    assert private.headers == (("x-api-key", "abc"), ("x-shop", "7"))
    assert (private.ca, private.client_certificate, len(private.keys)) == (authority, certificate, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "ftp://shop.example"),
        ("url", "http://10.0.0.1/hook"),
        ("types", "nothing.*"),
        ("types", " ".join(["*"] * 33)),
        ("format", "xml"),
        ("signature", "none"),
        ("max_in_flight", "0"),
        ("max_in_flight", "257"),
        ("max_rate", "0"),
        ("max_rate", "nan"),
        ("max_rate", "fast"),
        ("schedule", "5 0"),
        ("schedule", " ".join(["5"] * 21)),
        ("headers", "no colon"),
        ("headers", "host: shop.example"),
        ("headers", "x-a: \u202e"),
        ("ca", "A" * 70_000),
        ("app", "unknown"),
    ],
)
async def test_a_problem_is_named_at_its_field(site: Site, field: str, value: str) -> None:
    async with site.client(Role.OPERATOR) as client:
        answer = await client.post("/endpoints/new", data=await blank(client) | {field: value})
    assert answer.status_code == 422
    assert re.findall(r'id="problem-(\w+)"', answer.text) == [field]
    assert f'aria-describedby="problem-{field}"' in answer.text
    assert await actions(site) == []


async def test_a_change_saves_what_differs_and_keeps_the_rest(site: Site, tmp_path: Path) -> None:
    authority, certificate = pem_files(tmp_path)
    async with site.client(Role.OPERATOR) as client:
        secret = {"headers": "x-a: 1\nx-b: 2\nx-c: 3", "ca": authority, "client_certificate": certificate}
        path = await created(client, **secret)
        form = await change_form(client, path)
        shown = (await client.get(f"{path}/change")).text
        assert certificate.splitlines()[1] not in shown
        site.clock.now += timedelta(seconds=1)
        typed = {"max_rate": "7", "headers": "x-b: 9", "drop_header": ["x-c"], "drop_ca": "yes"}
        answers = [await client.post(f"{path}/change", data=form | typed) for _ in range(2)]
        assert [answer.headers["location"] for answer in answers] == [f"{path}?done=changed"] * 2
    found = await endpoint_at(site, path)
    assert found.private is not None
    assert (found.settings.max_rate, found.settings.url, found.private.ca) == (7, URL, None)
    assert found.private.headers == (("x-a", "1"), ("x-b", "9"))
    assert found.private.client_certificate == certificate
    assert await actions(site) == ["endpoint.created", "endpoint.changed"]
    [(fields,)] = await site.store.rows(
        "SELECT detail->'fields' FROM audit WHERE action = 'endpoint.changed'"
    )
    assert fields == ["ca", "headers", "max_rate"]


async def test_a_form_that_is_out_of_date_says_what_others_changed(site: Site, english: Readers) -> None:
    async with site.client(Role.OPERATOR) as client:
        path = await created(client, headers="x-a: 1")
    reader = await english.sign_in(Role.OPERATOR)
    await reader.open(path)
    await reader.page.click(f"a[href='{path}/change']")
    await reader.page.wait_for_selector("[name=max_rate]")
    await reader.look("endpoint-change")
    site.clock.now += timedelta(seconds=1)
    found = await endpoint_at(site, path)
    others = Changes(settings={"max_in_flight": 3}, headers={"x-b": "2"})
    await site.context.webhooks.endpoints.change(found.id, None, others, actor=ACTOR)
    await reader.page.fill("[name=max_rate]", "12")
    await reader.page.click("form.card button.primary")
    await reader.page.wait_for_selector("[role=alert]")
    alert = await reader.page.inner_text("[role=alert]")
    assert ("Attempts at once, Headers" in alert, "URL" in alert) == (True, False)
    assert await reader.page.input_value("[name=max_rate]") == "12"
    await reader.look("endpoint-change-stale")
    assert (await endpoint_at(site, path)).settings.max_rate is None
    await reader.page.fill("[name=max_in_flight]", "3")
    await reader.page.click("form.card button.primary")
    await reader.page.wait_for_selector("[role=status].ok")
    settings = (await endpoint_at(site, path)).settings
    assert (settings.max_in_flight, settings.max_rate) == (3, 12)
