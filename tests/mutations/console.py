"""The guards of the console."""

from typing import Final

from tests.mutations.mutation import Mutation

_RIGHTS: Final = "tests/service/console/app/test_rights.py"
_FORMS: Final = "tests/service/console/app/test_forms.py"

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
        "no number in a URL",
        "service/console/pages/verifications/lists.py",
        "    if is_id_number(text):",
        "    if False:",
        [
            "tests/service/console/pages/verifications/test_lists.py::test_a_search_finds_by_biz_id_and_never_puts_a_number_into_a_url"
        ],
    ),
)
