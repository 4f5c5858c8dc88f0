"""What the heartbeat of a worker says: its figures since its start."""

import msgspec


class WorkerStatus(msgspec.Struct, frozen=True):
    """A worker's figures since its start, by app. `jobs` are under way now; `last_error` is a type's name.

    `circuits`: the state of each app's circuit to the vendor, unless it is closed. `refusals`: the vendor's
    word for each app whose key, secret or address it refused last. `database_seconds`: since PostgreSQL
    answered it last. `policies`: in force, each with the first digits of its text's hash.
    """

    jobs: int = 0
    batches: int = 0
    decisions: dict[str, dict[str, int]] = {}
    pulls: dict[str, dict[str, int]] = {}
    last_error: str | None = None
    reasons: dict[str, dict[str, int]] = {}
    database_seconds: float = 0
    policies: dict[str, str] = {}
    circuits: dict[str, str] = {}
    refusals: dict[str, str] = {}
