"""What a class writes and who is in it: each sentence stands in one place of the world alone, so that it can be traced.

Words around the sentences make the texts long enough to be assessed.
"""

import io
import zipfile
from collections.abc import Iterable

import docx

from lti_tool.demo.course import Person, people
from tests.grading.extraction import files
from tests.journeys.hunt.needles import Needle, Place

PROVIDER = frozenset({Place.PROVIDER})
COURSE_MATERIAL = frozenset({Place.PROVIDER, Place.DATABASE})

IN_WORD = "a lighthouse keeper swallows his own lantern every autumn"
IN_COMMENT = "ask whether the lantern metaphor survives translation"
IN_PDF = "seven borrowed umbrellas cannot forgive the honest rain"
IN_PASTE = "pale accordion weather settles over whispering orchards"
IN_DRAFT = "this half finished notion about velvet staircases goes away"
IN_REFUSED = "nobody shall read the parchment of the broken upload"
IN_CRASH = "the staircase collapsed while quoting marmalade theorems"
FEEDBACK = "your lantern paragraph deserves a bolder closing gesture"
REASON = "overruled since the umbrella objection was undervalued"
PROMPT = "weigh candour above ornament when marking zeppelin essays"
TASK = "argue from at least one thinker about zeppelin honesty"
RUBRIC = "names a counterexample involving a zeppelin captain"
BATCH_NOTE = "spring zeppelin cohort goes first"
QUEUE_NOTE = "waiting since the zeppelin holiday"
WORD_NAME = "okafor_mira lighthouse FINAL.docx"
PDF_NAME = "Essay García Márquez umbrellas.pdf"
SOUGHT = "accordion"
PASSWORD = "a password for the hunt only"
FILLER = (
    "Honesty binds us because trust is slow to grow. However, Kant allows no exception, and I object: imagine a "
    "friend in danger. Therefore the rule needs a limit. Suppose that a guard asks where she hides; admittedly some "
    "say that silence is enough. "
)


def word_file(author: Person) -> bytes:
    """A Word document with its author in text and properties, and a comment in the margin."""
    document = docx.Document()
    document.core_properties.author = author.name
    document.core_properties.last_modified_by = author.email
    for text in (f"By {author.name}, {author.sourcedid}", FILLER, f"In the story {IN_WORD}.", _thanks()):
        document.add_paragraph(text)
    buffer = io.BytesIO()
    document.save(buffer)
    comments = (
        f'<w:comments xmlns:w="{files.WORD}"><w:comment w:id="1" w:author="{author.name}"><w:p><w:r><w:t>{IN_COMMENT}'
        "</w:t></w:r></w:p></w:comment></w:comments>"
    )
    role = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"
    with zipfile.ZipFile(buffer) as archive:
        entries: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
    relations = "word/_rels/document.xml.rels"
    entry = f'<Relationship Id="rIdC" Type="{role}" Target="comments.xml"/></Relationships>'.encode()
    entries[relations] = bytes(entries[relations]).replace(b"</Relationships>", entry)
    return files.zipped(entries | {"word/comments.xml": comments})


def pdf_file(author: Person) -> bytes:
    """A PDF with its author in the properties."""
    lines = [f"Name: {author.name}", *FILLER.split(". "), f"We say that {IN_PDF}.", author.email]
    return files.pdf([lines], author=author.name)


def pasted(author: Person, peer: Person, teacher: Person) -> str:
    """A text that names its author, a classmate and the teacher, and says how to reach the author."""
    return (
        f"{author.name}\n\n{FILLER}\n\nMostly {IN_PASTE}. I thank {peer.name} and Professor {teacher.family_name} for "
        f"advice. Reach me at {author.email} or under {author.sourcedid}."
    )


def _thanks() -> str:
    return "Thanks to Haruto Tanaka and to Professor Teachwell, who read it first."


def needles(word: bytes, pdf: bytes) -> list[Needle]:
    """Everything that the hunt looks for."""
    sent = {IN_WORD: "Word", IN_PDF: "PDF", IN_PASTE: "paste"}
    kept = {
        IN_COMMENT: "comment",
        IN_DRAFT: "draft",
        IN_REFUSED: "refused file",
        IN_CRASH: "crash",
        FEEDBACK: "feedback",
        REASON: "reason",
        WORD_NAME: "Word file name",
        PDF_NAME: "PDF file name",
        PASSWORD: "password",
    }
    material = {PROMPT: "prompt", TASK: "task", RUBRIC: "rubric"}
    # Notes of administrators are about how work is run, and shown to administrators alone.
    notes = {BATCH_NOTE: "batch note", QUEUE_NOTE: "queue note"}
    return [
        *(Needle(f"sentence: {label}", text, PROVIDER) for text, label in sent.items()),
        *(Needle(f"sentence: {label}", text) for text, label in kept.items()),
        *(Needle(f"material: {label}", text, COURSE_MATERIAL) for text, label in material.items()),
        *(Needle(f"note: {label}", text, frozenset({Place.DATABASE})) for text, label in notes.items()),
        *(Needle(f"bytes: {name}", part) for name, whole in (("Word", word), ("PDF", pdf)) for part in _slices(whole)),
        Needle("searched word", f" {SOUGHT} ", PROVIDER),
        *_of_people(people()),
    ]


def _slices(whole: bytes) -> list[bytes]:
    """Pieces of a file from its inside, where no other file of its kind has the same bytes."""
    middle = len(whole) // 2
    return [whole[middle - 400 : middle - 376], whole[middle + 300 : middle + 324]]


def _of_people(everyone: Iterable[Person]) -> list[Needle]:
    found = [Needle(f"name: {name}", name) for name in ("Okafor", "Naledi", "Dlamini", "Tomás", "Márquez", "Teachwell")]
    for person in everyone:
        found += [
            Needle(f"name: {person.key}", person.name),
            Needle(f"e-mail: {person.key}", person.email),
            Needle(f"user name: {person.key}", person.username),
            Needle(f"number: {person.key}", person.sourcedid),
            # The key under which the LMS knows somebody stands in one column, and must be found there.
            Needle(f"subject: {person.key}", person.user_id, frozenset({Place.DATABASE})),
        ]
    return found
