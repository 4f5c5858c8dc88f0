"""`python -m bench.measures.policies`: the time of a decision, and the speed of a backtest on rows in memory.

The payloads are the simulator's with all blocks: four comparisons, every quality and legality figure.
"""

import json
import random
import statistics
import time
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import msgspec

from adapters.policies.folder import SHIPPED, read_policy_file
from adapters.store.decisions.stored_decisions import Chunk as Rows
from domain.callback.payload import decode_payload
from domain.policy.backtest import Backtest
from domain.policy.decide import decide
from domain.policy.evidence import Evidence
from domain.policy.facts.facts import Facts, extract_facts
from domain.policy.file.policy import Policy, read_policy
from simulator.scenarios import payloads
from simulator.scenarios.identity import Identity
from simulator.scenarios.payloads import Builder, Subject

ROUNDS: Final = 7
DECISIONS: Final = 2_000
ROWS: Final = 20_000
CHUNK: Final = 1_000

_Row = namedtuple("_Row", "app_id biz_id outcome mode unconfirmed callback_facts result_facts")


def main() -> None:
    """Measure and print: the best and the median of the rounds."""
    policy = read_policy_file(SHIPPED / "default.toml")
    passed, other = _facts(payloads.passed), _facts(payloads.face_mismatch)
    pairs = {"result agrees": (passed, passed), "result disagrees": (passed, other)}
    for name, (callback, result) in pairs.items():
        # Equal, not identical, like two payloads of the vendor.
        copied = msgspec.json.decode(msgspec.json.encode(result), type=Facts)
        times = _times(partial(_decide, callback, copied, policy), DECISIONS)
        print(
            f"decide, {name}: best {min(times) * 1e6:.1f} µs, median {statistics.median(times) * 1e6:.1f} µs"
        )
    candidate = read_policy(policy.text.replace('approve_level = "1e-5"', 'approve_level = "1e-6"'))
    for name, differing in (("one in ten disagrees", 0.1), ("all disagree", 1.0)):
        rows = _rows(policy, passed, other, differing=differing)
        times = _times(partial(_backtest, rows, candidate), len(rows))
        print(f"backtest, {name}: best {1 / min(times):,.0f}/s, median {1 / statistics.median(times):,.0f}/s")


def _decide(callback: Facts, result: Facts, policy: Policy) -> None:
    for _ in range(DECISIONS):
        decide(Evidence(callback, result), policy=policy)


def _backtest(rows: list[Any], candidate: Policy) -> None:
    test = Backtest(candidate)
    for start in range(0, len(rows), CHUNK):
        test.add(Rows(rows[start : start + CHUNK]))
    test.compare()


def _rows(policy: Policy, passed: Facts, other: Facts, *, differing: float) -> list[Any]:
    """Rows as from the database, each with separate strings."""
    chance = random.Random(1)
    made = []
    for n in range(ROWS):
        result = other if chance.random() < differing else passed
        outcome = decide(Evidence(passed, result), policy=policy).outcome
        said, confirmed = (msgspec.json.encode(facts).decode() for facts in (passed, result))
        made.append(_Row("demo", f"1700000000,{n}", outcome.value, "required", None, said, confirmed))
    return made


def _facts(builder: Builder) -> Facts:
    subject = Subject(Identity("陈小明", "110101199003070011"), int(datetime.now(UTC).timestamp()))
    tree = {"status": "OK", "biz_info": {"biz_id": "1700000000,bench", "biz_no": "b"}, **builder(subject)}
    return extract_facts(decode_payload(json.dumps(tree).encode()))


def _times(action: Callable[[], None], count: int) -> list[float]:
    """Processor seconds per item in each round, which exclude other processes."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        action()
        times.append((time.process_time() - started) / count)
    return times


if __name__ == "__main__":
    main()
