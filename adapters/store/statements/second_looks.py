"""Parts of SQL about blind second looks."""


def waits_for(person_id: str) -> str:
    """Case `c` is a blind second look that waits, and the person with this id may take it."""
    return (
        "c.state <> 'closed' AND c.opened_because = 'second_look' "
        f"AND CAST({person_id} AS uuid) <> ALL(c.not_for)"
    )
