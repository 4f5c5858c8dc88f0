"""What a check of `doctor` says."""

import msgspec


class Check(msgspec.Struct, frozen=True):
    """One finding. `ok` None is a remark that fails nothing."""

    name: str
    ok: bool | None
    detail: str
