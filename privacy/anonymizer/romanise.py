"""Names in other scripts: which of them are written without spaces, and how they are spelt in Latin letters.

The tables are for recognising a classmate's name, not for transliterating text: each letter has the spelling
met most often in passports and e-mail addresses.
"""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

from privacy.anonymizer.folding import fold_form
from privacy.anonymizer.han import readings

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _letters(spellings: str) -> list[str]:
    return spellings.split(" ")


_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґђјљњћџ",
        _letters("a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya i yi ye g dj j lj nj c dz"),
        strict=True,
    )
)
_GREEK = dict(
    zip("αβγδεζηθικλμνξοπρστυφχψω", _letters("a v g d e z i th i k l m n x o p r s t y f ch ps o"), strict=True)
)
_INITIAL = _letters("g kk n d tt r m b pp s ss  j jj ch k t p h")
_VOWEL = _letters("a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i")
_FINAL = _letters(" k k k n n n t l k m p l l p l m p p t t ng t t k t p t")
_KOREAN_FAMILIES = {
    "김": "kim", "이": "lee yi", "박": "park", "최": "choi", "정": "jung jeong chung", "강": "kang", "조": "cho jo",
    "윤": "yoon yun", "장": "jang chang", "임": "lim im", "한": "han", "오": "oh", "서": "seo suh", "신": "shin",
    "권": "kwon", "황": "hwang", "안": "ahn an", "송": "song", "유": "yoo yu", "홍": "hong", "전": "jeon",
    "고": "ko go", "문": "moon", "손": "son sohn", "양": "yang", "배": "bae", "백": "baek paik", "노": "noh roh",
}  # fmt: skip


def is_unspaced(name: str) -> bool:
    """Whether a name is in a script that puts no space between words, so that no boundary can be asked for."""
    return _UNSPACED.search(name) is not None


