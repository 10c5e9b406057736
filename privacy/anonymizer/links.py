"""E-mail addresses, personal links, user names and home directories."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.anonymizer.candidate import Candidate, Reading
from privacy.anonymizer.cues import Cue
from privacy.anonymizer.model import Certainty, FindingType
from privacy.anonymizer.roster import CompiledRoster
from privacy.anonymizer.words import FUNCTION_WORDS, NAME_WORDS, word_set

_HOST = re.compile(r"@[\w-]+(?:\.[\w-]+)+")
_AT = r"\s*[\[({<]\s*(?:at|AT|@)\s*[\])}>]\s*"
_DOT = r"(?:\s*[\[({<]\s*(?:dot|DOT)\s*[\])}>]\s*|\s+(?:dot|DOT)\s+)"
_SPELT_HOST = re.compile(
    rf"(?:(?:{_AT}|[ ]@[ ]?|@[ ])[\w-]+(?:(?:{_DOT}|\.)[\w-]+)+|\s+(?:at|AT)\s+[\w-]+(?:{_DOT}[\w-]+)+)"
)
_BRACKETS = "[({<"
_BRACKETED_AT = re.compile(r"[\[({<]\s*(?:at|AT|@)\s*[\])}>]")
_WORD_AT = re.compile(rf"\s(?:at|AT)\s+[\w-]+{_DOT}")
_LOCAL_MARKS = ".+%'-"
_LONGEST_LOCAL = 64
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'`]+")
_BARE_URL = re.compile(r"\.[a-z]{2,6}/[^\s<>\"'`]*")
_HOST_END = re.compile(r"[\w.-]+$")
_PROFILE_HOSTS = word_set("""
    github.com gist.github.com gitlab.com bitbucket.org codeberg.org linkedin.com instagram.com twitter.com x.com
    facebook.com fb.com tiktok.com medium.com youtube.com reddit.com t.me sites.google.com docs.google.com
    drive.google.com notion.so behance.net dribbble.com kaggle.com codepen.io replit.com stackoverflow.com
    huggingface.co soundcloud.com vk.com pinterest.com about.me linktr.ee orcid.org researchgate.net twitch.tv
    snapchat.com threads.net bsky.app flickr.com vimeo.com quora.com goodreads.com strava.com steamcommunity.com
    scratch.mit.edu dev.to hackerrank.com leetcode.com academia.edu xing.com weibo.com open.spotify.com
    deviantart.com patreon.com ko-fi.com buymeacoffee.com tumblr.com last.fm discord.gg wa.me paypal.me venmo.com
    overleaf.com dropbox.com onedrive.live.com 1drv.ms figma.com canva.com trello.com calendly.com zoom.us loom.com
    mastodon.social
    """)
_PERSONAL_SUBDOMAINS = tuple(
    word_set("""
    .github.io .gitlab.io .wordpress.com .blogspot.com .wixsite.com .weebly.com .tumblr.com .substack.com
    .medium.com .netlify.app .vercel.app .herokuapp.com .itch.io .carrd.co .squarespace.com .webflow.io
    .livejournal.com .pages.dev .neocities.org .jimdofree.com .jimdosite.com .bandcamp.com .deviantart.com
    .home.blog .hashnode.dev .notion.site .replit.app .glitch.me .bearblog.dev .artstation.com .000webhostapp.com
    .sharepoint.com
    """)
)
_WAYMARKS = word_set("in pub user users u c channel profile view d document file folders people id add site watch r")
_PUBLIC_SLUGS = word_set("""
    python numpy pandas-dev tensorflow pytorch scikit-learn django pallets nodejs vuejs rails microsoft google
    facebook apple openai apache kubernetes docker golang rust-lang torvalds mozilla matplotlib scipy about explore
    topics search questions tags status playlist help terms privacy login signup home datasets models company school
    jobs pulse hashtag
    """)
_HOME = re.compile(r"(?:/home/|/Users/|\\Users\\|\\\\Users\\\\|Documents and Settings\\)([^\W_][\w.-]*)")
_SHARED_HOMES = word_set("public shared default user username admin root runner name me you student ubuntu all")
_HANDLE = re.compile(r"@(?<![\w@./]@)([A-Za-z_][\w.]{1,38}\w)")
_DIRECTIVES = word_set("""
    property staticmethod classmethod dataclass override overload abstractmethod cached_property contextmanager
    wraps pytest fixture param params parametrize return returns returns author since version see throws exception
    deprecated suppresswarnings functionalinterface test before after beforeeach aftereach autowired bean component
    service repository controller restcontroller getmapping postmapping entity table id column media import charset
    font keyframes supports page include interface end implementation synthesize objc available escaping main state
    binding published observedobject environmentobject published app njit jit lru_cache cache todo link type typedef
    module namespace file brief details note safevarargs inject input output here all everyone channel
    """)
_AFTER_LOGIN_CUE = re.compile(
    r"(?:[ \t]+(?:name|handle|username|user|account|id|tag|nick)\b)?"
    r"(?P<sep>[ \t]*(?::|=|-|–)[ \t]*[\"'“‘]?|[ \t]+(?:is|am|as|name)[ \t:]+[\"'“‘]?|[ \t]+[\"'“‘]?)"
    r"@?(?P<login>[A-Za-z][\w.-]{2,38})"
)


def emails(reading: Reading) -> Iterator[Candidate]:
    """E-mail addresses, written plainly or with the @ and dots spelt out."""
    text = reading.text
    anchors = []
    at = text.find("@")
    while at >= 0:
        start = _local_start(text, at, _LOCAL_MARKS)
        host = _HOST.match(text, at)
        if host and start < at and text[at - 1] not in ".%'":
            yield _email(text, start, host.end())
        if text[at - 1 : at] == " " or text[at + 1 : at + 2] == " ":
            anchors.append(at)
        at = text.find("@", at + 1)
    anchors += _bracketed_at(text)
    if " dot " in reading.folded.text:
        anchors += [anchor.start() for anchor in _WORD_AT.finditer(text)]
    for anchor in anchors:
        end = anchor
        while end > 0 and text[end - 1].isspace():
            end -= 1
        start = _local_start(text, end, ".+-")
        spelt = _SPELT_HOST.match(text, end)
        if spelt and end - start > 1:
            yield _email(text, max(start, end - _LONGEST_LOCAL), spelt.end())


def _bracketed_at(text: str) -> Iterator[int]:
    """Where an @ stands in brackets: "ana [at] example"."""
    for bracket in _BRACKETS:
        place = text.find(bracket)
        while place >= 0:
            if _BRACKETED_AT.match(text, place):
                yield place
            place = text.find(bracket, place + 1)


def _local_start(text: str, end: int, marks: str) -> int:
    start = end
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_" or text[start - 1] in marks):
        start -= 1
    return start


def _email(text: str, start: int, end: int) -> Candidate:
    key = f"e-mail:{text[start:end].casefold()}"
    return Candidate(start, end, FindingType.EMAIL, Certainty.CERTAIN, key, 90)


def _urls(text: str) -> Iterator[tuple[int, int]]:
    if "://" in text or "www." in text:
        for match in _URL.finditer(text):
            yield match.start(), match.end()
    for match in _BARE_URL.finditer(text):
        host = _HOST_END.search(text, max(0, match.start() - 60), match.start())
        if host and not text[max(0, host.start() - 3) : host.start()].endswith(("://", "@")):
            yield host.start(), match.end()


def _slug(url: str) -> tuple[int, int] | None:
    """Where in a link the part stands that names a person, if there is one."""
    skip = url.find("://") + 3 if "://" in url else 0
    cut = len(url) - skip - len(url[skip:].split("/", 1)[0])
    host = url[skip : len(url) - cut].casefold()
    bare = host.removeprefix("www.").removeprefix("m.")
    bare = bare.rstrip(".,;:!)]}")
    for ending in _PERSONAL_SUBDOMAINS:
        if bare.endswith(ending):
            start = skip + host.index(bare)
            return start, start + len(bare) - len(ending)
    place = skip + len(host) + 1
    profile = bare in _PROFILE_HOSTS or any(bare.endswith("." + known) for known in _PROFILE_HOSTS)
    segments = url[place:].split("/")
    for number, segment in enumerate(segments):
        name = re.split(r"[?#]", segment)[0].rstrip(".,;:!)]}")
        tilde = name.startswith(("~", "@")) or (number > 0 and segments[number - 1] in ("users", "people", "staff"))
        public = name.casefold() in _PUBLIC_SLUGS or (number == 0 and segments[1:2] == [name])
        if name and (tilde or (profile and name.casefold() not in _WAYMARKS)):
            start = place + (1 if name[0] in "~@" else 0)
            return None if public else (start, place + len(name))
        place += len(segment) + 1
    return None


def links(reading: Reading) -> tuple[list[Candidate], list[tuple[int, int]]]:
    """The person's part of personal links, and the stretches of all other links (cited pages, libraries)."""
    found, public = [], []
    for start, end in _urls(reading.text):
        slug = _slug(reading.text[start:end])
        if slug is None:
            public.append((start, end))
            continue
        first, last = start + slug[0], start + slug[1]
        key = f"link:{reading.text[first:last].casefold()}"
        found.append(Candidate(first, last, FindingType.LINK, Certainty.CERTAIN, key, 85))
    return found, public


