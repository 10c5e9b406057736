"""The people of "Introduction to Ethics". All of them are invented; their addresses lead nowhere (RFC 2606)."""

import hashlib
import unicodedata
from dataclasses import dataclass
from typing import Final

DOMAIN: Final = "campus.example"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the course as the LMS knows them."""

    key: str
    given_name: str
    family_name: str
    role: str
    """student, teacher, assistant or administrator."""

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def user_id(self) -> str:
        """The opaque `sub` of launches: says nothing about name or order."""
        return hashlib.sha256(f"demonstration:{self.key}".encode()).hexdigest()[:20]

    @property
    def username(self) -> str:
        """The log-in name."""
        return self.key.replace("-", ".")

    @property
    def email(self) -> str:
        """An address that leads nowhere."""
        return f"{self.username}@{DOMAIN}"

    @property
    def sourcedid(self) -> str:
        """The number in the school's register."""
        return f"S{int(self.user_id[:8], 16) % 10_000_000:07d}"


_STUDENTS: Final = (
    ("Mira", "Okafor"),
    ("Tomás", "García Márquez"),
    ("Grace", "Young"),
    ("Anneke", "van der Berg"),
    ("Jean-Luc", "Moreau"),
    ("Priya", "Raghunathan"),
    ("Will", "Stone"),
    ("Zoë", "Lindqvist"),
    ("Haruto", "Tanaka"),
    ("Fatima", "Al-Sayed"),
    ("Bartłomiej", "Wójcik"),
    ("Naledi", "Dlamini"),
    ("Owen", "Young"),
    ("Søren", "Kjær"),
    ("Chiara", "De Luca"),
    ("Minh", "Nguyễn"),
    ("Ayşe", "Yılmaz"),
    ("Björk", "Sigurðardóttir"),
    ("Mei", "王"),
    ("Kofi", "Mensah"),
    ("Hope", "Marsh"),
    ("Dmitri", "Volkov"),
    ("Aoife", "O'Connell"),
    ("Mateus", "dos Santos"),
)
_STAFF: Final = (
    ("Ada", "Teachwell", "teacher"),
    ("Rafael", "Brandt", "assistant"),
    ("Ines", "Keller", "administrator"),
)
_LETTERS: Final = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "ð": "d", "ı": "i", "ş": "s", "王": "wang"})


def people() -> tuple[Person, ...]:
    """24 students, the teacher, the teaching assistant and the administrator."""
    students = [Person(_key(given, family), given, family, "student") for given, family in _STUDENTS]
    return (*students, *(Person(_key(given, family), given, family, role) for given, family, role in _STAFF))


def _key(given: str, family: str) -> str:
    name = f"{given} {family}".lower().replace("-", " ").translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", name)
    kept = "".join(letter for letter in plain if letter.isascii() and (letter.isalnum() or letter == " "))
    return "-".join(kept.split())
