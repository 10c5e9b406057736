"""Making papers: frames are filled with people, and where everybody stands is written down."""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass, field

from privacy.anonymizer import RosterMember
from tests.privacy.anonymizer.papers import frames
from tests.privacy.anonymizer.papers.names import NAMES, NICKNAMES, PRIVATE, TEACHERS, Name, Somebody

# The forms in which a name is not written as it stands on the roster.
VARIANT_FORMS = frozenset({"nickname", "typo", "nodiac", "bent", "file", "joined"})
HARD_FORMS = frozenset({"translit"})
_SLOT = re.compile(r"\{(\w+):(\w+)\}|⟦(?:(\w+)\|)?([^⟧]+)⟧")
_CITED = ("cite", "cite_in", "cite_al", "cite_and", "cite_page", "cite_poss")


@dataclass(frozen=True, slots=True)
class Planted:
    """A place that identifies somebody. `tier` is 1 for exact forms, 2 for variants, 3 for hard ones."""

    start: int
    end: int
    who: str
    kind: str
    form: str
    tier: int
    group: str


@dataclass(frozen=True, slots=True)
class Trap:
    """A place that must stay. `collide` tells that it looks like somebody on the roster."""

    start: int
    end: int
    kind: str
    collide: bool


@dataclass(slots=True)
class Paper:
    """A paper with its course and all that is known about it."""

    text: str
    file_name: str
    author: str
    roster: tuple[RosterMember, ...]
    planted: list[Planted] = field(default_factory=list)
    traps: list[Trap] = field(default_factory=list)


def plain(text: str) -> str:
    """Latin letters without diacritics."""
    special = text.translate(str.maketrans("øłđðþæıßØŁĐÞÆ", "olddtaisOLDTA"))
    return "".join(c for c in unicodedata.normalize("NFKD", special) if not unicodedata.combining(c))


def _slug(text: str) -> str:
    return re.sub("[^a-z0-9]", "", plain(text).lower())


def latin(name: Name) -> tuple[str, str]:
    """Given and family name as others write them in Latin letters."""
    return name.latin if name.latin[0] else (name.given, name.family)


def somebody(name: Name, role: str, draw: random.Random) -> Somebody:
    """A roster entry for a name, with the addresses and numbers that a school would give."""
    given, family = map(_slug, latin(name))
    login = draw.choice([f"{given}.{family}", f"{given[:1]}{family}{draw.randint(1, 99)}", f"{family}{given[:2]}"])
    login = login.strip(".") if len(login.strip(".")) > 4 else f"{given}{family}{draw.randint(100, 999)}"
    number = draw.choice(["A{:08d}", "{:07d}", "u{:06d}", "22-{:05d}"]).format(draw.randint(10_000, 99_999))
    member = RosterMember(
        user_id=f"{draw.getrandbits(64):016x}",
        role=role,
        name=name.whole,
        given_name=name.given,
        family_name=name.family,
        email=f"{login}@{draw.choice(['harbour.example', 'students.harbour.example'])}",
        username=login,
        sourcedid=number,
    )
    return Somebody(member, name)


def course(draw: random.Random, size: int = 30) -> tuple[list[Somebody], list[Somebody]]:
    """Students and teachers. A course larger than the list of names gets new pairs of given and family names."""
    names = draw.sample(NAMES, min(size, len(NAMES)))
    latin_names = [name for name in NAMES if name.group in ("plain", "wordlike", "famous", "diacritics")]
    while len(names) < size:
        first, second = draw.choice(latin_names), draw.choice(latin_names)
        names.append(Name(first.given, second.family, "plain"))
    students = [somebody(name, "student", draw) for name in names]
    return students, [somebody(name, "teacher", draw) for name in draw.sample(TEACHERS, 2)]


