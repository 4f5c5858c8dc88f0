"""Every route of the api against every set of identity's scopes: no other way leads to a name or a number."""

import itertools
from typing import Any

import msgspec
import pytest

from domain.identity.reading import SCOPE_OF, Field
from domain.model import Identity
from domain.views.tokens import SCOPES
from tests.service.api.access.test_matrix import ROUTES, name, path_about
from tests.service.conftest import ClientOf
from tests.support.http.api import RealApi
from tests.support.storage.stores import Store, callback, decision_record, payload

NAME, NUMBER = "陈大文", "11010519491231002X"
OTHERS = sorted({*SCOPES} - {*SCOPE_OF.values(), "erase"})
PERSON = {"app_id": "demo", "id_number": NUMBER, "reason": "ticket 4711"}
BODIES: dict[str, dict[str, Any]] = {
    "read_identity": {"fields": [Field.NAME, Field.NUMBER], "reason": "ticket 4711"},
    "search_person": PERSON,
    "export_person": PERSON,
    "erase_person": PERSON,
}
"""Bodies of the routes that are about identity; the others get none."""


@pytest.mark.parametrize("held", [each for n in range(4) for each in itertools.combinations(SCOPE_OF, n)])
async def test_no_route_shows_a_field_without_its_scope(
    client_of: ClientOf, api_context: RealApi, store: Store, held: tuple[Field, ...]
) -> None:
    api_context.lifecycle.draining = True
    recorded = await store.record(callback(payload(1)))
    record = msgspec.structs.replace(decision_record(recorded), identity=Identity(NAME, NUMBER))
    assert await store.decisions.save_once(record)
    scopes = {*OTHERS, *(SCOPE_OF[each] for each in held)}
    await api_context.tokens.put("t", "t", scopes=sorted(scopes))
    seen = set()
    for route in ROUTES:
        method = next(iter(route.methods or ()))
        answer = await client_of("t").request(method, path_about(route), json=BODIES.get(route.name))
        assert (answer.status_code == 403) >= (not route.scopes <= scopes), name(route)
        shown = {field for field, text in ((Field.NAME, NAME), (Field.NUMBER, NUMBER)) if text in answer.text}
        assert shown <= set(held), name(route)
        seen |= shown
    # Both at once are asked for, which needs both scopes.
    both = {Field.NAME, Field.NUMBER}
    assert seen == (both if both <= set(held) else set())
