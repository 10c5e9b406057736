"""Names of the roster in the forms in which students write them."""

from __future__ import annotations

import unicodedata

import pytest

from tests.privacy.anonymizer.people import AUTHOR, course, hide, member

HIDDEN = [
    ("Lab partners: Ferdinando Coronado, Zuzana Kovářová", ["Ferdinando", "Coronado", "Zuzana", "Kovářová"]),
    ("Coronado, Ferdinando wrote the first part.", ["Ferdinando", "Coronado"]),
    ("I worked with F. Coronado on it.", ["F.", "Coronado"]),
    ("It was measured by Coronado, F. and by me.", ["Coronado, F."]),
    ("Ferdinando C. brought the lamp.", ["Ferdinando C."]),
    ("My full name is Bill A. Stone.", ["Bill", "Stone"]),
    ("FERDINANDO CORONADO was late.", ["FERDINANDO", "CORONADO"]),
    ("thanks to ferdinando coronado for this", ["ferdinando", "coronado"]),
    ("Thanks to zuzana kovarova.", ["zuzana", "kovarova"]),
    (unicodedata.normalize("NFD", "Written by Zuzana Kovářová."), ["Zuzana", "Kova"]),
    ("I asked Ferdinando\nCoronado about it.", ["Ferdinando", "Coronado"]),
    ("I asked Ferdinando\u00a0Coronado about it.", ["Ferdinando", "Coronado"]),
    ("I asked Ferdi\u200bnando Coronado about it.", ["Coronado", "nando"]),
    ("Ferdinando Corondao helped me.", ["Ferdinando", "Corondao"]),
    ("Fredinando Coronado helped me.", ["Fredinando", "Coronado"]),
    ("The sheet was signed by Lars van der Breg.", ["Lars", "Breg"]),
    ("I came with Ferdinando Coronadem.", ["Coronadem"]),
    ("Lars van der Berg and I", ["Lars", "Berg"]),
    ("van der Berg 7\nThe sensor failed.", ["Berg"]),
    ("I met Destiny OBrian and Destiny O’Brian.", ["OBrian", "O’Brian"]),
    ("Zoë Brontë Hall and Zoe Bronte-Hall.", ["Zoë", "Brontë", "Zoe", "Bronte"]),
    ("I agree with María José García.", ["María", "García"]),
    ("Thanks to Billy for the idea.", ["Billy"]),
    ("I disagree with Bill's post.", ["Bill"]),
    ("The best question came from 김민수.", ["김민수"]),
    ("김민수의 자료", ["김민수"]),
    ("Оксана Коваленко and Oksana Kovalenko", ["Оксана", "Коваленко", "Oksana", "Kovalenko"]),
    ("The data came from Fatima Hassan.", ["Fatima", "Hassan"]),
    ("Dear Ms. Brown,\n\nPlease find my essay.", ["Brown", "Ms."]),
    ("Dr. Freddy let us retake the quiz.", ["Freddy"]),
    ("In Radolič's class we never did.", ["Radolič"]),
    ("i am anushka and i like it", ["anushka"]),
    ("Best regards,\nGrace\n", ["Grace"]),
    ("Cheers, Grace\n", ["Grace"]),
    ("Contributions: F.C. wiring; Grace data.", ["F.C.", "Grace"]),
    ("Will you ask May to send the slides?", ["May"]),
    ("Unlike Florence, I started late.", ["Florence"]),
    ("File: CoronadoFerdinando_hw2.pdf", ["Coronado", "Ferdinando"]),
    ("def coronado_sort(items):", ["coronado"]),
    ("Grace and I split the work.", ["Grace"]),
    ("Bill: I think we should meet at 5.", ["Bill"]),
    ("I thanked Grace. Grace would not hear of it.", ["Grace"]),
    ("Thanks to Florence and May for the notes.", ["Florence", "May"]),
    ("Team: Stone/Young/Coronado", ["Stone", "Young", "Coronado"]),
    ("Thanks to Ferdi for his comments.", ["Ferdi"]),
]


@pytest.mark.parametrize(("text", "gone"), HIDDEN)
def test_a_member_is_hidden_in_every_form_of_the_name(text: str, gone: list[str]) -> None:
    outgoing = hide(text).text
    assert [form for form in gone if form in outgoing] == []


STANDING = [
    "Stone tools were found in the lower layer.",
    "The bill was paid in may and in May.",
    "The Bill of Rights limits the state.",
    "Art and grace are in conflict. Grace is a theological notion.",
    "Young people read less.",
    "Newton (1687) argues otherwise, as do others (see Newton & Young, 1999).",
    "In Newton's seminal 1687 study, the sample was small.",
    "Compare (Coronado 299) with the later edition.",
    "References\nCoronado, F., & Hall, G. (1991). On Liberty. Oxford University Press.\n",
    "We applied Newton's second law and Young's modulus to the sample.",
    "Florence Nightingale and Grace Hopper were pioneers.",
    "The archive in Florence holds the letters.",
    "The data come from Hall County and from Stone Island.",
    "The letters of Freddy Mercury are lost.",
    "Stone 2 is older than Stone 3. William the Conqueror came in 1066.",
    "Between March and May the park is closed.",
    "See Stone, On Walls, 45.",
    "King William and William Shakespeare never met.",
    "stone = hall + young  # the grace period",
    "The doi is https://doi.org/10.1037/0003-066X.59.1.29.",
    "It weighs 1.989 x 10^30 kg; see pages 145–167, version 2.11.4, on 12 October 1998.",
    "There were 192 participants (p < .001) in 2019.",
]


@pytest.mark.parametrize("text", STANDING)
def test_ordinary_words_cited_authors_and_famous_people_stay(text: str) -> None:
    assert hide(text).text == text


def test_every_form_of_one_person_gets_the_same_placeholder() -> None:
    result = hide("Ferdinando Coronado came. I thanked Ferdinando. F. Coronado left. FERDINANDO CORONADO is gone.")
    assert {finding.replacement for finding in result.findings} == {"[Student 1]"}


def test_two_people_of_one_given_name_are_told_apart_by_what_the_text_says() -> None:
    roster = course([member("Ferdinando", "Zimmer")])
    result = hide("I met Ferdinando Zimmer. I thanked Ferdinando for it. Coronado was away.", roster)
    assert result.text == "I met [Student 1]. I thanked [Student 1] for it. [Student 2] was away."


def test_roles_are_told_apart_and_titles_go_with_the_name() -> None:
    assert hide("I asked Prof. Barbara Brown and Florence Hall.").text == "I asked [Teacher 1] and [Student 1]."


def test_people_of_an_author_who_are_not_on_the_roster_are_hidden_and_stay_one_person() -> None:
    result = hide("My sister Jitka Vrbová helped. Later Jitka left. I asked my manager Mr. Morrison.")
    assert result.text == "My sister [Person 1] helped. Later [Person 1] left. I asked my manager [Person 2]."


def test_other_names_of_the_author_are_hidden_too() -> None:
    result = hide("Prepared by Zuzka Nováková.", extra_author_names=("Zuzka Nováková",))
    assert result.text == "Prepared by [Student 1]."
    assert result.findings[0].person_key == AUTHOR.user_id


def test_a_doubtful_place_is_listed_and_left_standing() -> None:
    result = hide("The archive in Florence holds the letters.")
    assert [(finding.certainty, finding.hidden) for finding in result.findings] == [("uncertain", False)]
