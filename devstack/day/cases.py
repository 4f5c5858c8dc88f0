"""What reviewers do on a day: every state that a case can be in, and an appeal."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx2

from devstack.waiting import until

APPROVAL: Final = {
    "outcome": "approved",
    "reasons": ["person.matches"],
    "note": "Compared with the picture of the order: the same person.",
}
REJECTION: Final = {
    "outcome": "rejected",
    "reasons": ["person.differs"],
    "note": "The callback and the result show different persons.",
}
APPEAL: Final = "The user says that the light was bad, and asks for another look."
RETURNED: Final = "Please look at the result again: its score is below the threshold."
STEPS: Final = ("claim", "propose", "approve", "reject", "snooze", "return")
"""What happens to the first cases, one each; the others stay open."""


class Reviews:
    """Works on cases through the api with personal tokens of `li.na`, `wang.wei` and `zhao.min`."""

    def __init__(self, client: httpx2.AsyncClient, api_url: str, tokens: Mapping[str, str]) -> None:
        self._client = client
        self._url = f"{api_url}/v1"
        self._tokens = tokens

    async def work(self, *, expected: int) -> UUID | None:
        """Work on the open cases once there are `expected` of them; one that stays open, if there is one.

        Raises:
            TimeoutError: there are fewer.
            httpx2.HTTPError: the api does not answer, or refuses.
        """
        await until(lambda: self._are_open(expected), patience=60, every=0.2)
        # Some stay open for the reader.
        open_cases = await self._open_cases()
        for step, case in zip(STEPS, open_cases[2:], strict=False):
            await getattr(self, f"_{step}")(case["id"])
        await self._appeal()
        return UUID(open_cases[0]["id"]) if open_cases else None

    async def _are_open(self, expected: int) -> bool:
        return len(await self._open_cases()) >= expected

    async def _open_cases(self) -> list[dict[str, Any]]:
        listed = await self._get("li.na", "/reviews", state="open", limit=200)
        return [case for case in listed["items"] if case["proposal"] is None]

    async def _claim(self, case_id: str, name: str = "li.na") -> None:
        await self._post(name, f"/reviews/{case_id}/claim")

    async def _propose(self, case_id: str, name: str = "li.na", what: Mapping[str, Any] = APPROVAL) -> None:
        await self._claim(case_id, name)
        shown = (await self._get(name, f"/reviews/{case_id}"))["evidence_hash"]
        await self._post(name, f"/reviews/{case_id}/propose", **what, evidence_hash=shown)

    async def _approve(self, case_id: str) -> None:
        await self._propose(case_id)
        await self._claim(case_id, "zhao.min")
        shown = (await self._get("zhao.min", f"/reviews/{case_id}"))["evidence_hash"]
        await self._post("zhao.min", f"/reviews/{case_id}/approve", evidence_hash=shown)

    async def _reject(self, case_id: str) -> None:
        await self._propose(case_id, "wang.wei", REJECTION)

    async def _snooze(self, case_id: str) -> None:
        await self._claim(case_id, "wang.wei")
        tomorrow = datetime.now(UTC) + timedelta(hours=18)
        await self._post("wang.wei", f"/reviews/{case_id}/snooze", until=tomorrow.isoformat())

    async def _return(self, case_id: str) -> None:
        await self._propose(case_id)
        await self._claim(case_id, "zhao.min")
        await self._post("zhao.min", f"/reviews/{case_id}/return", note=RETURNED)

    async def _appeal(self) -> None:
        rejected = await self._get("li.na", "/verifications", outcome="rejected", limit=1)
        for one in rejected["items"]:
            await self._post("li.na", f"/verifications/{one['biz_id']}/appeals", reason=APPEAL)

    async def _get(self, name: str, path: str, **query: Any) -> dict[str, Any]:
        answer = await self._client.get(f"{self._url}{path}", params=query, headers=self._headers(name))
        return dict(answer.raise_for_status().json())

    async def _post(self, name: str, path: str, **body: Any) -> None:
        answer = await self._client.post(f"{self._url}{path}", json=body, headers=self._headers(name))
        answer.raise_for_status()

    def _headers(self, name: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self._tokens[name]}"}
