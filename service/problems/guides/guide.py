"""What a problem means, in words for the caller."""

from typing import NamedTuple


class Guide(NamedTuple):
    """`where`: the listener that answers it, `ingress`, `api` or `both`. The texts are Markdown."""

    where: str
    meaning: str
    advice: str
