"""Factories for files, good and hostile, made on the spot."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import docx
import pypdf
from reportlab.pdfgen import canvas

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_ROLE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ODF_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing", "style": "style",
        "fo": "xsl-fo-compatible", "meta": "meta",
    }.items()
)  # fmt: skip
_ODT_TYPE = "application/vnd.oasis.opendocument.text"


def zipped(entries: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive with these entries, in order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else method
            archive.writestr(name, content, stored)
    return buffer.getvalue()


def raw_docx(
    body: str, parts: Mapping[str, str] | None = None, extra: Mapping[str, bytes | str] | None = None
) -> bytes:
    """A Word document from the XML inside its body, with more parts by role ("header", "comments", ...)."""
    parts = parts or {}
    spaces = (
        f'xmlns:w="{WORD}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
        'xmlns:v="urn:schemas-microsoft-com:vml" '
        'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    )
    entries: dict[str, bytes | str] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations({"officeDocument": "word/document.xml"}),
        "word/document.xml": f"<w:document {spaces}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": relations({role: f"{role}.xml" for role in parts}),
    }
    entries |= {f"word/{role}.xml": content.replace("SPACES", spaces) for role, content in parts.items()}
    return zipped(entries | dict(extra or {}))


def relations(targets: Mapping[str, str], *, external: bool = False) -> str:
    """The XML that says what a part of a Word document refers to, by role."""
    mode = ' TargetMode="External"' if external else ""
    inside = "".join(
        f'<Relationship Id="r{number}" Type="{_ROLE}/{role}" Target="{target}"{mode}/>'
        for number, (role, target) in enumerate(targets.items())
    )
    return f'<Relationships xmlns="{_RELATIONS}">{inside}</Relationships>'


def paragraph(*texts: str, properties: str = "") -> str:
    """A Word paragraph of plain runs."""
    runs = "".join(f"<w:r><w:t>{text}</w:t></w:r>" for text in texts)
    return f"<w:p>{properties}{runs}</w:p>"


def run(text: str, properties: str) -> str:
    """A Word run with properties."""
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def office_docx(paragraphs: Iterable[str], author: str = "") -> bytes:
    """A Word document as a library writes it."""
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    document.core_properties.author = author
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def odt(body: str, *, styles: str = "", margins: str = "", meta: str = "", manifest: str = "<manifest/>") -> bytes:
    """An OpenDocument text from the XML inside its body, its automatic styles and its header and footer."""
    return zipped(
        {
            "mimetype": _ODT_TYPE,
            "content.xml": f"<office:document-content {_ODF_SPACES}><office:automatic-styles>{styles}"
            f"</office:automatic-styles><office:body><office:text>{body}</office:text></office:body>"
            "</office:document-content>",
            "styles.xml": f"<office:document-styles {_ODF_SPACES}>{margins}</office:document-styles>",
            "meta.xml": f"<office:document-meta {_ODF_SPACES} xmlns:dc='dc'>{meta}</office:document-meta>",
            "META-INF/manifest.xml": manifest,
        }
    )


def pdf(pages: Iterable[Iterable[str]], author: str | None = None) -> bytes:
    """A PDF with these lines on each page; an empty line leaves its space."""
    buffer = io.BytesIO()
    paper = canvas.Canvas(buffer)
    if author is not None:
        paper.setAuthor(author)
    for lines in pages:
        text = paper.beginText(72, 760)
        text.setFont("Helvetica", 11)
        for line in lines:
            text.textLine(line)
        paper.drawText(text)
        paper.showPage()
    paper.save()
    return buffer.getvalue()


def encrypted_pdf(password: str) -> bytes:
    """A PDF that opens only with a password."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf([["Nobody may read this sentence."]])))
    writer.encrypt(password, algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def pdf_of_objects(objects: Iterable[bytes]) -> bytes:
    """A PDF put together from its objects; the first is the catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, table)
    return bytes(out)


def pdf_of_pages(count: int) -> bytes:
    """A PDF of so many empty pages."""
    kids = b" ".join(b"%d 0 R" % number for number in range(3, count + 3))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>"
    return pdf_of_objects(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)]
        + [page] * count
    )


def pdf_with_stream(unpacked_bytes: int) -> bytes:
    """A PDF whose one page has a content stream that unpacks to so many bytes of nothing."""
    packer = zlib.compressobj(9)
    block = b" " * (1 << 20)
    packed = b"".join(packer.compress(block) for _ in range(unpacked_bytes >> 20)) + packer.flush()
    return pdf_of_objects(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 4 0 R >>",
            b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed) + packed + b"\nendstream",
        ]
    )


def notebook(*cells: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> bytes:
    """A Jupyter notebook of format 4."""
    return json.dumps({"cells": cells, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def password_docx() -> bytes:
    """What Word writes for a document with a password: an OLE container with an encrypted package inside."""
    directory_entry = "EncryptedPackage".encode("utf-16-le")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + directory_entry + bytes(480)


def with_lying_size(archive: bytes, name: str, claimed: int) -> bytes:
    """The archive with the unpacked size of one entry falsified in its directory."""
    changed = bytearray(archive)
    place = changed.rindex(name.encode()) - 46
    struct.pack_into("<I", changed, place + 24, claimed)
    return bytes(changed)


def with_symbolic_link(archive: bytes, name: str, target: str) -> bytes:
    """The archive with one more entry: a symbolic link."""
    buffer = io.BytesIO(archive)
    with zipfile.ZipFile(buffer, "a") as opened:
        link = zipfile.ZipInfo(name)
        link.create_system, link.external_attr = 3, 0o120777 << 16
        opened.writestr(link, target)
    return buffer.getvalue()


def pdf_that_holds_itself(content: bytes = b"/F Do", pages: bytes = b"[3 0 R]") -> bytes:
    """A PDF whose form draws itself, or whose tree of pages has itself as a child."""
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >> /Length %d >>"
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>"
    )
    return pdf_of_objects(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids %s /Count 1 >>" % pages,
            page,
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            form % len(content) + b"\nstream\n" + content + b"\nendstream",
        ]
    )