def _directive(text: str, match: re.Match[str]) -> bool:
    """Whether an @word is a decorator, an annotation or a style rule and not somebody's handle."""
    if match.group(1).casefold().split(".")[0] in _DIRECTIVES:
        return True
    line_start = text.rfind("\n", 0, match.start()) + 1
    if text[line_start : match.start()].strip(" \t*"):
        return False
    after = text[match.end() : match.end() + 80]
    return (
        after.startswith("(")
        or re.match(r"[ \t]*\n[ \t]*(?:@|def |class |async |public |private |static |fn |func|export )", after)
        is not None
    )


def handles(reading: Reading, roster: CompiledRoster) -> Iterator[Candidate]:
    """Handles after an @, user names after a cue, and the owner of a home directory."""
    text = reading.text
    if "@" in text:
        called = {(hit.start, hit.end): hit.bearers for hit in reading.names}
        for match in _HANDLE.finditer(text):
            bearers = called.get(match.span(1))
            if bearers is not None and match.group(1)[0].isupper():
                # "@Ann, I agree": the person and not an account.
                people = tuple(number for number, _ in bearers.pairs)
                person = roster.people[people[0]]
                yield Candidate(*match.span(1), person.label, Certainty.LIKELY, person.key, 30, people)
            elif not _directive(text, match):
                yield _handle(text, match.start(1), match.end(1), Certainty.CERTAIN)
    if "sers" in text or "/home/" in text:
        for match in _HOME.finditer(text):
            if match.group(1).casefold() not in _SHARED_HOMES:
                yield _handle(text, match.start(1), match.end(1), Certainty.CERTAIN)
    for cue in reading.of(Cue.LOGIN):
        after = _AFTER_LOGIN_CUE.match(text, cue.end)
        if after:
            login = after.group("login").rstrip(".-")
            if _is_login(text, cue.start, after, login):
                yield _handle(text, after.start("login"), after.start("login") + len(login), Certainty.LIKELY)


def _is_login(text: str, cue_start: int, after: re.Match[str], login: str) -> bool:
    word = login.casefold()
    if any(character in "_0123456789" for character in login) or "." in login:
        return word not in _SHARED_HOMES and not word.endswith((".com", ".org", ".net", ".edu"))
    if word in FUNCTION_WORDS or word in _SHARED_HOMES or word in NAME_WORDS:
        return False
    separator = after.group("sep").strip()
    following = text[after.start("login") + len(login) :][:1]
    cue = text[cue_start : after.start()].casefold()
    named = separator[:1] in (":", "=") or separator[-1:] in ('"', "'", "“")
    told = " am" in cue or (separator in ("is", "am") and not cue.startswith(("user", "account")))
    return (
        login == word
        and (named or told)
        and following in ("", "\n", '"', "'", "”", ".", ",", ";", ")", " "[:0] or "\r")
    )


def _handle(text: str, start: int, end: int, certainty: Certainty) -> Candidate:
    return Candidate(start, end, FindingType.HANDLE, certainty, f"handle:{text[start:end].casefold()}", 40)
