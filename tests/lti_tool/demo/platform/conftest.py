"""The tiny tool, fresh for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lti_tool.demo.platform.tiny_tool import TinyTool, running_tool


@pytest.fixture
def tool(tmp_path: Path) -> Iterator[TinyTool]:
    with running_tool(tmp_path / "data") as running:
        yield running
