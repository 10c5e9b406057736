"""The tiny tool, and the real one with a platform of one school: fresh for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from lti_tool.demo.platform.app import create_app
from lti_tool.demo.platform.model import Clock
from tests.lti_tool.demo.platform.meeting import Meeting, meeting
from tests.lti_tool.demo.platform.tiny_tool import PEOPLE, TinyTool, running_tool


@pytest.fixture
def tool(tmp_path: Path) -> Iterator[TinyTool]:
    with running_tool(tmp_path / "data") as running:
        yield running


@pytest.fixture
def both(tmp_path: Path, sqlite_template: Path) -> Iterator[Meeting]:
    """The real tool and a school that it knows."""

    def make(lms: str, tool: str, folder: Path, clock: Clock) -> Flask:
        return create_app(public_url=lms, tool_url=tool, data_dir=folder, people=PEOPLE, clock=clock)

    with meeting(tmp_path, sqlite_template, make) as running:
        running.connect()
        yield running
