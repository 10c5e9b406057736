"""Starts the demonstration platform: `python -m lti_tool.demo.platform --help`."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from lti_tool.demo.course import people
from lti_tool.demo.platform.app import create_app
from lti_tool.demo.platform.hosted import create_hosted_app
from lti_tool.demo.platform.model import School
from lti_tool.demo.platform.second_school import Told, second_school
from lti_tool.demo.platform.serving import serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="lti_tool.demo.platform", description="A demonstration LMS (LTI 1.3).")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8801)
    parser.add_argument("--public-url", default="http://localhost:8801")
    parser.add_argument("--tool-url", default="http://127.0.0.1:8800")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument(
        "--second-school",
        choices=get_args(Told),
        help="serve two schools behind one issuer, at /schools/first and /schools/second, told apart by this",
    )
    given = parser.parse_args(arguments)
    everyone = list(people())
    if given.second_school is None:
        serve(
            create_app(public_url=given.public_url, tool_url=given.tool_url, data_dir=given.data_dir, people=everyone),
            given.host,
            given.port,
        )
        return
    schools = {"first": School(everyone), "second": second_school(everyone, given.second_school)}
    hosted = create_hosted_app(
        public_url=given.public_url, tool_url=given.tool_url, data_dir=given.data_dir, schools=schools
    )
    serve(hosted, given.host, given.port)


if __name__ == "__main__":
    main()
