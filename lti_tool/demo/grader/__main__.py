"""Starts the demonstration grader: `python -m lti_tool.demo.grader --port 8802 --data-dir … --api-key …`."""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from waitress import serve

from lti_tool.demo.grader.app import create_app


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description="A local stand-in for OpenAI's Batch API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--api-key", required=True)
    parser.add_argument("--seconds", type=float, default=6.0, help="how long a batch takes")
    parser.add_argument("--control", action="store_true", help="let whoever has the key steer it, for tests")
    options = parser.parse_args()

    def stop(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    app = create_app(options.data_dir, options.api_key, options.seconds, control=options.control)
    serve(app, host=options.host, port=options.port, threads=4, ident=None)


if __name__ == "__main__":
    main()
