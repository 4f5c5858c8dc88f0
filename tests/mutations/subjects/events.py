"""Guards of events and webhooks."""

from typing import Final

from tests.mutations.mutation import Mutation

OF_THE_EVENTS: Final = (
    Mutation(
        "outbox in the transaction",
        "adapters/store/decisions/saving.py",
        "  SELECT app_id, id, n, event, decided_at, body FROM turn CROSS JOIN ready\n",
        "  SELECT app_id, id, n, event, decided_at, body FROM turn CROSS JOIN ready LIMIT 0\n",
        ["tests/adapters/store/events/test_writing.py::test_a_group_of_decisions_has_an_event_each"],
    ),
    Mutation(
        "the person's outcome in events",
        "adapters/store/events/log.py",
        'effective="COALESCE(v.effective_outcome, d.outcome)",',
        'effective="d.outcome",',
        [
            "tests/adapters/store/reviews/test_effective.py::test_events_after_a_conclusion_have_the_persons_outcome"
        ],
    ),
    Mutation(
        "reasons are listed as verifications are",
        "adapters/store/reviews/effective.py",
        "UPDATE decision_reasons r SET listed_as = e.listed_as\n",
        "UPDATE decision_reasons r SET listed_as = r.listed_as\n",
        ["tests/adapters/store/reviews/test_effective.py::test_the_newest_conclusion_counts"],
    ),
    Mutation(
        "a case for every doubt",
        "adapters/store/decisions/saving.py",
        "  FROM closed WHERE outcome = 'review'\n",
        "  FROM closed WHERE outcome = 'review' LIMIT 1\n",
        [
            "tests/adapters/store/decisions/test_saving.py::test_a_group_of_every_outcome_is_saved_in_one_statement"
        ],
    ),
    Mutation(
        "types of newer versions",
        "adapters/store/events/reader.py",
        "        type=row.type,\n",
        "        type=EventType(row.type),\n",
        ["tests/adapters/store/events/test_newer_types.py::test_they_are_shown_as_plain_text"],
    ),
    Mutation(
        "commit order of seq",
        "adapters/store/events/log.py",
        "SELECT pg_advisory_xact_lock({_LOCK}),",
        "SELECT pg_advisory_xact_lock_shared({_LOCK}),",
        [
            "tests/adapters/store/events/test_log.py::test_a_number_is_visible_only_when_all_smaller_ones_are",
        ],
    ),
    Mutation(
        "address check at connect",
        "adapters/outbound/webhooks/connector.py",
        "        socket_factory=guard(allowed, own=own_addresses()),\n",
        "",
        [
            "tests/adapters/outbound/webhooks/test_guard.py::test_a_name_with_a_private_address_is_not_connected_to",
            "tests/adapters/outbound/webhooks/test_guard.py::test_dns_that_changes_between_two_looks_changes_nothing",
        ],
    ),
    Mutation(
        "order guard of deliveries",
        "adapters/store/webhooks/claims.py",
        "AND earliest.due_at IS NOT NULL ORDER BY earliest.seq LIMIT 1), d.seq)\n",
        "AND earliest.due_at IS NOT NULL AND false ORDER BY earliest.seq LIMIT 1), d.seq)\n",
        [
            "tests/usecases/events/webhooks/test_order.py::test_a_later_event_is_not_claimed_while_an_earlier_one_is_under_way",
            "tests/usecases/events/webhooks/test_order.py::test_a_blocked_event_keeps_its_due_time_and_goes_at_once_behind_the_earlier_one",
        ],
    ),
    Mutation(
        "lease fence of deliveries",
        "adapters/store/webhooks/results.py",
        "JOIN incoming i ON i.id = d.id AND i.fence = d.fence\n",
        "JOIN incoming i ON i.id = d.id\n",
        [
            "tests/usecases/events/webhooks/test_leases.py::test_a_sender_whose_lease_was_taken_writes_nothing_late"
        ],
    ),
    Mutation(
        "endpoints of removed apps wait",
        "adapters/store/webhooks/claims.py",
        "WHERE e.state = 'enabled' AND e.app_id = ANY($4)\n",
        "WHERE e.state = 'enabled' AND $4::text[] IS NOT NULL\n",
        [
            "tests/usecases/events/webhooks/test_paused.py::test_what_was_due_and_what_came_meanwhile_waits_for_the_app"
        ],
    ),
    Mutation(
        "deliveries give way to decisions",
        "workers/delivering.py",
        "BESIDE if self._decisions_wait() else self._at_once)",
        "self._at_once)",
        [
            "tests/usecases/events/webhooks/test_giving_way.py::test_few_are_claimed_while_decisions_wait_and_the_rest_behind_them"
        ],
    ),
    Mutation(
        "deleted events hold no place",
        "adapters/store/webhooks/claims.py",
        "LEFT JOIN events event ON event.seq = claimed.seq AND",
        "JOIN events event ON event.seq = claimed.seq AND",
        [
            "tests/usecases/events/webhooks/test_upkeep.py::test_a_delivery_whose_event_is_deleted_ends_and_takes_no_place"
        ],
    ),
    Mutation(
        "unseen events kept",
        "adapters/store/event_upkeep.py",
        "    AND seq <= COALESCE((SELECT min(cursor) FROM endpoints WHERE state = 'enabled'), seq)\n",
        "",
        ["tests/usecases/events/webhooks/test_upkeep.py::test_an_event_is_kept_until_a_sender_has_seen_it"],
    ),
    Mutation(
        "events found without hints",
        "workers/delivering.py",
        "            self._news.set()\n            self._look_at = self._looked_at + self._look_every\n",
        "            self._look_at = self._looked_at + self._look_every\n",
        [
            "tests/usecases/events/webhooks/test_upkeep.py::test_without_hints_new_events_are_found_beside_deliveries_that_end_all_the_time"
        ],
    ),
    Mutation(
        "signature over body",
        "domain/events/webhooks/signing.py",
        '    content = f"{event_id}.{timestamp}.".encode() + body\n',
        '    content = f"{event_id}.{timestamp}.".encode()\n',
        ["tests/domain/events/webhooks/test_signing.py::test_the_official_library_verifies_v1"],
    ),
    Mutation(
        "lease fence of alerts",
        "adapters/store/events/alert_cursors.py",
        "\nWHERE name = :name AND fence = :fence\n",
        "\nWHERE name = :name\n",
        ["tests/adapters/store/events/test_alert_cursors.py::test_a_worker_whose_lease_ended_moves_nothing"],
    ),
    Mutation(
        "alerts at least once",
        "usecases/events/report_alerts.py",
        "        return msgspec.structs.replace(cursor, failures=cursor.failures + 1)\n",
        "        return msgspec.structs.replace(cursor, failures=1, seq=page.next)\n",
        [
            "tests/usecases/events/test_report_alerts.py::test_a_failed_message_is_sent_again_with_what_came_since"
        ],
    ),
    Mutation(
        "own endpoints alone",
        "adapters/store/webhooks/endpoints.py",
        "    return select(endpoints).where(column.id == endpoint_id, _of_apps(app_ids))\n",
        "    return select(endpoints).where(column.id == endpoint_id)\n",
        ["tests/usecases/ports/test_endpoints.py::test_another_apps_endpoint_is_not_there[real]"],
    ),
    Mutation(
        "changes one by one",
        "adapters/store/webhooks/endpoints.py",
        "_one(endpoint_id, app_ids).with_for_update())).first()\n            if row is None:",
        "_one(endpoint_id, app_ids))).first()\n            if row is None:",
        ["tests/usecases/ports/test_endpoints.py::test_changes_at_once_are_all_kept[real]"],
    ),
    Mutation(
        "limit of endpoints",
        "adapters/store/webhooks/endpoints.py",
        "await connection.execute(select(func.pg_advisory_xact_lock(_lock_of(endpoint.app_id))))\n",
        "pass\n",
        [
            "tests/usecases/ports/test_endpoints.py::test_of_many_that_are_added_at_once_only_as_many_as_allowed_are_stored[real]"
        ],
    ),
    Mutation(
        "reserved headers",
        "domain/events/webhooks/checks.py",
        "        if name in _RESERVED or name.startswith(_RESERVED_FAMILIES):\n",
        "        if name in _RESERVED:\n",
        ["tests/domain/events/webhooks/test_checks.py::test_a_header_that_would_replace_ours_is_refused"],
    ),
    Mutation(
        "redeliveries end",
        "usecases/events/webhooks/redeliver.py",
        "            raise TooManyDeliveries(now)\n",
        "            pass\n",
        [
            "tests/usecases/events/webhooks/test_restart.py::test_a_redelivery_that_would_never_end_is_refused_before_it_begins"
        ],
    ),
)
