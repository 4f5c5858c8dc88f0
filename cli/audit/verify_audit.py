"""Verify an export of faceid-gateway's audit against anchors that were kept outside the gateway.

    python verify_audit.py EXPORT [ANCHORS ...]
    python verify_audit.py --proof PROOF ANCHORS [ANCHORS ...]

PROOF shows one row, without the others: it comes from `faceid-gateway audit prove`.
This file needs Python 3.11 alone: no other file and no network. EXPORT comes from `faceid-gateway audit
export`. ANCHORS are files with a JSON object on each line that has `height` and `hash`: those that the
gateway appends to FACEID_AUDIT_ANCHOR_FILE, or events `audit.checkpoint` as a receiver has stored them.
Without anchors, the check shows only that the export agrees with itself.

Exit code: 0 everything agrees, 1 something was changed, 2 wrong usage.
"""

import base64
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

MOST_PROBLEMS = 20
"""More are counted and not printed."""


def canonical(members: dict[str, Any]) -> bytes:
    """Members sorted by name, no blanks, ASCII with escapes."""
    return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def leaf_of(salt: str, row: dict[str, Any]) -> bytes:
    """SHA-256 of 0x00, the 16 bytes of the salt and the canonical row."""
    return hashlib.sha256(b"\0" + bytes.fromhex(salt) + canonical(row)).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """The Merkle tree of RFC 6962: a pair is SHA-256 of 0x01, left and right; an odd one goes up."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def hash_of(block: dict[str, Any]) -> str:
    """SHA-256 of 0x02 and the block's canonical members without its hash, in hexadecimal."""
    members = {name: block[name] for name in ("closed_at", "count", "height", "previous", "root")}
    return hashlib.sha256(b"\2" + canonical(members)).hexdigest()


