"""The decisions of the shipped policy on the vendor's samples, word for word.

After a change that is meant: `python -m tests.domain.golden` writes the files again; read the diff.
"""

import json
from pathlib import Path
from urllib.parse import parse_qs

import msgspec

from domain.callback.payload import decode_payload
from domain.policy.decide import UNCONFIRMED
from domain.policy.facts.facts import Facts, extract_facts
from tests.support.payloads.callbacks import Json, explained, read_sample, stored_decision

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


def explanations_on(sample: str) -> Json:
    """The explanation without a result, with a result that says the same, with the result alone, and with
    the vendor's own result, if there is one. The policy's text is left out: it may gain a remark."""
    said = _facts(sample)
    both: dict[str, tuple[Facts | None, Facts | None]] = {
        "unconfirmed": (said, None),
        "confirmed": (said, said),
        "result_only": (None, said),
    }
    if sample in RESULTS:
        both["with_its_result"] = (said, _facts(RESULTS[sample]))
    tree: Json = {name: _explained(*pair) for name, pair in both.items()}
    return tree


def _explained(callback: Facts | None, result: Facts | None) -> Json:
    stored = stored_decision(callback, result, unconfirmed=None if result else UNCONFIRMED)
    tree: Json = json.loads(msgspec.json.encode(explained(stored)))
    tree["policy"] = {name: tree["policy"][name] for name in ("name", "version")}
    return tree


def written(tree: Json) -> str:
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def _facts(sample: str) -> Facts:
    data = read_sample(sample)
    if sample.endswith(".txt"):
        data = parse_qs(data.decode())["data"][0].encode()
    return extract_facts(decode_payload(data))
