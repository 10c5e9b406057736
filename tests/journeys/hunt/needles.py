"""What is planted, where each thing may lie, and how to find it however it is written down."""

import base64
import gzip
import quopri
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from json import dumps
from urllib.parse import quote, quote_plus

import ahocorasick


class Place(StrEnum):
    """Where the hunt looks."""

    DATABASE = "database"
    BROKER = "broker"
    LOG = "log"
    TEMP = "temp"
    DATA = "data"
    PROVIDER = "provider"
    ANSWER = "answer"
    """Pages that say that something went wrong."""


@dataclass(frozen=True)
class Needle:
    """Something planted, and the places in which it may be found."""

    label: str
    content: str | bytes
    allowed: frozenset[Place] = frozenset()


@dataclass(frozen=True, order=True)
class Found:
    """A needle in a place where it may not be."""

    place: Place
    where: str
    label: str


# Inflating stops here: no planted thing is longer, and a database is full of bytes that only look packed.
_MOST_UNPACKED = 4 * 1024 * 1024
_PACKED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|PK\x03\x04")


class Hunt:
    """All needles in all their spellings, in one automaton."""

    def __init__(self, needles: Iterable[Needle]) -> None:
        self._needles = list(needles)
        self._automaton = ahocorasick.Automaton()
        spelt: dict[str, set[int]] = {}
        for number, needle in enumerate(self._needles):
            for form in spellings(needle.content):
                spelt.setdefault(form.lower().decode("latin-1"), set()).add(number)
        for form, numbers in spelt.items():
            self._automaton.add_word(form, numbers)
        self._automaton.make_automaton()

    def search(self, place: Place, where: str, content: bytes) -> set[Found]:
        """What lies in these bytes, or in what they hold in packed form, and may not be there."""
        numbers: set[int] = set()
        for layer in (content, *unpacked(content)):
            for _, hits in self._automaton.iter(layer.lower().decode("latin-1")):
                numbers |= hits
        return {
            Found(place, where, self._needles[number].label)
            for number in numbers
            if place not in self._needles[number].allowed
        }


def spellings(content: str | bytes) -> set[bytes]:
    """The forms in which bytes or words may be written down."""
    if isinstance(content, bytes):
        return _of_bytes(content)
    plain = content.encode()
    forms = set(_of_bytes(plain))
    for variant in {content, content.upper(), content.lower()}:
        forms.add(variant.encode())
        for codec in ("utf-16-le", "utf-16-be", "utf-32-le", "cp1252"):
            forms.add(variant.encode(codec, "ignore"))
    escaped = dumps(content)[1:-1]
    forms |= {
        escaped.encode(),
        dumps(escaped)[1:-1].encode(),
        dumps(content, ensure_ascii=False)[1:-1].encode(),
        repr(plain)[2:-1].encode(),
        quote(content).encode(),
        quote(content, safe="").encode(),
        quote_plus(content).encode(),
        quote_plus(quote_plus(content)).encode(),
        quopri.encodestring(plain).replace(b"=\n", b""),
        "".join(letter if ord(letter) < 128 else f"&#{ord(letter)};" for letter in content).encode(),
        "".join(f"\\{byte:03o}" if byte > 126 else chr(byte) for byte in plain).encode(),
        plain.replace(b" ", b"_"),
    }
    return {form for form in forms if len(form) >= 5}


def _of_bytes(content: bytes) -> set[bytes]:
    forms = {content, content.hex().encode(), content.hex(" ").encode(), content.hex(":").encode()}
    for shift in range(3):
        # Only letters that come from our bytes alone: the first and last ones depend on the neighbours.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            written = encode(bytes(shift) + content).rstrip(b"=")
            forms.add(written[(0, 2, 3)[shift] : -1])
    return forms


def unpacked(content: bytes) -> Iterator[bytes]:
    """What is deflated inside: zlib and gzip streams and members of zip archives, wherever they begin."""
    for start in _PACKED.finditer(content):
        place = start.start()
        if start.group() == b"PK\x03\x04":
            name, extra = content[place + 26 : place + 28], content[place + 28 : place + 30]
            body = place + 30 + int.from_bytes(name, "little") + int.from_bytes(extra, "little")
            inflate = zlib.decompressobj(-15)
        else:
            body, inflate = place, zlib.decompressobj(47)
        try:
            inside = inflate.decompress(memoryview(content)[body : body + _MOST_UNPACKED], _MOST_UNPACKED)
        except zlib.error:
            continue
        if len(inside) > 4:
            yield inside


def packings(content: bytes) -> dict[str, bytes]:
    """One example of each way to write bytes down that the hunt must see through."""
    text = content.decode()
    return {
        "as it is": content,
        "utf-16": text.encode("utf-16-le"),
        "base64": base64.b64encode(b"x" + content),
        "hex": content.hex().encode(),
        "json": dumps(text).encode(),
        "percent": quote(text, safe="").encode(),
        "quoted-printable": quopri.encodestring(content),
        "zlib": b"\0\1" + zlib.compress(content),
        "gzip": gzip.compress(content),
    }
