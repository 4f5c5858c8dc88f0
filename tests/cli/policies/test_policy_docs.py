"""docs/policy.md holds what the code says of keys and reason codes, and nothing older."""

from pathlib import Path

from cli.policy_docs import BEGIN, END, MEANINGS, all_keys, generated_docs
from domain.policy_file import policy_tree
from domain.reasons import Code
from tests.cli.policies.conftest import Command
from tests.domain.builders import default_policy

PAGE = Path(__file__).parents[3] / "docs" / "policy.md"


def test_the_page_holds_exactly_the_generated_part() -> None:
    page = PAGE.read_text("utf-8")
    assert (page.count(BEGIN), page.count(END)) == (1, 1)
    begin = page.index(BEGIN)
    assert page[begin : page.index(END) + len(END)] + "\n" == generated_docs()


async def test_the_command_prints_it(command: Command) -> None:
    assert (await command("policy", "docs")).out == generated_docs()


def test_every_key_is_told_once() -> None:
    tree = policy_tree(default_policy())
    keys = [name for name, value in tree.items() if not isinstance(value, dict)]
    keys += [f"{name}.{key}" for name, table in tree.items() if isinstance(table, dict) for key in table]
    assert sorted(all_keys()) == sorted(keys) == sorted(MEANINGS)


def test_every_code_is_told() -> None:
    assert all(f"| `{code}` |" in generated_docs() for code in Code)
