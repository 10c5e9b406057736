"""Who is signed in at the platform: an opaque cookie, of which only a hash is stored."""

import hashlib
import secrets
from typing import Final

from flask import Request, Response

from lti_tool.demo.platform.model import People, Person
from lti_tool.demo.platform.store import Store

COOKIE: Final = "demonstration_lms"


def hash_of(token: str) -> str:
    """Give what is stored in place of a secret token."""
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    """Signs people in and out and says who a request comes from."""

    def __init__(self, store: Store, people: People, *, secure: bool, path: str = "/") -> None:
        self._store = store
        self._people = people
        self._secure = secure
        # Schools on one host have cookies of their own.
        self._path = path

    def person_of(self, request: Request) -> Person | None:
        """Give the person whose cookie came with the request, if any."""
        token = request.cookies.get(COOKIE)
        if not token:
            return None
        with self._store.transaction() as connection:
            row = connection.execute("SELECT user_id FROM sessions WHERE token_hash = ?", (hash_of(token),)).fetchone()
        return self._people.by_user_id(row["user_id"]) if row else None

    def sign_in(self, person: Person, response: Response) -> None:
        """Start a session for the person and put its cookie on the response."""
        token = secrets.token_urlsafe(32)
        with self._store.transaction() as connection:
            connection.execute("INSERT INTO sessions VALUES (?, ?)", (hash_of(token), person.user_id))
        response.set_cookie(COOKIE, token, httponly=True, samesite="Lax", secure=self._secure, path=self._path)

    def sign_out(self, request: Request, response: Response) -> None:
        """End the session the request came with."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE token_hash = ?", (hash_of(request.cookies.get(COOKIE, "")),))
        response.delete_cookie(COOKIE, path=self._path, samesite="Lax", secure=self._secure, httponly=True)
