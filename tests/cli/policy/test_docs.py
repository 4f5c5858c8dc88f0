"""docs/policy.md has exactly the keys and reason codes of the code."""

import re
from pathlib import Path

from cli.policy.docs import BEGIN, END, MEANINGS, generated_docs
from domain.policy.reasons import Code
from tests.cli.policy.conftest import Command
from tests.support.payloads.callbacks import default_policy, policy_tree

PAGE = Path(__file__).parents[3] / "docs" / "policy.md"


def test_the_page_holds_exactly_the_generated_part() -> None:
    page = PAGE.read_text("utf-8")
    assert (page.count(BEGIN), page.count(END)) == (1, 1)
    begin = page.index(BEGIN)
    assert page[begin : page.index(END) + len(END)] + "\n" == generated_docs()


async def test_the_command_prints_it(command: Command) -> None:
    assert (await command("policy", "docs")).out == generated_docs()


def printed_keys() -> list[str]:
    """Every key with a row on the page, prefixed with its table."""
    keys, table = [], ""
    for line in generated_docs().partition("## Reason codes")[0].splitlines():
        if heading := re.fullmatch(r"### \[(.+)\]", line):
            table = heading[1] + "."
        elif row := re.match(r"\| `([^`]+)` \|", line):
            keys.append(table + row[1])
    return keys


def test_every_key_is_documented_once() -> None:
    tree = policy_tree(default_policy())
    keys = [name for name, value in tree.items() if not isinstance(value, dict)]
    keys += [f"{name}.{key}" for name, table in tree.items() if isinstance(table, dict) for key in table]
    assert sorted(printed_keys()) == sorted(keys) == sorted(MEANINGS)


def test_every_code_is_documented() -> None:
    assert all(f"| `{code}` |" in generated_docs() for code in Code)
