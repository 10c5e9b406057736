"""Starts the demonstration platform: `python -m lti_tool.demo.platform --help`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from lti_tool.demo.course import people
from lti_tool.demo.platform.app import create_app
from lti_tool.demo.platform.serving import serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="lti_tool.demo.platform", description="A demonstration LMS (LTI 1.3).")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8801)
    parser.add_argument("--public-url", default="http://localhost:8801")
    parser.add_argument("--tool-url", default="http://127.0.0.1:8800")
    parser.add_argument("--data-dir", type=Path, required=True)
    given = parser.parse_args(arguments)
    app = create_app(
        public_url=given.public_url, tool_url=given.tool_url, data_dir=given.data_dir, people=list(people())
    )
    serve(app, given.host, given.port)


if __name__ == "__main__":
    main()