class Verifier:
    """Reads an export line by line; `problems` has what is wrong."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.hashes: dict[int, str] = {}
        self.rows = self.purged = self.open = self.timestamps = 0
        self.purged_to = ""
        self._lines = 0
        self._block: dict[str, Any] | None = None
        self._leaves: list[bytes] = []
        self._ids: set[int] = set()

    def read_line(self, item: dict[str, Any]) -> None:
        """Read one line of an export."""
        self._lines += 1
        readers: dict[str, Callable[[dict[str, Any]], None]] = {
            "block": self._read_block,
            "row": self._read_row,
            "purged": self._read_purged,
            "open": self._read_open,
            "timestamp": self._read_timestamp,
        }
        try:
            readers[item["kind"]](item)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.problems.append(f"line {self._lines} of the export cannot be read: {type(error).__name__}")

    def end(self, anchors: Iterable[tuple[int, str]]) -> int:
        """Compare blocks with anchors, after the last line; returns the greatest anchored height."""
        self._end_block()
        newest = 0
        for height, expected in sorted(set(anchors)):
            newest = max(newest, height)
            if height not in self.hashes:
                self.problems.append(f"block {height} is anchored and is not in the export")
            elif self.hashes[height] != expected:
                self.problems.append(f"block {height} has another hash than its anchor")
        return newest

    def _read_block(self, block: dict[str, Any]) -> None:
        self._end_block()
        height, expected = block["height"], len(self.hashes) + 1
        if height != expected:
            self.problems.append(f"block {height} is where block {expected} should be")
        before = self.hashes.get(height - 1, "00" * 32)
        if block["previous"] != before:
            self.problems.append(f"block {height} does not continue the block before")
        if hash_of(block) != block["hash"]:
            self.problems.append(f"block {height} has a hash of something else")
        self.hashes[height] = block["hash"]
        self._block = block

    def _read_row(self, item: dict[str, Any]) -> None:
        self._take(item, item["row"]["id"])
        self.rows += 1
        if leaf_of(item["salt"], item["row"]).hex() != item["leaf"]:
            self.problems.append(f"row {item['row']['id']} was changed")

    def _read_purged(self, item: dict[str, Any]) -> None:
        self._take(item, item["id"])
        self.purged += 1
        self.purged_to = (self._block or {}).get("closed_at", "")

    def _take(self, item: dict[str, Any], row_id: int) -> None:
        block = self._block or {"height": None}
        if (item["height"], item["position"]) != (block["height"], len(self._leaves)):
            self.problems.append(f"row {row_id} is not in its place in block {item['height']}")
        self._note(row_id)
        self._leaves.append(bytes.fromhex(item["leaf"]))

    def _read_open(self, item: dict[str, Any]) -> None:
        self._end_block()
        self._note(item["row"]["id"])
        self.open += 1

    def _read_timestamp(self, item: dict[str, Any]) -> None:
        self._end_block()
        digest = bytes.fromhex(self.hashes.get(item["height"], ""))
        imprint = hashlib.sha256(digest).digest()
        if not digest or imprint not in base64.b64decode(item["token"]):
            self.problems.append(f"the time stamp of block {item['height']} is about something else")
        self.timestamps += 1

    def _note(self, row_id: int) -> None:
        if row_id in self._ids:
            self.problems.append(f"row {row_id} is there twice")
        self._ids.add(row_id)

    def _end_block(self) -> None:
        block, leaves = self._block, self._leaves
        self._block, self._leaves = None, []
        if block is None:
            if leaves:
                self.problems.append(f"{len(leaves)} rows are in no block")
            return
        if not leaves or len(leaves) != block["count"]:
            self.problems.append(f"block {block['height']} has {len(leaves)} rows, not {block['count']}")
        elif root_of(leaves).hex() != block["root"]:
            self.problems.append(f"block {block['height']} has the root of other rows")


def anchors_in(lines: Iterable[str | bytes]) -> Iterator[tuple[int, str]]:
    """The anchors in lines of JSON: objects with `height` and `hash`, or events with them in `detail`."""
    for line in lines:
        if not line.strip():
            continue
        item = json.loads(line)
        for part in (item, item.get("detail"), (item.get("data") or {}).get("detail")):
            if isinstance(part, dict) and "height" in part and "hash" in part:
                yield int(part["height"]), str(part["hash"])


def root_over(leaf: bytes, position: int, count: int, path: list[bytes]) -> bytes:
    """The root of a tree of `count` leaves, with one at `position`. `path`: the hashes beside its way up."""
    if count == 1 and not path:
        return leaf
    half = 1
    while half * 2 < count:
        half *= 2
    *lower, beside = path
    if position < half:
        return hashlib.sha256(b"\1" + root_over(leaf, position, half, lower) + beside).digest()
    return hashlib.sha256(b"\1" + beside + root_over(leaf, position - half, count - half, lower)).digest()


def check_proof(proof: dict[str, Any], anchors: Iterable[tuple[int, str]]) -> Iterator[str]:
    """What is wrong with a proof of one row; nothing if an anchor covers it."""
    blocks, row = proof["blocks"], proof["row"]
    leaf, path = leaf_of(proof["salt"], row), [bytes.fromhex(each) for each in proof["path"]]
    if not 0 <= proof["position"] < blocks[0]["count"]:
        yield "the row has no place in its block"
    elif root_over(leaf, proof["position"], blocks[0]["count"], path).hex() != blocks[0]["root"]:
        yield f"row {row['id']} is not in block {blocks[0]['height']}"
    for before, block in zip([None, *blocks], blocks, strict=False):
        if hash_of(block) != block["hash"]:
            yield f"block {block['height']} has a hash of something else"
        if before and (block["previous"], block["height"]) != (before["hash"], before["height"] + 1):
            yield f"block {block['height']} does not continue the block before"
    hashes, known = {block["height"]: block["hash"] for block in blocks}, dict(anchors)
    if not any(height in known for height in hashes):
        yield f"no anchor is of block {min(hashes)} to {max(hashes)}: prove --until another one"
    for height in hashes.keys() & known.keys():
        if hashes[height] != known[height]:
            yield f"block {height} has another hash than its anchor"


def report_proof(proof: dict[str, Any], anchors: Iterable[tuple[int, str]]) -> tuple[bool, list[str]]:
    """Whether the proof holds, and the result as lines, with the row."""
    try:
        problems = list(check_proof(proof, anchors))
        row = json.dumps(proof["row"], ensure_ascii=False, sort_keys=True)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        return False, [f"this is no proof: {type(error).__name__}"]
    return not problems, [row, *problems, "FAILED: the proof does not hold" if problems else "OK"]


def report(verifier: Verifier, anchored: int) -> Iterator[str]:
    """The result as lines."""
    newest = max(verifier.hashes, default=0)
    yield f"{verifier.rows} rows and {verifier.purged} purged rows in {len(verifier.hashes)} blocks"
    if anchored:
        yield f"anchored up to block {anchored} of {newest}"
    else:
        yield "no anchors were given: anyone who can write to the database could have written all of this"
    if verifier.purged:
        yield f"rows were purged up to {verifier.purged_to}: compare that with how long rows are kept"
    if verifier.open:
        yield f"{verifier.open} rows are in no block yet; nothing protects them"
    if verifier.timestamps:
        yield f"{verifier.timestamps} time stamps are about their blocks; openssl ts shows who signed them"
    yield from verifier.problems[:MOST_PROBLEMS]
    if len(verifier.problems) > MOST_PROBLEMS:
        yield f"and {len(verifier.problems) - MOST_PROBLEMS} more problems"
    yield "FAILED: the audit was changed" if verifier.problems else "OK"


def verify(export: Iterable[str | bytes], anchors: Iterable[tuple[int, str]]) -> tuple[bool, list[str]]:
    """Whether everything agrees, and the result as lines."""
    verifier = Verifier()
    for line in export:
        verifier.read_line(_parsed(line))
    anchored = verifier.end(anchors)
    return not verifier.problems, list(report(verifier, anchored))


def _parsed(line: str | bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def main(arguments: list[str]) -> int:
    """Verify the files that the arguments name; returns the exit code."""
    proves = arguments[:1] == ["--proof"]
    arguments = arguments[1:] if proves else arguments
    if not arguments or arguments[0].startswith("-"):
        sys.stderr.write(__doc__ or "")
        return 2
    anchors: list[tuple[int, str]] = []
    try:
        for path in arguments[1:]:
            with open(path, "rb") as file:
                anchors += anchors_in(file)
        with open(arguments[0], "rb") as export:
            good, lines = report_proof(json.load(export), anchors) if proves else verify(export, anchors)
    except (OSError, ValueError, AttributeError) as error:
        sys.stderr.write(f"cannot be read: {error}\n")
        return 2
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
