"""What the gateway says, typed. `raw` has every member, also those that this version does not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Reason:
    """Why a verification has its outcome: a stable code, and the figures behind it."""

    code: str
    detail: str


@dataclass(frozen=True)
class Policy:
    """The policy that decided. `hash`: the SHA-256 of its text in hexadecimal, which events alone have."""

    name: str
    version: str
    hash: str | None = None


@dataclass(frozen=True)
class Order:
    """An ordered verification: send the user's browser to `url` before `expires_at`."""

    app_id: str
    biz_id: str
    biz_no: str
    token: str
    url: str
    expires_at: datetime
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Order:
        """From the gateway's JSON. Raises KeyError."""
        names = ("app_id", "biz_id", "biz_no", "token", "url")
        texts = {name: raw[name] for name in names}
        return cls(**texts, expires_at=_time(raw["expires_at"]), raw=raw)


@dataclass(frozen=True)
class Review:
    """The newest review case; `state`: `open`, `claimed`, `snoozed`, `proposed`, `closed`."""

    case_id: str
    state: str


@dataclass(frozen=True)
class Verification:
    """One run of one user.

    `state`: `created`, `received`, `decided`, `expired`. `outcome`: the policy's, `approved`, `rejected`,
    `review`, `incomplete`, None until it is decided. `effective_outcome`: the one to act on, a person's if a
    review was concluded, else the policy's. Only `approved` means that the user is proven. `decided_by`:
    whose the effective outcome is, `policy` or `person`.
    """

    app_id: str
    biz_id: str
    biz_no: str | None
    state: str
    outcome: str | None
    effective_outcome: str | None
    reasons: tuple[Reason, ...]
    policy: Policy | None
    decided_at: datetime | None
    decided_by: str | None
    review: Review | None
    erased_at: datetime | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def is_approved(self) -> bool:
        """Whether the user is proven: by the newest word of policy or person."""
        return self.effective_outcome == "approved"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will come by itself. A person may still conclude otherwise."""
        return self.state in ("decided", "expired")

    @property
    def awaits_person(self) -> bool:
        """Whether a person has to conclude; the event `verification.reviewed` tells when."""
        return self.effective_outcome == "review"

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Verification:
        """From the gateway's JSON. Raises KeyError."""
        return cls(
            app_id=raw["app_id"],
            biz_id=raw["biz_id"],
            biz_no=raw["biz_no"],
            state=raw["state"],
            outcome=raw["outcome"],
            effective_outcome=raw.get("effective_outcome", raw["outcome"]),
            reasons=tuple(Reason(each["code"], each["detail"]) for each in raw["reasons"]),
            policy=_policy(raw["policy"]),
            decided_at=_optional_time(raw["decided_at"]),
            decided_by=raw.get("decided_by"),
            review=_review(raw.get("review")),
            erased_at=_optional_time(raw.get("erased_at")),
            raw=raw,
        )


@dataclass(frozen=True)
class Event:
    """Something that happened. `seq` orders the log; `n` counts the events of one verification from 1.

    `type`: there may be types that this version does not know. `outcome`: the policy's. `effective_outcome`:
    the one to act on. `detail`: what belongs to the type, such as the `case_id` of `verification.reviewed`.
    """

    seq: int
    id: str
    type: str
    at: datetime
    app_id: str | None
    biz_id: str | None
    biz_no: str | None
    n: int | None
    outcome: str | None
    effective_outcome: str | None
    reasons: tuple[str, ...]
    basis: str | None
    policy: Policy | None
    detail: Mapping[str, Any] = field(compare=False)
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Event:
        """From the JSON of the log, of a thin or full webhook, or of a CloudEvent. Raises KeyError."""
        shown = raw["data"] if "specversion" in raw else raw
        names = ("app_id", "biz_id", "biz_no", "n", "outcome", "effective_outcome")
        return cls(
            seq=shown["seq"],
            id=shown["id"],
            type=shown["type"],
            at=_time(shown["at"]),
            **{name: shown[name] for name in names},
            reasons=tuple(shown["reasons"]),
            basis=shown["basis"],
            policy=_policy(shown["policy"]),
            detail=shown.get("detail", {}),
            raw=raw,
        )


def _policy(raw: Mapping[str, Any] | None) -> Policy | None:
    return None if raw is None else Policy(raw["name"], raw["version"], raw.get("hash"))


def _review(raw: Mapping[str, Any] | None) -> Review | None:
    return None if raw is None else Review(raw["case_id"], raw["state"])


def _time(text: str) -> datetime:
    # Python 3.10 does not read the Z.
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _optional_time(text: str | None) -> datetime | None:
    return None if text is None else _time(text)
