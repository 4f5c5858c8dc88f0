"""The guards of the console: its sessions, forms and pages."""

from typing import Final

from tests.mutations.mutation import Mutation

_RIGHTS: Final = "tests/service/console/app/test_rights.py"
_FORMS: Final = "tests/service/console/app/test_forms.py"

_PAGES: Final = "tests/service/console/pages"
_TWICE: Final = (
    f"{_PAGES}/webhooks/test_deliveries.py::test_a_form_sent_twice_makes_one_endpoint_and_one_secret"
)
OF_THE_CONSOLE: Final = (
    Mutation(
        "forms of this session alone",
        "service/console/app/forms/posted.py",
        "if not expected or not hmac.compare_digest(_token_of(form), expected.encode()):",
        "if False:",
        [f"{_FORMS}::test_the_token_of_another_session_is_refused"],
    ),
    Mutation(
        "forms of this site alone",
        "service/console/app/forms/posted.py",
        "if not _is_from_here(request):",
        "if False:",
        [f"{_FORMS}::test_a_form_from_another_site_is_refused[headers0]"],
    ),
    Mutation(
        "a right for each page",
        "service/console/app/sessions.py",
        "if not session.rights.has(self.scope):",
        "if False:",
        [f"{_RIGHTS}::test_each_route_lets_in_who_has_the_right[GET /dead-letters]"],
    ),
    Mutation(
        "pages of the own apps alone",
        "service/console/pages/verifications/details.py",
        "if not session.rights.may(_SCOPE, app_id):",
        "if False:",
        [
            "tests/service/console/pages/verifications/test_lists.py::test_what_another_app_has_is_not_there[/verifications/other/{id}]"
        ],
    ),
    Mutation(
        "strict headers on defects too",
        "service/console/main.py",
        "return StrictHeaders(super().build_middleware_stack())",
        "return super().build_middleware_stack()",
        ["tests/service/console/app/test_headers.py::test_a_defect_gives_a_strict_page_without_its_text"],
    ),
    Mutation(
        "a search by number in the apps of the right alone",
        "service/console/pages/verifications/by_number.py",
        "app_ids, actor = apps_of(session, SCOPE, context.app_ids), actor_of(request, session)",
        "app_ids, actor = context.app_ids, actor_of(request, session)",
        [f"{_PAGES}/verifications/test_by_number.py::test_a_person_of_another_app_is_not_found"],
    ),
    Mutation(
        "no number in a URL",
        "service/console/pages/verifications/lists.py",
        "    if is_id_number(text):\n        return await",
        "    if False:\n        return await",
        [
            "tests/service/console/pages/verifications/test_lists.py::test_a_search_finds_by_biz_id_and_never_puts_a_number_into_a_url"
        ],
    ),
    Mutation(
        "one order, one endpoint",
        "adapters/store/webhooks/endpoints.py",
        "if await connection.scalar(select(column.id).where(column.id == endpoint.id)):",
        "if False:",
        [_TWICE],
    ),
    Mutation(
        "the endpoint as seen",
        "usecases/events/webhooks/manage_endpoints.py",
        "if seen not in (None, endpoint.updated_at):",
        "if False:",
        [_TWICE],
    ),
    Mutation(
        "apps of the person",
        "service/console/app/forms/inputs.py",
        'return [each for each in apps_of(session, scope, known) if app_id in ("", each)]',
        "return [app_id] if app_id else apps_of(session, scope, known)",
        [f"{_PAGES}/test_dead_letters.py::test_a_role_in_one_app_reaches_no_letter_of_another"],
    ),
    Mutation(
        "apps of the person",
        "service/console/pages/audit.py",
        "app_ids = (view.app,) if session.rights.may(_SCOPE, view.app) else ()",
        "app_ids = (view.app,)",
        [f"{_PAGES}/test_audit.py::test_an_auditor_of_one_app_sees_no_other_rows"],
    ),
    Mutation(
        "apps of the person",
        "service/console/pages/people/tokens.py",
        "return apps is None or (token.apps is not None and set(token.apps) <= apps)",
        "return True",
        [f"{_PAGES}/people/test_persons.py::test_an_admin_revokes_tokens_of_persons_and_programs"],
    ),
    Mutation(
        "apps of the person",
        "service/console/pages/people/persons.py",
        "return session.rights.apps_for([_SCOPE]) is None or bool(_seen_grants(session, person))",
        "return True",
        [f"{_PAGES}/people/test_persons.py::test_an_admin_of_one_app_manages_nothing_of_another"],
    ),
    Mutation(
        "no secret on a page",
        "adapters/settings/shown.py",
        "if not field.repr and getattr(settings, name)",
        "if False",
        ["tests/adapters/settings/test_shown.py::test_no_secret_and_no_address_is_shown"],
    ),
    Mutation(
        "no host of a request in a one-time link",
        "service/console/app/cookies.py",
        'if _is_loopback(request.url.hostname or "") else None',
        "if True else None",
        [
            "tests/service/console/pages/people/test_persons.py::test_a_host_that_a_request_names_is_not_in_a_one_time_link"
        ],
    ),
)
