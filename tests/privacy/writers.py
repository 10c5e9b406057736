"""One of many processes that write to the audit log at once: `python -m tests.privacy.writers URL KEYRING COUNT`.

Says that it is ready, waits for a line, and then notes COUNT events, each in a transaction of its own, some with two.
"""

import sys
import uuid
from pathlib import Path

from config.database import open_database
from privacy.audit import Actor, AuditLog, record
from privacy.keyring import load_keyring

TENANT = uuid.UUID(int=7)


def write(url: str, keyring: Path, count: int) -> None:
    """Note events for one tenant, and for the site in every third transaction."""
    database = open_database(url)
    AuditLog(load_keyring(keyring)).attach(database.sessions)
    with database.transaction() as session:
        session.connection()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for number in range(count):
        with database.transaction() as session:
            for tenant in (TENANT, None) if number % 3 == 0 else (TENANT,):
                record(
                    session,
                    event="test.happened",
                    actor=Actor.system(),
                    tenant_id=tenant,
                    object_type="thing",
                    object_id=uuid.uuid4(),
                    details={"number": number},
                )
    database.dispose()


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
