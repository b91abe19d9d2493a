"""What the documents say is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lstm_tui.tui.actions import ACTIONS, groups, key_word

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def key_table() -> str:
    """The README's table of keys, from the one table of actions."""
    lines = ["| keys | what they do |", "|---|---|"]
    for group, actions in groups(ACTIONS).items():
        lines.append(f"| **{group}** | |")
        for action in actions:
            keys = " ".join(f"`{key_word(key)}`" for key in action.keys)
            lines.append(f"| {keys} | {action.title} |")
    return "\n".join(lines)


def test_the_readme_lists_every_key() -> None:
    found = re.search(r"<!-- keys:.*?-->\n(.*?)<!-- end of keys -->", README, re.DOTALL)
    assert found is not None
    assert found[1].strip() == key_table(), f"the table should read:\n{key_table()}"


def test_keys_are_given_once() -> None:
    keys = [key for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("command", ["install command", "test command"])
def test_each_readme_command_is_one_line(command: str) -> None:
    found = re.search(rf"<!-- {command} -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    assert found is not None
    assert "\n" not in found[1]
    assert "constraints.txt" in found[1]


def test_the_page_of_findings_is_that_of_the_checks() -> None:
    from lstm_tui.checks.catalogue import LESSONS
    from lstm_tui.report.lessons import lessons_page

    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert page == lessons_page(), "run python -m lstm_tui.report.lessons > docs/findings.md"
    for code in LESSONS:
        assert page.count(f"### {code}\n") == 1, f"{code} has no family, or two"


def test_links_in_the_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} names {target}, which is not there"


def test_every_command_of_the_program_stands_in_the_readme() -> None:
    from lstm_tui.cli import cli

    for name, command in cli.commands.items():
        if not command.hidden:
            assert f"lstm-tui {name}" in README, name
