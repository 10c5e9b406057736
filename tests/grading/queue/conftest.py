"""The desk of an administrator, on either database."""

import pytest

from config.database import Database
from privacy.sealing import Vault
from tests.conftest import StillClock
from tests.grading.queue.items import Desk, ask_nobody, desk_of


@pytest.fixture
def desk(database: Database, vault: Vault, clock: StillClock) -> Desk:
    """A course whose queue is empty, and whose students need not agree."""
    made = desk_of(database, vault, clock)
    ask_nobody(made)
    return made
