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
        "signature over body",
        "domain/webhooks/signing.py",
        '    content = f"{event_id}.{timestamp}.".encode() + body\n',
        '    content = f"{event_id}.{timestamp}.".encode()\n',
        ["tests/domain/webhooks/test_signing.py::test_the_official_library_verifies_v1"],
    ),
)
