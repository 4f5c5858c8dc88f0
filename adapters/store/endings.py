"""Later final callbacks that say what the one that is decided on says: no second end, and no conflict."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import asyncpg

from adapters.envelope import unseal
from adapters.store.entries import Entry
from domain.decoding import decode_payload
from domain.errors import BrokenSeal, MalformedPayload, UndecodableCallback
from domain.facts import say_the_same
from domain.payload import Payload

Mark = tuple[int, bytes]
