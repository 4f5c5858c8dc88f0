"""Guards of events and webhooks."""

from typing import Final

from tests.mutations.mutation import Mutation

OF_THE_EVENTS: Final = (
    Mutation(
        "address check at connect",
        "adapters/webhooks/connector.py",
        "        socket_factory=guard(allowed, own=own_addresses()),\n",
        "",
        [
            "tests/adapters/webhooks/test_guard.py::test_a_name_with_a_private_address_is_not_connected_to",
            "tests/adapters/webhooks/test_guard.py::test_dns_that_changes_between_two_looks_changes_nothing",
        ],
    ),
    Mutation(
        "order guard of deliveries",
        "adapters/store/webhooks/claims.py",
        "        AND earlier.due_at IS NOT NULL AND earlier.seq < d.seq)\n",
        "        AND earlier.due_at IS NOT NULL AND earlier.seq < d.seq AND false)\n",
        [
            "tests/usecases/webhooks/test_order.py::test_a_later_event_is_not_claimed_while_an_earlier_one_is_under_way",
            "tests/usecases/webhooks/test_order.py::test_the_events_of_a_verification_are_delivered_by_their_numbers",
        ],
    ),
    Mutation(
        "lease fence of deliveries",
        "adapters/store/webhooks/results.py",
        "JOIN incoming i ON i.id = d.id AND i.fence = d.fence\n",
        "JOIN incoming i ON i.id = d.id\n",
        ["tests/usecases/webhooks/test_leases.py::test_a_sender_whose_lease_was_taken_writes_nothing_late"],
    ),
    Mutation(
        "signature over body",
        "domain/webhooks/signing.py",
        '    content = f"{event_id}.{timestamp}.".encode() + body\n',
        '    content = f"{event_id}.{timestamp}.".encode()\n',
        ["tests/domain/webhooks/test_signing.py::test_the_official_library_verifies_v1"],
    ),
)
