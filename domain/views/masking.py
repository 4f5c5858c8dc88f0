"""Mask identity for display: the first character of the name, the first and last of the ID number.

The usual front-6-last-4 would leave only about 3,300 candidates for the rest of a Chinese ID number.
"""

from domain.model import Identity


def mask_identity(identity: Identity) -> Identity:
    """`identity` with masked values, for display."""
    return Identity(name=mask_name(identity.name), id_number=mask_id_number(identity.id_number))


def mask_name(name: str | None) -> str | None:
    """`陈大文` → `陈**`; a single character is masked."""
    if not name:
        return None
    return "*" if len(name) == 1 else name[0] + "*" * (len(name) - 1)


def mask_id_number(number: str | None) -> str | None:
    """`11010119900307001X` → `1****************X`; one or two characters are masked completely."""
    if not number:
        return None
    return "*" * len(number) if len(number) <= 2 else number[0] + "*" * (len(number) - 2) + number[-1]
