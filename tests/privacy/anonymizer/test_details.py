"""E-mail addresses, links, handles, numbers, dates of birth and addresses."""

from __future__ import annotations

import pytest

from tests.privacy.anonymizer.people import course, hide

DETAILS = [
    ("Write to zuzka99@mail.example.", "Write to [e-mail 1]."),
    ("Write to zuzka99 [at] mail.example please", "Write to [e-mail 1] please"),
    ("Write to zuzka99 at mail dot example now", "Write to [e-mail 1] now"),
    ("See https://github.com/zuzka/lab4 for code.", "See https://github.com/[link 1]/lab4 for code."),
    ("See https://zuzka.github.io/cv for more.", "See https://[link 1].github.io/cv for more."),
    ("See linkedin.com/in/zuzka-k-38a/ today", "See linkedin.com/in/[link 1]/ today"),
    ("Follow me: @zuzka_k", "Follow me: @[handle 1]"),
    ("python /home/zkova/hw4/main.py", "python /home/[handle 1]/hw4/main.py"),
    (r"C:\Users\zkova\essay.docx", r"C:\Users\[handle 1]\essay.docx"),
    ("On Discord I am zuz.k.", "On Discord I am [handle 1]."),
    ('username = "zkovarova7"', 'username = "[handle 1]"'),
    ("Call me: +420 601 123 456", "Call me: [phone 1]"),
    ("WhatsApp (312) 317-9376", "WhatsApp [phone 1]"),
    ("Tel.: 0151/42270311", "Tel.: [phone 1]"),
    ("Student ID: K1234567", "Student ID: [id 1]"),
    ("IDs: B8831601, 23/6382", "IDs: [id 1], [id 2]"),
    ("Florence Hall (X5404993)", "[Student 1] ([id 1])"),
    ("My number, 151-17-3715, is on it.", "My number, [id 1], is on it."),
    ("The sheet of 2021-CS-4711 was lost.", "The sheet of [id 1] was lost."),
    ("I was born on 16.06.2000 here.", "I was born on [date of birth 1] here."),
    ("Date of birth: December 27, 2002", "Date of birth: [date of birth 1]"),
    ("Ich wurde am 3. Mai 2001 geboren.", "Ich wurde am [date of birth 1] geboren."),
    ("64 Elm Lane, Cleveland, Ohio 44114\n", "[address 1]\n"),
    ("Vivo en Rua Ana Caciola 1159. Bien.", "Vivo en [address 1]. Bien."),
    ("Dašická 855, Chrudim 3\n", "[address 1]\n"),
    ("I live at Munkácsy Mihály út 93., Győr 2769. Yes.", "I live at [address 1]. Yes."),
]


@pytest.mark.parametrize(("text", "outgoing"), DETAILS)
def test_personal_details_are_replaced(text: str, outgoing: str) -> None:
    assert hide(text).text == outgoing


STANDING = [
    "@property\ndef total(self):\n    return 1",
    "@Override\npublic String toString() {",
    "See https://en.wikipedia.org/wiki/Grace_Young and https://github.com/numpy/numpy.",
    "Einstein was born on 14 March 1879 in Ulm.",
    "ECON 201, section 7\nHomework 3, Part 2\n",
    "The ISBN is 978-0-14-044913-6 and the range is 1914-1918.",
    "I am happy. The user is logged out; the account is closed.",
]


@pytest.mark.parametrize("text", STANDING)
def test_what_only_looks_like_a_personal_detail_stays(text: str) -> None:
    assert hide(text).text == text


def test_a_national_number_without_a_cue_is_found_in_the_countries_of_the_course() -> None:
    text = "You will find 612 345 678 on the sheet."
    assert hide(text).text == text
    assert hide(text, course(countries=["ES"])).text == "You will find [phone 1] on the sheet."
