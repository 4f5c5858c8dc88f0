"""The length extension attack on a plain hash: append bytes and compute a valid signature without the secret.

SHA-1 and SHA-256 output their whole inner state, so anyone can continue hashing from the hash of `secret +
data`. An attacker only needs the length of the secret, or a guess, to compute the padding in between.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from domain.callback.signature import HashName

_WORD: Final = 0xFFFFFFFF
_State = tuple[int, ...]


class Extended(NamedTuple):
    """An extended body, and the valid signature for it (lower-case hex)."""

    data: bytes
    sign: bytes


def extend(
    data: bytes, sign: bytes, suffix: bytes, *, secret_length: int, hash_name: HashName = "sha1"
) -> Extended:
    """`data` + glue + `suffix` with a valid signature, from one `(data, sign)`; lengths in bytes.

    The glue is the hash's own padding after `data`: 0x80, NULs, the length in bits.
    """
    seen_length = secret_length + len(data)
    glue = padding(seen_length)
    state = tuple(int(sign[at : at + 8], 16) for at in range(0, len(sign), 8))
    compress = _COMPRESS[hash_name]
    for block in _blocks(suffix + padding(seen_length + len(glue) + len(suffix))):
        state = compress(state, block)
    return Extended(data + glue + suffix, "".join(f"{word:08x}" for word in state).encode())


def padding(message_length: int) -> bytes:
    """The padding that SHA-1 and SHA-256 append to a message of this length, to full 64-byte blocks."""
    return b"\x80" + b"\0" * ((55 - message_length) % 64) + (8 * message_length).to_bytes(8, "big")


def _blocks(padded: bytes) -> Iterator[list[int]]:
    for at in range(0, len(padded), 64):
        yield [int.from_bytes(padded[word : word + 4], "big") for word in range(at, at + 64, 4)]


def _left(word: int, by: int) -> int:
    return (word << by | word >> (32 - by)) & _WORD


def _sha1_mix(step: int, b: int, c: int, d: int) -> int:
    if step < 20:
        return (b & c | ~b & d) + 0x5A827999
    if step < 40:
        return (b ^ c ^ d) + 0x6ED9EBA1
    if step < 60:
        return (b & c | b & d | c & d) + 0x8F1BBCDC
    return (b ^ c ^ d) + 0xCA62C1D6


def _compress_sha1(state: _State, block: list[int]) -> _State:
    words = list(block)
    for t in range(16, 80):
        words.append(_left(words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16], 1))
    a, b, c, d, e = state
    for t, word in enumerate(words):
        a, b, c, d, e = (_left(a, 5) + _sha1_mix(t, b, c, d) + e + word) & _WORD, a, _left(b, 30), c, d
    return _added(state, (a, b, c, d, e))


_PRIMES: Final = [n for n in range(2, 312) if all(n % divisor for divisor in range(2, n))]
_SHA256_ROUNDS: Final = [int(prime ** (1 / 3) % 1 * 2**32) for prime in _PRIMES]


def _compress_sha256(state: _State, block: list[int]) -> _State:
    words = list(block)
    for t in range(16, 64):
        near, far = words[t - 2], words[t - 15]
        s0 = _left(far, 25) ^ _left(far, 14) ^ far >> 3
        s1 = _left(near, 15) ^ _left(near, 13) ^ near >> 10
        words.append((words[t - 16] + s0 + words[t - 7] + s1) & _WORD)
    a, b, c, d, e, f, g, h = state
    for constant, word in zip(_SHA256_ROUNDS, words, strict=True):
        first = h + (_left(e, 26) ^ _left(e, 21) ^ _left(e, 7)) + (e & f ^ ~e & g) + constant + word
        second = (_left(a, 30) ^ _left(a, 19) ^ _left(a, 10)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (first + second) & _WORD, a, b, c, (d + first) & _WORD, e, f, g
    return _added(state, (a, b, c, d, e, f, g, h))


def _added(before: _State, after: _State) -> _State:
    return tuple((old + new) & _WORD for old, new in zip(before, after, strict=True))


_COMPRESS: Final[dict[HashName, Callable[[_State, list[int]], _State]]] = {
    "sha1": _compress_sha1,
    "sha256": _compress_sha256,
}
