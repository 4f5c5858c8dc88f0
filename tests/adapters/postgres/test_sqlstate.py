"""The fault of each SQLSTATE: a value's only if its class says so."""

import pytest

from adapters.postgres.sqlstate import Fault, fault_of, meets_every_row


@pytest.mark.parametrize(
    ("sqlstate", "fault", "every_row"),
    [
        ("22P02", Fault.VALUE, False),
        ("23503", Fault.VALUE, False),
        ("54000", Fault.VALUE, False),
        ("40P01", Fault.STATEMENT, False),
        ("53100", Fault.STATEMENT, True),
        ("55P03", Fault.STATEMENT, False),
        ("57014", Fault.STATEMENT, False),
        ("P0001", Fault.STATEMENT, False),
        ("0A000", Fault.SESSION, False),
        ("26000", Fault.SESSION, False),
        ("08P01", Fault.SESSION, True),
        ("25006", Fault.SESSION, True),
        ("57P01", Fault.SESSION, True),
        ("XX000", Fault.SESSION, False),
        (None, Fault.SESSION, True),
    ],
)
def test_each_sqlstate_class_has_its_fault(sqlstate: str | None, fault: Fault, every_row: bool) -> None:
    assert fault_of(sqlstate) is fault
    assert meets_every_row(sqlstate) is every_row


@pytest.mark.parametrize("first", [*"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"])
def test_no_other_class_is_a_values_fault(first: str) -> None:
    others = {f"{first}{second}000" for second in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"} - {
        "22000",
        "23000",
        "54000",
    }
    assert not [sqlstate for sqlstate in others if fault_of(sqlstate) is Fault.VALUE]