def _typo(word: str, draw: random.Random) -> str:
    place = draw.randint(1, len(word) - 3)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _written(name: Name, form: str, draw: random.Random) -> str:
    """A name in one form; forms that a name does not have fall back to the whole name."""
    given, family, whole = name.given, name.family or name.given, name.whole
    latin_given, latin_family = latin(name)
    alone = not name.family or len(name.family) < 2 or name.group == "nonlatin"
    swapped = whole.split()[-1] if len(whole.split()[-1]) > 5 and name.group != "nonlatin" else ""
    bent = draw.choice(name.bent) if name.bent else whole
    table = {
        "full": whole,
        "first": given,
        "last": family if not alone else whole,
        "last_first": whole if alone else f"{family}, {given}",
        "initial_last": whole if alone else f"{given[0]}. {family}",
        "first_initial": whole if alone else f"{given} {family[0]}.",
        "upper": whole.upper(),
        "lower": whole.lower(),
        "nbsp": whole.replace(" ", "\u00a0", 1),
        "linebreak": whole.replace(" ", "\n", 1),
        "title_last": f"{draw.choice(['Dr.', 'Professor', 'Ms.', 'Prof.'])} {family}",
        "title_full": f"{draw.choice(['Dr.', 'Professor', 'Prof. Dr.'])} {whole}",
        "nickname": NICKNAMES.get(given, whole),
        "typo": whole.replace(swapped, _typo(swapped, draw)) if swapped else whole,
        "nodiac": plain(whole) if name.group != "nonlatin" else whole,
        "bent": bent,
        "file": f"{plain(latin_given)}{plain(latin_family)}_data.csv".replace(" ", ""),
        "joined": f"{plain(latin_given)}_{plain(latin_family)}".replace(" ", "").lower().strip("_"),
        "translit": f"{latin_given} {latin_family}".strip(),
    }
    return table[form]


def _detail(person: Somebody, form: str, draw: random.Random) -> tuple[str, str]:
    """A personal detail and its kind."""
    slug = _slug(latin(person.name)[0])
    city, street = draw.choice(["Leeds", "Dayton", "Porto", "Brno"]), draw.choice(["Alder", "Quarry", "Mill"])
    table = {
        "email": ("email", person.member.email),
        "id": ("id", person.member.sourcedid),
        "address": ("address", f"{draw.randint(2, 199)} {street} {draw.choice(['Street', 'Road', 'Lane'])}, {city}"),
        "phone": ("phone", draw.choice(["+44 7911 123456", "(415) 555-2671", "0171 5550123", "+351 912 345 678"])),
        "birth": ("birth", draw.choice(["4 July 2003", "12.11.2001", "1999-08-30", "March 9, 2004"])),
        "url": ("url", f"{slug}-dev"),
        "blog": ("url", f"{slug}77"),
        "handle": ("handle", f"{slug}_{draw.randint(10, 99)}"),
        "user": ("handle", person.member.username),
    }
    return table[form]


def _citation(name: Name, form: str, draw: random.Random) -> tuple[str, str]:
    """A cited author with a classmate's family name: the family name, and the frame around it with {}."""
    family, initial, year = name.family, draw.choice("ABDEHKLMP"), draw.randint(1978, 2022)
    other = draw.choice(["Lindgren", "Osei", "Marchetti"])
    table = {
        "cite": f"{{}} ({year})",
        "cite_in": f"{{}}, {year}; {other}, {year - 3}",
        "cite_al": f"{{}} et al. ({year})",
        "cite_and": f"{{}} & {other} ({year})",
        "cite_page": f"{{}} {draw.randint(2, 400)}",
        "cite_poss": f"{{}}'s ({year})",
        "ref_apa": f"{{}}, {initial}. ({year})",
        "ref_apa2": f"{{}}, {initial}. K., & {other}, T. ({year})",
        "ref_mla": f"{{}}, {draw.choice(['Agnieszka', 'Ottoline', 'Cuthbert'])}",
        "ref_chicago": f"{{}}, {draw.choice(['Agnieszka', 'Ottoline', 'Cuthbert'])} B., and Per {other}",
        "ref_ieee": f"{initial}. {{}} and T. {other}",
    }
    return family, table[form]


