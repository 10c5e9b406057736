"""The assignment, and twelve essays as their authors would hand them in."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

_HERE: Final = files(__package__ or "lti_tool.demo.course")
_WORK: Final = (
    ("mira-okafor", "docx", "okafor_mira_essay FINAL.docx"),
    ("tomas-garcia-marquez", "pdf", "Essay García Márquez.pdf"),
    ("grace-young", "txt", "grace young lying.txt"),
    ("anneke-van-der-berg", "md", "vdberg-essay.md"),
    ("jean-luc-moreau", "docx", "Moreau_Ethics1.docx"),
    ("priya-raghunathan", "pdf", "priya_r_lying.pdf"),
    ("will-stone", "txt", "essay.txt"),
    ("zoe-lindqvist", "md", "lindqvist.md"),
    ("haruto-tanaka", "docx", "Tanaka Haruto - Is it ever right to lie.docx"),
    ("fatima-al-sayed", "pdf", "AlSayed_Fatima.pdf"),
    ("bartlomiej-wojcik", "pasted", ""),
    ("naledi-dlamini", "pasted", ""),
)


@dataclass(frozen=True, slots=True)
class AssignmentBrief:
    """What the teacher asks for."""

    title: str
    description: str
    points: int


@dataclass(frozen=True, slots=True)
class SampleWork:
    """One essay: who wrote it, how it comes, and the text that stands in it."""

    person_key: str
    kind: str
    """docx, pdf, txt, md or pasted."""
    file_name: str
    text: str

    @property
    def content(self) -> bytes:
        """The file; for a pasted essay, its text."""
        if self.kind in ("docx", "pdf"):
            return _HERE.joinpath("files", f"{self.person_key}.{self.kind}").read_bytes()
        return self.text.encode()


def assignment_brief() -> AssignmentBrief:
    """The assignment of the demonstration."""
    return AssignmentBrief(
        title="Is it ever right to lie?",
        description=(
            "Write an essay of 150 to 400 words. Take a position, give reasons for it, use at least one author from "
            "the reading list (Kant, Mill, Bok), and answer one objection."
        ),
        points=20,
    )


def sample_work() -> tuple[SampleWork, ...]:
    """Twelve essays of different quality, by twelve students."""
    return tuple(
        SampleWork(key, kind, name, _HERE.joinpath("essays", f"{key}.txt").read_text(encoding="utf-8"))
        for key, kind, name in _WORK
    )
