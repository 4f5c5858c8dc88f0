"""Calls of a slow or unreliable key store."""

import asyncio
import contextlib

import pytest
from structlog.testing import capture_logs

from adapters.keys import patient
from adapters.keys.away import KeysAway
from adapters.keys.patient import PatientCalls


async def test_slow_store_counts_as_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient, "_PATIENCE", 0.01)
    never = asyncio.Event()

    with capture_logs() as logs, pytest.raises(KeysAway, match="too slow"):
        await PatientCalls().call(never.wait)

    assert [line["event"] for line in logs] == ["keys.away"]


async def test_one_failure_in_ten_is_not_felt() -> None:
    calls, answered = PatientCalls(), 0

    async def flaky() -> int:
        nonlocal answered
        answered += 1
        if answered % 10 == 0:
            raise KeysAway("failed")
        return answered

    with capture_logs() as logs:
        for _ in range(100):
            await calls.call(flaky)

    assert logs == []


async def test_calls_without_an_answer_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient, "_REST", 0.0)
    calls, answers = PatientCalls(), iter([False, True, False, False, False, True])

    async def scripted() -> None:
        if not next(answers):
            raise KeysAway("failed")

    seen = []
    for _ in range(3):
        with contextlib.suppress(KeysAway):
            await calls.call(scripted)
        seen.append((calls.is_up, calls.failures))

    assert seen == [(True, 1), (False, 4), (True, 4)]