class _Writer:
    """Fills frames one after the other and keeps track of the places."""

    def __init__(self, paper: Paper, cast: dict[str, Somebody], draw: random.Random) -> None:
        self.paper, self.cast, self.draw = paper, cast, draw
        self.tokens = {
            token for member in paper.roster for token in re.split(r"\W+", plain(member.name).lower()) if token
        }

    def add(self, frame: str) -> None:
        place = 0
        for slot in _SLOT.finditer(frame):
            self.paper.text += frame[place : slot.start()]
            place = slot.end()
            who, form, kind, standing = slot.groups()
            if standing:
                self._trap(standing, kind or "word")
            elif who == "c":
                self._cite(form)
            elif who == "x":
                self._plant(self.draw.choice(PRIVATE), "x", "other", "private", 3, "-")
            else:
                self._person(self.cast[who], form)
        self.paper.text += frame[place:]

    def _trap(self, standing: str, kind: str) -> None:
        start = len(self.paper.text)
        self.paper.text += standing
        collide = any(token in self.tokens for token in re.split(r"\W+", plain(standing).lower()))
        self.paper.traps.append(Trap(start, start + len(standing), kind, collide))

    def _cite(self, form: str) -> None:
        family, frame = _citation(self.cast["c"].name, form, self.draw)
        before, after = frame.split("{}")
        self.paper.text += before
        self._trap(family, "cite" if form in _CITED else "reference")
        self.paper.text += after

    def _person(self, person: Somebody, form: str) -> None:
        if form in ("email", "id", "address", "phone", "birth", "url", "blog", "handle", "user"):
            kind, surface = _detail(person, form, self.draw)
            self._plant(surface, person.member.user_id, kind, form, 1, "-")
            return
        surface = _written(person.name, form, self.draw)
        tier = 2 if form in VARIANT_FORMS else 3 if form in HARD_FORMS else 1
        if surface == person.name.whole:
            tier = 1
        self._plant(surface, person.member.user_id, person.member.role, form, tier, person.name.group)

    def _plant(self, surface: str, who: str, kind: str, form: str, tier: int, group: str) -> None:
        start = len(self.paper.text)
        self.paper.text += surface
        self.paper.planted.append(Planted(start, len(self.paper.text), who, kind, form, tier, group))


def write_paper(
    students: list[Somebody], teachers: list[Somebody], draw: random.Random, *, sentences: int = 30, prose: int = 0
) -> Paper:
    """One paper by a member of a course: `sentences` that say something, each after `prose` that name nobody."""
    me, p, q, r = draw.sample(students, 4)
    citable = [
        one for one in students if one.name.group in ("plain", "famous", "diacritics") and one not in (me, p, q, r)
    ]
    cast = {"me": me, "p": p, "q": q, "r": r, "t": draw.choice(teachers), "c": draw.choice(citable)}
    given, family = latin(me.name)
    name = draw.choice(frames.FILE_NAMES).format(
        given=given, family=family, user=me.member.username, id=me.member.sourcedid, initial=given[0]
    )
    roster = tuple(one.member for one in (*students, *teachers))
    paper = Paper("", name, me.member.user_id, roster)
    writer = _Writer(paper, cast, draw)
    if draw.random() < 0.9:
        writer.add(draw.choice(frames.HEADERS) + "\n\n")
    if draw.random() < 0.2:
        writer.add(draw.choice(frames.CODE) + "\n\n")
    if draw.random() < 0.3:
        writer.add(draw.choice(frames.THREADS) + "\n\n")
    kinds = (frames.PEERS, frames.TRAPS, frames.VARIANTS, frames.TEACHING, frames.DETAILS, frames.CITATIONS)
    for number in range(sentences):
        pool = draw.choices((*kinds, frames.PRIVATE_PEOPLE), weights=(5, 14, 2, 1, 1, 4, 0.3))[0]
        for _ in range(prose):
            writer.add(draw.choice(frames.PROSE) + " ")
        frame = draw.choice(pool)
        if frame[-1] not in ".!?)":
            # No sentence: it has a line to itself.
            paper.text = paper.text.rstrip(" ") + "\n"
            frame += "\n"
        writer.add(frame)
        paper.text += "\n\n" if number % 6 == 5 else " " * (not paper.text.endswith("\n"))
        others = draw.sample([one for one in students if one is not me], 3)
        cast.update(zip("pqr", others, strict=True), c=draw.choice(citable), t=draw.choice(teachers))
    if draw.random() < 0.6:
        paper.text += f"\n\n{draw.choice(['References', 'Works Cited', 'Bibliography'])}\n\n"
        for reference in draw.sample(frames.REFERENCES, 3):
            cast["c"] = draw.choice(citable)
            writer.add(reference)
            paper.text += "\n"
    if draw.random() < 0.7:
        writer.add("\n\n" + draw.choice(frames.ENDINGS) + "\n")
    return paper
