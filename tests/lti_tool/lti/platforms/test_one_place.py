"""What differs between LMSs stands in one file each: no other code asks which LMS it talks to."""

import ast
from collections.abc import Iterator
from pathlib import Path

from lti_tool.lti.platforms import ALL

ROOT = Path(__file__).parents[4]
NAMES = {
    "moodle", "canvas", "blackboard", "brightspace", "desire2learn", "d2l", "sakai", "openedx", "edx", "instructure",
}  # fmt: skip
OWN_ROOMS = ("lti_tool/lti/platforms/", "lti_tool/demo/")


def decisions(tree: ast.AST) -> Iterator[ast.AST]:
    """Everything that decides which way the code goes, or picks something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.Compare | ast.match_case):
            yield node


def words(node: ast.AST) -> Iterator[str]:
    """Names and texts in a piece of code, in lower case."""
    for one in ast.walk(node):
        found = getattr(one, "id", None) or getattr(one, "attr", None) or getattr(one, "value", None)
        if isinstance(found, str):
            yield found.lower()


def test_no_lms_is_named_in_a_decision_outside_its_own_file() -> None:
    named = []
    for room in ("config", "privacy", "grading", "lti_tool"):
        for path in (ROOT / room).rglob("*.py"):
            place = path.relative_to(ROOT).as_posix()
            if place.startswith(OWN_ROOMS):
                continue
            for decision in decisions(ast.parse(path.read_text())):
                named += [(place, word) for word in words(decision) if any(name in word for name in NAMES)]
    assert named == []


def test_every_family_belongs_to_one_lms() -> None:
    families = [family for platform in ALL for family in platform.families]
    assert len(families) == len(set(families))
    assert all(family == family.lower() for family in families)
