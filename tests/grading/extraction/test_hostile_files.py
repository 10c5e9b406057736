"""Files made to break, mislead or exhaust a reader, and files that just can't be read: each gets its clear message."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from grading.extraction import (
    Corrupt,
    Encrypted,
    ExtractionError,
    Limits,
    NoText,
    TooComplex,
    TooLarge,
    UnsupportedType,
    WrongType,
    extract,
)
from tests.grading.extraction import files

MIB = 1024 * 1024
SOUND_DOCX = files.office_docx(["A sentence, and then another one."])
SOUND_PDF = files.pdf([["A sentence that is long enough to count."]])
DTD = '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
LAUGHS = (
    '<!DOCTYPE d [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {after} "{f"&{before};" * 10}">' for before, after in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)


def refusal(data: bytes, name: str, limits: Limits | None = None) -> ExtractionError:
    with pytest.raises(ExtractionError) as caught:
        extract(data, name, limits=limits or Limits())
    return caught.value


def docx_with(document: str | bytes) -> bytes:
    """A Word document whose main part is exactly this."""
    with_body = files.raw_docx("")
    with zipfile.ZipFile(io.BytesIO(with_body)) as archive:
        entries: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
    return files.zipped(entries | {"word/document.xml": document})


HOSTILE = {
    "a file of no bytes": (b"", "a.txt", NoText, "empty"),
    "a file of spaces": (b" \n\n ", "a.txt", NoText, "No text"),
    "a word document without words": (files.office_docx([]), "a.docx", NoText, "No text"),
    "zeros in a text": (b"Some words\x00\x01\x02 and more.", "a.txt", WrongType, "binary"),
    "nothing but zeros": (bytes(5000), "a.txt", WrongType, "binary"),
    "random bytes named text": (bytes(range(256)) * 20, "a.md", WrongType, "binary"),
    "a picture named text": (b"\x89PNG\r\n\x1a\n" + bytes(99), "a.txt", WrongType, "picture"),
    "a picture": (b"\xff\xd8\xff\xe0" + bytes(99), "photo.jpg", UnsupportedType, "picture"),
    "a pdf named docx": (SOUND_PDF, "a.docx", WrongType, ".pdf"),
    "a docx named pdf": (SOUND_DOCX, "a.pdf", WrongType, ".docx"),
    "a docx named odt": (SOUND_DOCX, "a.odt", WrongType, ".docx"),
    "a text named pdf": (b"Only words.", "a.pdf", WrongType, "not that of a PDF"),
    "a program named text": (b"\x7fELF" + bytes(99), "a.py", WrongType, "program"),
    "an old word file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(999), "a.doc", UnsupportedType, ".docx"),
    "an old word file as docx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(999), "a.docx", WrongType, "LibreOffice"),
    "an archive": (files.zipped({"a.txt": "x"}), "a.zip", UnsupportedType, "inside"),
    "an unknown kind": (b"words", "a.xyz", UnsupportedType, "can't be read"),
    "a spreadsheet named docx": (
        files.zipped({"[Content_Types].xml": "", "xl/workbook.xml": ""}), "a.docx", WrongType, "spreadsheet",
    ),
    "an archive named docx": (files.zipped({"a.txt": "x"}), "a.docx", Corrupt, "no text part"),
    "a word document with a password": (files.password_docx(), "a.docx", Encrypted, "password"),
    "an odt with a password": (
        files.odt("", manifest="<m><encryption-data/></m>"), "a.odt", Encrypted, "password",
    ),
    "a pdf with a password": (files.encrypted_pdf("secret"), "a.pdf", Encrypted, "password"),
    "half a word document": (SOUND_DOCX[: len(SOUND_DOCX) // 2], "a.docx", Corrupt, "damaged"),
    "half a pdf": (SOUND_PDF[: len(SOUND_PDF) // 4], "a.pdf", Corrupt, "damaged"),
    "a word document with broken xml": (docx_with("<w:document><w:body>"), "a.docx", Corrupt, "damaged"),
    "a scanned pdf": (files.pdf_of_pages(3), "a.pdf", NoText, "pictures of pages"),
    "a pdf of ten thousand pages": (files.pdf_of_pages(10_000), "a.pdf", TooComplex, "10,000 pages"),
    "an external entity": (docx_with(f"{DTD}<d>&e;</d>"), "a.docx", Corrupt, "document type definition"),
    "an external entity in utf-16": (
        docx_with(f"{DTD}<d>&e;</d>".encode("utf-16")), "a.docx", Corrupt, "document type definition",
    ),
    "a billion laughs": (docx_with(f"{LAUGHS}<d>&i;</d>"), "a.docx", Corrupt, "document type definition"),
    "very deep xml": (docx_with("<w:p xmlns:w='w'>" * 1_000), "a.docx", TooComplex, "deeper"),
    "very deep odt": (files.odt("<text:span>" * 5_000 + "</text:span>" * 5_000), "a.odt", TooComplex, "deeper"),
    "very deep html": (b"<div>" * 100_000, "a.html", TooComplex, "deeper"),
    "very deep json": (b'{"cells": ' + b"[" * 100_000, "a.ipynb", TooComplex, "complicated"),
    "json that is no notebook": (b'{"a": 1}', "a.ipynb", Corrupt, "not a complete notebook"),
    "half a notebook": (b'{"cells": [{', "a.ipynb", Corrupt, "not a complete notebook"),
    "an archive in a document": (
        files.raw_docx(files.paragraph("x"), extra={"word/inner.zip": files.zipped({"a": "b"})}),
        "a.docx", TooComplex, "archive packed inside",
    ),
    "a bomb of one big entry": (
        files.raw_docx(files.paragraph("x"), extra={"word/big.xml": bytes(8 * MIB)}),
        "a.docx", TooComplex, "unpacks",
    ),
    "a bomb of many entries": (
        files.raw_docx(files.paragraph("x"), extra={f"word/{n}": b"" for n in range(2_500)}),
        "a.docx", TooComplex, "unpacks",
    ),
    "a document packed by an odd method": (
        files.zipped({"[Content_Types].xml": "<a/>", "word/document.xml": "<a/>"}, zipfile.ZIP_BZIP2),
        "a.docx", Corrupt, "damaged",
    ),
    "rich text that ends in the middle": (rb"{\rtf1\ansi {\b", "a.rtf", NoText, "No text"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_it_is_refused_with_words_that_say_what_to_do(case: str) -> None:
    data, name, expected, words = HOSTILE[case]

    error = refusal(data, name)

    assert type(error) is expected
    assert words in error.message
    assert "paste your text instead" in error.message
    assert error.code == expected.code


def test_a_file_of_fifty_megabytes_is_too_large() -> None:
    error = refusal(bytes(50 * MIB), "a.pdf")

    assert type(error) is TooLarge
    assert "20 MB" in error.message


def test_an_entry_that_lies_about_its_size_is_stopped_while_unpacking() -> None:
    content = "<w:document xmlns:w='w'>" + " " * (4 * MIB) + "</w:document>"
    lying = files.with_lying_size(docx_with(content), "word/document.xml", 100)

    # The bytes after the declared size are never unpacked, and what came before fails its checksum.
    assert type(refusal(lying, "a.docx", Limits(unzipped_bytes=2 * MIB))) is Corrupt


def test_a_document_that_unpacks_to_more_than_allowed_is_refused() -> None:
    large = files.raw_docx(files.paragraph("x"), extra={"word/big.bin": random.Random(1).randbytes(2 * MIB)})

    assert type(refusal(large, "a.docx", Limits(unzipped_bytes=MIB))) is TooComplex


@pytest.mark.parametrize("memory", [1024 * MIB, 300 * MIB])
def test_a_pdf_with_a_giant_stream_is_stopped(memory: int) -> None:
    error = refusal(files.pdf_with_stream(192 * MIB), "a.pdf", Limits(memory_bytes=memory))

    assert type(error) is TooComplex


def test_more_text_than_allowed_is_refused_and_not_cut_short() -> None:
    error = refusal(b"word " * 300, "a.txt", Limits(characters=1_000))

    assert type(error) is TooComplex
    assert "more text" in error.message


def test_a_flood_of_spaces_asked_for_by_number_stays_small() -> None:
    data = files.odt("<text:p>a<text:s text:c='999999999'/>b</text:p>")

    assert len(extract(data, "a.odt").text) < 200


def test_no_message_repeats_the_name_of_the_file() -> None:
    for name in ("maria-garcia.doc", "maria-garcia.pdf", "maria-garcia.docx", "essay.maria-garcia"):
        assert "maria" not in refusal(b"words", name).message
