"""What waits in Redis, as an operator sees it."""

from datetime import timedelta

import msgspec


class Backlog(msgspec.Struct, frozen=True):
    """What waits.

    `batches`: how many are not recorded yet; `unreadable` of them cannot be decrypted. `oldest`: how long
    ago the oldest of them was accepted, unchanged by claims and sweeps. `untouched`: how long the oldest
    batch has waited for a worker to claim it. `most_starts`: the most processing attempts of any claimed
    batch. `oldest_job`: how long the most overdue job is due; wake-ups, which are always due, do not count.
    """

    batches: int
    unreadable: int
    oldest: timedelta
    untouched: timedelta
    most_starts: int
    jobs: int
    oldest_job: timedelta
