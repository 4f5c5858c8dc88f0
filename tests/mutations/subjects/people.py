"""The guards of persons: how they get in, what they may do, and how they are shut out."""

from typing import Final

from tests.mutations.mutation import Mutation

OF_THE_PEOPLE: Final = (
    Mutation(
        "no program is a person",
        "service/api/access/door.py",
        "if token.person is None and scopes & PERSON_SCOPES:",
        "if False:",
        ["tests/service/api/access/test_matrix.py::test_a_program_does_not_what_only_persons_do"],
    ),
    Mutation(
        "no program is a person",
        "domain/views/tokens.py",
        "set(self.scopes) - PERSON_SCOPES",
        "set(self.scopes)",
        ["tests/domain/people/test_roles.py::test_a_machine_has_nothing_that_only_persons_have[review]"],
    ),
    Mutation(
        "a role in its app alone",
        "service/api/auth.py",
        "if apps is None or app_id in apps]",
        "if True]",
        ["tests/service/api/access/test_persons.py::test_a_role_in_one_app_gives_nothing_in_another"],
    ),
    Mutation(
        "revoked within a second",
        "service/api/events/streams.py",
        "if not await may_go_on():",
        "if False:",
        ["tests/service/api/events/test_stream.py::test_a_stream_ends_when_its_token_is_revoked_or_replaced"],
    ),
    Mutation(
        "no session behind another password",
        "adapters/store/people/sessions.py",
        "if name is None or not await _still_proves(connection, person_id, proof):",
        "if name is None:",
        [
            "tests/adapters/store/people/test_sessions.py::test_a_sign_in_that_was_checked_before_the_password_changed_opens_nothing"
        ],
    ),
    Mutation(
        "forms of our pages alone",
        "service/console/app/fields.py",
        "if kind == _URL_ENCODED else FormData()",
        "if kind else FormData()",
        [
            "tests/service/console/app/test_hostile_values.py::test_a_form_in_an_encoding_that_no_page_sends_is_no_form[/login]"
        ],
    ),
    Mutation(
        "no way into accounts that had more",
        "usecases/people/change_roles.py",
        "        if not person.grants:\n",
        "        if False:\n",
        [
            "tests/usecases/people/test_managing.py::test_an_app_admin_gets_into_no_account_that_had_or_may_get_more"
        ],
    ),
    Mutation(
        "no way into accounts that had more",
        "domain/people/managing.py",
        "    if OIDC in person.signs_in_by:\n",
        "    if False:\n",
        [
            "tests/usecases/people/test_managing.py::test_an_app_admin_gets_into_no_account_that_had_or_may_get_more"
        ],
    ),
    Mutation(
        "links no wider than their makers",
        "adapters/store/people/persons.py",
        "            if widens(before.grants, given):\n",
        "            if False:\n",
        [
            "tests/usecases/people/test_narrow_links.py::test_an_app_admins_link_ends_when_the_person_gets_more[True-more1]"
        ],
    ),
    Mutation(
        "links no wider than their makers",
        "adapters/store/people/persons.py",
        "            await end_narrow_links(connection, person_id)\n            await note(",
        "            await note(",
        [
            "tests/usecases/people/test_narrow_links.py::test_an_app_admins_link_ends_when_the_provider_may_give_more"
        ],
    ),
    Mutation(
        "links no wider than their makers",
        "adapters/store/people/links.py",
        "check_may_let_in(rights, await read_person(connection, person_id))",
        "await read_person(connection, person_id)",
        [
            "tests/usecases/people/test_narrow_links.py::test_no_link_is_made_behind_a_role_that_came_meanwhile"
        ],
    ),
    Mutation(
        "links once",
        "adapters/store/people/sessions.py",
        "if name is None or not (await connection.execute(using)).rowcount:",
        "await connection.execute(using)\n    if name is None:",
        ["tests/adapters/store/people/test_sessions.py::test_of_many_uses_at_once_one_succeeds[invite]"],
    ),
    Mutation(
        "no session behind a disable",
        "adapters/store/people/changes.py",
        "AND state = 'active' FOR NO KEY UPDATE",
        "AND state = 'active'",
        [
            "tests/adapters/store/people/test_sessions.py::test_no_session_is_opened_while_a_person_is_disabled"
        ],
    ),
    Mutation(
        "a disabled person is out",
        "adapters/store/people/personal_tokens.py",
        "t.expires_at > now() AND p.state = 'active'",
        "t.expires_at > now()",
        ["tests/service/api/access/test_matrix.py::test_a_disabled_person_is_unknown"],
    ),
    Mutation(
        "the last admin",
        "adapters/store/people/persons.py",
        "            await one_by_one(connection)\n            before = await count_admins(connection)\n"
        "            name, _ = await locked_person(connection, person_id)\n            taken",
        "            before = await count_admins(connection)\n"
        "            name, _ = await locked_person(connection, person_id)\n            taken",
        [
            "tests/adapters/store/people/test_persons.py::test_an_admin_who_leaves_waits_for_the_other_to_have_left"
        ],
    ),
    Mutation(
        "tries before answers",
        "usecases/people/sign_in.py",
        "if wait := await self.limits.take(known, origin.address):",
        "if wait := 0.0:",
        ["tests/usecases/people/test_sign_in.py::test_too_many_tries_wait"],
    ),
    Mutation(
        "no lockout by strangers",
        "adapters/store/people/tries.py",
        'if await connection.scalar(_IS_KNOWN, {"key": pair}):',
        "if False:",
        [
            "tests/adapters/store/people/test_tries.py::test_a_stranger_does_not_lock_a_person_out_where_the_person_was_before"
        ],
    ),
    Mutation(
        "unknown names cost the same",
        "usecases/people/sign_in.py",
        "            await self.passwords.verify(None, password)\n",
        "",
        ["tests/usecases/people/test_sign_in.py::test_an_unknown_name_costs_a_hash_as_well"],
    ),
    Mutation(
        "codes once",
        "adapters/store/people/proofs.py",
        "persons.c.code_used < step)",
        "persons.c.code_used <= step)",
        ["tests/usecases/people/test_sign_in.py::test_a_code_is_wanted_and_used_once"],
    ),
    Mutation(
        "proven identities alone",
        "adapters/people/oidc/id_token.py",
        '"nonce": nonce, ',
        "",
        ["tests/adapters/people/oidc/test_provider.py::test_a_wrong_claim_proves_nothing[claims8-nonce]"],
    ),
    Mutation(
        "proven identities alone",
        "adapters/people/oidc/id_token.py",
        '"iss": {"essential": True, "value": client.issuer},',
        "",
        ["tests/adapters/people/oidc/test_provider.py::test_a_wrong_claim_proves_nothing[claims0-iss]"],
    ),
    Mutation(
        "proven identities alone",
        "adapters/people/oidc/provider.py",
        "if not secret or not hmac.compare_digest(",
        "if False and not hmac.compare_digest(",
        ["tests/adapters/people/oidc/test_provider.py::test_the_state_and_the_code_are_of_this_browser"],
    ),
    Mutation(
        "userinfo of the same person",
        "adapters/people/oidc/provider.py",
        'if told.get("sub") != claims.get("sub"):',
        "if False:",
        [
            "tests/adapters/people/oidc/test_userinfo.py::test_userinfo_about_someone_else_or_with_odd_groups_proves_nothing"
        ],
    ),
    Mutation(
        "the provider names no private host",
        "adapters/people/oidc/transport.py",
        "return await self._guarded.handle_async_request(request)",
        "return await self._open.handle_async_request(request)",
        [
            "tests/adapters/people/oidc/test_transport.py::test_a_description_that_names_a_private_place_is_not_followed"
        ],
    ),
    Mutation(
        "tries before answers",
        "usecases/people/provider_sign_in.py",
        "if wait := await self.limits.take_at(Way.OIDC, origin.address):",
        "if wait := 0.0:",
        ["tests/usecases/people/test_provider_sign_in.py::test_too_many_failed_tries_from_one_address_wait"],
    ),
    Mutation(
        "groups fail closed",
        "usecases/people/provider_sign_in.py",
        "if not person.grants:",
        "if False:",
        [
            "tests/usecases/people/test_provider_sign_in.py::test_who_left_every_group_loses_the_role_and_stays_out"
        ],
    ),
    Mutation(
        "a name is no identity",
        "adapters/store/people/proven_persons.py",
        "    if found is None:\n        raise NameTaken\n",
        "    if found is None:\n        found = await connection.scalar(\n"
        "            select(persons.c.id).where(persons.c.name == name)\n        )\n",
        ["tests/adapters/store/people/test_proven_persons.py::test_a_name_is_no_identity"],
    ),
    Mutation(
        "a token is checked again behind a wait",
        "service/api/routes/verifications/lookups.py",
        "        await context.door.check_again(request, request.state.entry)\n",
        "",
        ["tests/service/api/lookups/test_wait.py::test_a_token_that_changes_during_the_wait_is_refused"],
    ),
    Mutation(
        "one identity, one person",
        "adapters/store/people/persons.py",
        "                raise IdentityTaken\n",
        "                pass\n",
        ["tests/adapters/store/people/test_proven_persons.py::test_a_person_added_by_hand_is_linked_once"],
    ),
    Mutation(
        "rows of refused sign-ins are bounded",
        "usecases/people/bounded_failures.py",
        "if self._noted < MOST:",
        "if True:",
        ["tests/usecases/people/test_bounded_failures.py::test_rows_of_a_period_are_bounded"],
    ),
    Mutation(
        "no scope is dropped silently",
        "service/console/pages/people/tokens.py",
        "if not set(scopes) <= set(_scopes_of(session)):",
        "if False:",
        [
            "tests/service/console/app/test_hostile_values.py::test_token_with_a_scope_that_the_person_lacks_is_not_made"
        ],
    ),
    Mutation(
        "values that no column can hold",
        "service/console/app/errors.py",
        "    app.add_exception_handler(RefusedValue, _page_of(_INVALID))\n",
        "",
        ["tests/service/console/app/test_hostile_values.py::test_text_that_no_column_can_hold_is_invalid"],
    ),
    Mutation(
        "token first",
        "service/api/auth.py",
        "return guarded",
        "return handle",
        ["tests/service/api/access/test_door.py::test_nothing_of_a_strangers_body_is_read"],
    ),
)
