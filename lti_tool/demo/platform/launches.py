"""Launches under way: the opaque hints sent with a login initiation and what they stand for."""

import secrets
from dataclasses import dataclass
from typing import Final

from lti_tool.demo.platform.errors import AuthorisationRefused
from lti_tool.demo.platform.model import Clock, Person
from lti_tool.demo.platform.store import Store

HINT_SECONDS: Final = 300
DEEP_LINK_SECONDS: Final = 7200


@dataclass(frozen=True)
class Launch:
    """One launch in a course: `link_id` is None when it asks for deep linking."""

    message_hint: str
    login_hint: str
    user_id: str
    link_id: str | None
    course_id: str


class Launches:
    """Hands out hints and takes each of them back once."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def start(self, person: Person, course_id: str, link_id: str | None) -> Launch:
        """Make the hints of a new launch by the signed-in person."""
        launch = Launch(secrets.token_urlsafe(24), secrets.token_urlsafe(24), person.user_id, link_id, course_id)
        now = self._clock()
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM launches WHERE expires_at < ?", (now - HINT_SECONDS,))
            connection.execute(
                "INSERT INTO launches (message_hint, login_hint, user_id, link_id, course_id, expires_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (launch.message_hint, launch.login_hint, launch.user_id, link_id, course_id, now + HINT_SECONDS),
            )
        return launch

    def take(self, message_hint: str, login_hint: str, present: Person | None) -> Launch:
        """Use up a message hint.

        `present` is the person of the session cookie, when one came: it must be the person who started the
        launch. Raises AuthorisationRefused when the hint is unknown, used, expired or of another login hint.
        """
        with self._store.transaction() as connection:
            row = connection.execute("SELECT * FROM launches WHERE message_hint = ?", (message_hint,)).fetchone()
            if row is None or not secrets.compare_digest(row["login_hint"].encode(), login_hint.encode()):
                raise AuthorisationRefused("The hints do not belong to a launch. Please open the assignment again.")
            if row["used"]:
                raise AuthorisationRefused("This launch was used before. Please open the assignment again.")
            if row["expires_at"] <= self._clock():
                raise AuthorisationRefused("This launch took too long. Please start again.", code="login_required")
            if present is not None and present.user_id != row["user_id"]:
                raise AuthorisationRefused("Another person is signed in by now.", code="login_required")
            connection.execute("UPDATE launches SET used = 1 WHERE message_hint = ?", (message_hint,))
        return Launch(message_hint, login_hint, row["user_id"], row["link_id"], row["course_id"])

    def knows(self, message_hint: str) -> bool:
        """Say whether a launch with this hint was started here."""
        with self._store.transaction() as connection:
            found = connection.execute("SELECT 1 FROM launches WHERE message_hint = ?", (message_hint,))
            return found.fetchone() is not None

    def offer_deep_link(self, user_id: str, course_id: str) -> str:
        """Give the opaque data that a deep linking response for the course must bring back."""
        data = secrets.token_urlsafe(24)
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO deep_links (data, user_id, course_id, expires_at) VALUES (?, ?, ?, ?)",
                (data, user_id, course_id, self._clock() + DEEP_LINK_SECONDS),
            )
        return data
