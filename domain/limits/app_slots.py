"""Slots for verifications under way: the same number for each app, so that a slow vendor fills only its
app's slots.

An app without a free slot is hungry: once half its slots are free, its due verifications are claimed. An
app that frees no slot for a while is slow: recording does not wait for it until half its slots are free.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

_MOST_AT_ONCE: Final = 100
"""The maximum size of one claim, small enough to be finished within the lease."""


class AppSlots:
    """The slots of one process, `at_once` of each app in `apps`."""

    def __init__(self, apps: Collection[str], *, at_once: int) -> None:
        self._apps = apps
        self._at_once = at_once
        self._under_way: Counter[str] = Counter()
        self._hungry: set[str] = set()
        self._queued: set[str] = set()
        self._slow: set[str] = set()

    def free(self) -> dict[str, int]:
        """The free slots of each app."""
        return {app_id: max(0, self._at_once - self._under_way[app_id]) for app_id in self._apps}

    def claimable(self) -> dict[str, int]:
        """How many verifications of each app to claim now. Apps without a free slot are left out, and hungry
        from now on.
        """
        free = self.free()
        self._hungry |= {app_id for app_id, slots in free.items() if not slots}
        return bounded(free)

    def claimed(self, room: Collection[str], full: frozenset[str]) -> None:
        """A claim for the apps in `room` has ended. Those in `full` may have more due than had room."""
        self._hungry |= full
        self._queued = self._queued - set(room) | full

    def left_out(self, app_id: str) -> None:
        """A verification of this app found no slot and is due in the store."""
        self._queued.add(app_id)
        self._hungry.add(app_id)

    def take(self, app_id: str) -> None:
        """A verification of this app is under way."""
        self._under_way[app_id] += 1

    def give_back(self, app_id: str) -> None:
        """A verification of this app has ended."""
        self._under_way[app_id] -= 1

    def feed(self, app_id: str) -> bool:
        """Whether to claim this app's due verifications, because it is hungry and half its slots are
        free.
        """
        if self._under_way[app_id] > self._at_once // 2:
            return False
        self._slow.discard(app_id)
        is_hungry = app_id in self._hungry
        self._hungry.discard(app_id)
        return is_hungry

    def behind(self) -> set[str]:
        """The apps with more than half their slots taken, or with a queue in the store, except slow ones."""
        most = self._at_once // 2
        crowded = {app_id for app_id, count in self._under_way.items() if count > most}
        return (crowded | self._queued) - self._slow

    def give_up_on(self, app_ids: Collection[str]) -> None:
        """These apps are slow."""
        self._slow.update(app_ids)


def bounded(free: Mapping[str, int]) -> dict[str, int]:
    """The number of each app that one claim may take, without apps that have no free slot."""
    return {app_id: min(slots, _MOST_AT_ONCE) for app_id, slots in free.items() if slots}
