"""The report as JSON: null has a meaning of its own, and access has numbers alone."""

import msgspec

from domain.views.operations.compliance import AccessCounts, Protection, RoleCount, TokenCount

ACCESS = AccessCounts(
    roles=[RoleCount("admin", None, 1), RoleCount("reviewer", "demo", 3)],
    tokens=[TokenCount(None, ["operate"], 2), TokenCount([], ["audit"], 1)],
    personal_tokens=4,
)


def test_every_app_is_null_and_no_app_is_an_empty_list() -> None:
    shown = msgspec.to_builtins(ACCESS)
    assert [each["app_id"] for each in shown["roles"]] == [None, "demo"]
    assert [each["apps"] for each in shown["tokens"]] == [None, []]


def test_access_has_numbers_and_no_names_of_persons_or_tokens() -> None:
    shown = msgspec.to_builtins(ACCESS)
    assert shown["personal_tokens"] == 4
    assert {name for each in shown["roles"] for name in each} == {"role", "app_id", "persons"}
    assert {name for each in shown["tokens"] for name in each} == {"apps", "scopes", "tokens"}


def test_the_report_reads_back_from_its_json() -> None:
    for part in (ACCESS, Protection(2, None, 30.0, ["file"])):
        assert msgspec.json.decode(msgspec.json.encode(part), type=type(part)) == part
