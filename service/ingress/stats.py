"""One ingress's accepted and refused callbacks since its start."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self


@dataclass
class IngressStats:
    """Counts by app, and by problem code. An unknown app is counted with the empty id."""

    @classmethod
    def of(cls, app_ids: Iterable[str]) -> Self:
        """Zeros for these apps, so that the first increment of each counter is visible."""
        known = list(app_ids)
        refused = {app_id: Counter({"bad_signature": 0, "not_durable": 0}) for app_id in known}
        return cls(Counter(dict.fromkeys(known, 0)), refused | {"": Counter({"bad_signature": 0})})

    accepted: Counter[str] = field(default_factory=Counter)
    refused: dict[str, Counter[str]] = field(default_factory=dict)

    def count_accepted(self, app_id: str) -> None:
        """One more callback is durable."""
        self.accepted[app_id] += 1

    def count_refused(self, app_id: str, code: str) -> None:
        """One more was refused."""
        self.refused.setdefault(app_id, Counter())[code] += 1

    def status(self) -> dict[str, object]:
        """The counts for the heartbeat."""
        refused = {app_id: dict(codes) for app_id, codes in self.refused.items()}
        return {"accepted": dict(self.accepted), "refused": refused}
