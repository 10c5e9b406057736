"""Logins whose visit is gone: whatever removes a visit, the message that led to it opens no other one.

A login is used up by its visit, which has its hash. An erasure takes the visit while the state and the token may still
be good. The hash stays behind then, for as long as a visit is kept: it is that of a random text, and names nobody.
The database sees to both, so that no way of deleting visits can forget it, and none of opening them can pass it by.
"""

from datetime import datetime

from sqlalchemy import Connection, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from config.database import Base, make_with
from grading.models.columns import Moment
from lti_tool.sessions import KEPT, LaunchSession


class SpentLogin(Base):
    """The hash of the state of a login whose visit was removed."""

    __tablename__ = "spent_login"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    opened_at: Mapped[Moment]
    """When its visit was opened: by then the state was made already."""


SQLITE = (
    (
        "CREATE TRIGGER launch_session_spent AFTER DELETE ON launch_session WHEN OLD.state_hash IS NOT NULL BEGIN "
        "INSERT OR IGNORE INTO spent_login (state_hash, opened_at) VALUES (OLD.state_hash, OLD.created_at); END"
    ),
    (
        "CREATE TRIGGER launch_session_not_again AFTER INSERT ON launch_session "
        "WHEN EXISTS (SELECT 1 FROM spent_login WHERE state_hash = NEW.state_hash) BEGIN "
        "SELECT RAISE(ABORT, 'this login has led to a visit'); END"
    ),
)
# After the insert, when a removal at the same moment has been waited for: before it, that would not be seen.
POSTGRESQL = (
    (
        "CREATE FUNCTION launch_session_spent() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO spent_login (state_hash, opened_at) VALUES (OLD.state_hash, OLD.created_at) "
        "ON CONFLICT DO NOTHING; RETURN NULL; END $$"
    ),
    (
        "CREATE TRIGGER launch_session_spent AFTER DELETE ON launch_session "
        "FOR EACH ROW WHEN (OLD.state_hash IS NOT NULL) EXECUTE FUNCTION launch_session_spent()"
    ),
    (
        "CREATE FUNCTION launch_session_not_again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF EXISTS (SELECT 1 FROM spent_login WHERE state_hash = NEW.state_hash) THEN "
        "RAISE EXCEPTION 'this login has led to a visit' USING ERRCODE = 'unique_violation'; END IF; "
        "RETURN NULL; END $$"
    ),
    (
        "CREATE TRIGGER launch_session_not_again AFTER INSERT ON launch_session "
        "FOR EACH ROW EXECUTE FUNCTION launch_session_not_again()"
    ),
)
TRIGGERS = ("launch_session_spent", "launch_session_not_again")
make_with(LaunchSession, lambda dialect: SQLITE if dialect == "sqlite" else POSTGRESQL)


def is_spent(connection: Connection, state_hash: str) -> bool:
    """Whether a login led to a visit that is gone."""
    return (
        connection.execute(select(SpentLogin.opened_at).where(SpentLogin.state_hash == state_hash)).first() is not None
    )


def forget_spent_logins(session: Session, now: datetime) -> None:
    """Remove what is of no use any more, because its state has ended long ago."""
    session.execute(delete(SpentLogin).where(SpentLogin.opened_at < now - KEPT))
