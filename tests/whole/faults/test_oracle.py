"""The oracle finds every way to break the promise."""

from typing import Any

import msgspec
import pytest

from tests.whole.faults.rig.oracle import Evidence, judge
from tests.whole.faults.rig.strace import Call, parse_call
from tests.whole.faults.test_order_oracle import acknowledged_too_early

KEPT = Evidence(
    acknowledged={"a", "b"},
    issued={"a", "b", "c"},
    dead={"b"},
    decisions={"a": 1},
    ledger={"a": 1},
    calls={"a": 1},
    together={"a": 1},
)


def test_a_kept_promise_is_found_kept() -> None:
    verdict = judge(KEPT)
    assert (verdict.broken_promises(), verdict.waste()) == ({}, {})
    assert (verdict.acknowledged, verdict.decided, verdict.dead, verdict.most_calls) == (2, 1, 1, 1)


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"acknowledged": {"a", "b", "c"}}, "lost"),
        ({"decisions": {"a": 2}}, "decided_twice"),
        ({"calls": {"a": 4}, "ledger": {"a": 4}}, "over_budget"),
        ({"calls": {"a": 1, "z": 1}, "ledger": {"a": 1, "z": 1}}, "unknown_ids"),
        ({"calls": {"a": 2}}, "ledger_gaps"),
        ({"together": {"a": 2}}, "overlapping"),
    ],
)
def test_a_broken_promise_is_named(change: dict[str, Any], broken: str) -> None:
    verdict = judge(msgspec.structs.replace(KEPT, **change))
    assert verdict.broken_promises().keys() == {broken}


@pytest.mark.parametrize(
    ("change", "wasted"),
    [({"calls": {"a": 2}, "ledger": {"a": 2}}, "called_twice"), ({"calls": {}}, "ledger_excess")],
)
def test_a_wasted_call_is_named(change: dict[str, Any], wasted: str) -> None:
    verdict = judge(msgspec.structs.replace(KEPT, **change))
    assert (verdict.broken_promises(), verdict.waste()) == ({}, {wasted: 1})


SOCKET = "TCP:[127.0.0.1:80->127.0.0.1:5]"
ASKED = Call("read", SOCKET, '"POST /callbacks/demo/notify HTTP/1.1', 1, 1.0, 1.1)
WRITTEN = Call("write", "/aof", '"inbox:b1', 1, 2.0, 2.1)
SYNCED = Call("fdatasync", "/aof", "", 0, 3.0, 3.1)
ANSWERED = Call("write", SOCKET, '"HTTP/1.1 200 OK', 1, 4.0, 4.1)


def early(*keeper: Call) -> int:
    return len(acknowledged_too_early([ASKED, ANSWERED], keeper, mark="inbox:"))


def test_an_answer_after_a_synced_write_is_accepted() -> None:
    assert early(WRITTEN, SYNCED) == 0


@pytest.mark.parametrize(
    "keeper",
    [
        (),
        (WRITTEN,),
        (SYNCED, msgspec.structs.replace(WRITTEN, start=3.5, end=3.6)),
        (WRITTEN, msgspec.structs.replace(SYNCED, end=4.05)),
        (WRITTEN, msgspec.structs.replace(SYNCED, result=-1)),
        (WRITTEN, msgspec.structs.replace(SYNCED, file="/another")),
        (msgspec.structs.replace(WRITTEN, start=0.5, end=0.6), SYNCED),
        (msgspec.structs.replace(WRITTEN, text='"arq:job'), SYNCED),
    ],
    ids=["no write", "no sync", "sync first", "sync late", "sync failed", "other file", "old write", "other"],
)
def test_an_answer_before_its_synced_write_is_caught(keeper: tuple[Call, ...]) -> None:
    assert early(*keeper) == 1


def test_straces_lines_are_read() -> None:
    line = "1795647074.726935 fdatasync(9</d/appendonly.aof.1.incr.aof>) = 0 <0.002182>"
    found = parse_call(line)
    assert found is not None
    assert (found.name, found.file, found.result) == ("fdatasync", "/d/appendonly.aof.1.incr.aof", 0)
    assert found.end - found.start == pytest.approx(0.002182, abs=1e-4)
    line = f'1795647074.738376 write(14<{SOCKET}>, "HTTP/1.1 200 OK\\r\\n", 17) = 17 <0.000038>'
    found = parse_call(line)
    assert found is not None
    assert (found.file, found.text[:13]) == (SOCKET, '"HTTP/1.1 200')
    assert parse_call("1795647074.7 +++ exited with 0 +++") is None
    failed = parse_call("1.5 fdatasync(9</f>) = -1 EIO (Input/output error) (INJECTED) <0.000001>")
    assert failed is not None
    assert failed.result == -1