def _hangul(name: str) -> str:
    out = []
    for character in name:
        code = ord(character) - 0xAC00
        if 0 <= code < 11172:
            out.append(_INITIAL[code // 588] + _VOWEL[code % 588 // 28] + _FINAL[code % 28])
    return "".join(out)


def _by_table(name: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, "") for character in name)


_GREEK_PAIRS = (("ου", "ou"), ("αι", "ai"), ("ει", "ei"), ("οι", "oi"), ("μπ", "b"), ("ντ", "nt"), ("γγ", "ng"))


def _greek(name: str) -> str:
    for pair, latin in _GREEK_PAIRS:
        name = name.replace(pair, latin)
    return "".join(_GREEK.get(character, character) for character in name)


def romanisations(name: str) -> tuple[str, ...]:
    """Folded Latin spellings of a name written in Cyrillic, Greek or Hangul; empty for other scripts."""
    folded = unicodedata.normalize("NFC", fold_form(name))
    if not folded or folded.isascii():
        return ()
    if "가" <= folded[0] <= "힣":
        if len(folded) == 1 and folded in _KOREAN_FAMILIES:
            return tuple(_KOREAN_FAMILIES[folded].split())
        plain = _hangul(folded)
        return tuple({plain, plain.replace("eo", "u"), plain.replace("u", "oo"), plain.replace("eu", "u")})
    if is_unspaced(folded):
        return tuple(dict.fromkeys((*readings(folded), *_letter_by_letter(name))))
    if "α" <= folded[0] <= "ω":
        return tuple(dict.fromkeys((_greek(folded), *_letter_by_letter(name))))
    if "а" <= folded[0] <= "џ":
        # Folding would make и of й and ї.
        written = unicodedata.normalize("NFC", name.lower())
        return _with_variants(_by_table(written, _CYRILLIC))
    return _letter_by_letter(name)


def _letter_by_letter(name: str) -> tuple[str, ...]:
    """The Latin letters of a script that writes its vowels; empty for Arabic and Hebrew, which leave them out."""
    if _VOWELLESS.search(name):
        return ()
    latin = re.sub("[^a-z]", "", anyascii(name).lower())
    forms = (latin, latin.replace("th", "t").replace("ph", "p").replace("kh", "k")) if len(latin) > 2 else ()
    return tuple(dict.fromkeys(forms))


_VOWELLESS = re.compile("[\u0590-\u07bf]")


# Other customs of writing Cyrillic in Latin letters.
_CUSTOMS = (
    ("iya", "ia"), ("iy", "y"), ("iy", "i"), ("kh", "h"), ("ks", "x"), ("yu", "iu"), ("ya", "ia"), ("zh", "j"),
    ("sh", "s"), ("ch", "c"), ("g", "h"), ("yi", "i"),
)  # fmt: skip


def _with_variants(latin: str) -> tuple[str, ...]:
    forms = {latin}
    for ours, theirs in _CUSTOMS:
        forms |= {form.replace(ours, theirs) for form in forms}
    if latin.startswith(("y", "i")):
        forms |= {"j" + form[1:] for form in forms if form[0] == "y"}
    return tuple(sorted(forms))


_CONSONANTS = {
    "arabic": (
        "ب ت ث ج ح خ د ذ ر ز س ش ص ض ط ظ غ ف ق ك ل م ن ه پ چ گ ک ژ",
        "b t t j h k d d r s s s s d t s g p k k l m n h p c g k j",
    ),
    "hebrew": ("ב ג ד ז ח ט כ ך ל מ ם נ ן ס פ ף צ ץ ק ר ש ת ה", "b g d s h t k k l m m n n s p p s s k r s t h"),
    "devanagari": (
        "क ख ग घ ङ च छ ज झ ञ ट ठ ड ढ ण त थ द ध न प फ ब भ म र ल श ष स ह व",
        "k k g g n c c j j n t t d d n t t d d n p p b b m r l s s s h b",
    ),
    "thai": (
        "ก ข ค ฆ ง จ ฉ ช ซ ฌ ญ ฎ ฏ ฐ ฑ ฒ ณ ด ต ถ ท ธ น บ ป ผ ฝ พ ฟ ภ ม ร ล ศ ษ ส ห ฬ ฮ",
        "k k k k n j c c s c n d t t t t n d t t t t n b p p p p p p m r l s s s h l h",
    ),
}
_SKELETON = {
    letter: latin
    for letters, latins in _CONSONANTS.values()
    for letter, latin in zip(letters.split(), latins.split(), strict=True)
}
_LATIN_SOUNDS = (
    ("sch", "s"), ("sh", "s"), ("kh", "k"), ("gh", "g"), ("th", "t"), ("dh", "d"), ("ph", "p"), ("bh", "b"),
    ("ck", "k"), ("ch", "ç"), ("ce", "s"), ("ci", "s"), ("c", "k"), ("ç", "c"), ("q", "k"), ("x", "ks"), ("z", "s"),
    ("ng", "n"), ("wh", "w"), ("f", "p"), ("v", "b"),
)  # fmt: skip
_INDIC = re.compile("[\u0980-\u0dff]")
_VOWELS = re.compile("[aeiouyw]")


_FIRST_SOUNDS = {"q": "k", "x": "k", "z": "s", "f": "p", "v": "b", "c": ""}


def first_consonant(name: str) -> str:
    """The first letter of the skeleton of a Latin name, or "" where only the skeleton itself tells."""
    letter = name[:1].lower()
    return "" if letter in "aeiouyw" else _FIRST_SOUNDS.get(letter, letter)


def skeletons(name: str) -> tuple[str, ...]:
    """All skeletons of a name in another script: one Arabic letter is a d in some countries and a z in others."""
    return tuple(dict.fromkeys((skeleton(name), skeleton(name.replace("ض", "ز")))))


def skeleton(name: str) -> str:
    """The consonants of a name, roughly: the same for فاطمة and Fatima, for शर्मा and Sharma."""
    folded = fold_form(name).replace(" ", "")
    if any(character in _SKELETON for character in folded):
        latin = "".join(_SKELETON.get(character, "") for character in folded)
        # A final h is the feminine ending in Arabic and Hebrew and is not written in Latin letters.
        latin = latin[:-1] if latin.endswith("h") and len(latin) > 2 else latin
    else:
        latin = folded if folded.isascii() else re.sub("[^a-z]", "", anyascii(name).lower())
        if _INDIC.search(name):
            # The letter that is written "ch" elsewhere.
            latin = latin.replace("ch", "c").replace("c", "ch")
        for written, sound in _LATIN_SOUNDS:
            latin = latin.replace(written, sound)
        latin = _VOWELS.sub("", latin)
        latin = latin[:-1] if latin.endswith("h") and len(latin) > 2 else latin
    return re.sub(r"(.)\1+", r"\1", latin)
