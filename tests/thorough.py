"""How hard properties are tried: quickly with every test run, thoroughly in `make proof`."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

THOROUGH = os.environ.get("BLINDMARK_TEST_THOROUGH") == "1"
_QUICK_SHARE = 5
_FEWEST = 30


def tried(most: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A property to be tried on `most` examples when thorough, else on a fifth of them, 30 at the least."""
    count = most if THOROUGH else min(most, max(_FEWEST, most // _QUICK_SHARE))
    setting = settings(max_examples=count, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    return lambda test: pytest.mark.properties(setting(test))
