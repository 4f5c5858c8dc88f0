"""The result of one check of `doctor`."""

import msgspec


class Check(msgspec.Struct, frozen=True):
    """One finding. `ok` None is a note, which does not fail the run."""

    name: str
    ok: bool | None
    detail: str
