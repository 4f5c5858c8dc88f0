"""What the shipped policy makes of the vendor's samples, word for word.

After a change that is meant: `python -m tests.domain.golden` writes the files again; read the diff.
"""

import json
from pathlib import Path
from urllib.parse import parse_qs

import msgspec

from domain.facts import Facts, extract_facts
from domain.payload import decode_payload
from domain.policy import decide
from tests.domain.builders import Json, default_policy, read_sample

FOLDER = Path(__file__).parent
RESULTS = {"callback_with_attack.json": "result_with_attack.json"}
"""The samples of a callback for which there is one of its result."""
CALLBACKS = (
    "callback_with_attack.json",
    "older_callback_body.txt",
    "older_callback_failed.json",
    "older_callback_passed.json",
    "own_picture_compared.json",
    "plus_callback_empty_blocks.json",
)


def file_of(sample: str) -> Path:
    return FOLDER / f"{Path(sample).stem}.json"


def decisions_on(sample: str) -> Json:
    """The decision without a result, with a result that says the same, and with the vendor's own, if any."""
    callback, policy = _facts(sample), default_policy()
    results = {"unconfirmed": None, "confirmed": callback}
    if sample in RESULTS:
        results["with_its_result"] = _facts(RESULTS[sample])
    decided = {name: decide(callback, result, policy=policy) for name, result in results.items()}
    tree: Json = json.loads(msgspec.json.encode({"facts": callback, **decided}))
    return tree


def written(tree: Json) -> str:
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def _facts(sample: str) -> Facts:
    data = read_sample(sample)
    if sample.endswith(".txt"):
        data = parse_qs(data.decode())["data"][0].encode()
    return extract_facts(decode_payload(data))
