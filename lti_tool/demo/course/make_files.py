"""Makes the Word and PDF files of the demonstration from its texts: `python -m lti_tool.demo.course.make_files`.

Needs python-docx and reportlab, which are development packages; the files themselves are part of the repository.
"""

from io import BytesIO
from pathlib import Path

from docx import Document
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

from lti_tool.demo.course import people, sample_work


def main() -> None:
    """Write every file anew."""
    names = {person.key: person.name for person in people()}
    folder = Path(__file__).with_name("files")
    makers = {"docx": make_docx, "pdf": make_pdf}
    for work in sample_work():
        if work.kind in makers:
            content = makers[work.kind](work.text, names[work.person_key])
            (folder / f"{work.person_key}.{work.kind}").write_bytes(content)


def make_docx(text: str, author: str) -> bytes:
    """A Word document with one paragraph per paragraph and its author in the properties."""
    document = Document()
    document.core_properties.author = author
    document.core_properties.last_modified_by = author
    for paragraph in text.split("\n\n"):
        document.add_paragraph(paragraph.replace("\n", " "))
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def make_pdf(text: str, author: str) -> bytes:
    """A PDF with one paragraph per paragraph and its author in the properties."""
    stream = BytesIO()
    style = getSampleStyleSheet()["BodyText"]
    document = SimpleDocTemplate(stream, pagesize=A4, author=author, title="Essay", invariant=1)
    story = []
    for paragraph in text.split("\n\n"):
        story += [Paragraph(paragraph.replace("\n", "<br/>"), style), Spacer(1, 8)]
    document.build(story)
    return stream.getvalue()


if __name__ == "__main__":
    main()
