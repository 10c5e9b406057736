"""Signs that are no text: a NUL, which PostgreSQL does not keep, and halves of signs, which no encoding can write.

They come from pasted text, from broken programs, and from people who try what happens. The forms of every page go
through here before a view reads them, so that nothing else that was typed is lost.
"""

import re
from typing import IO, Any, Final

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.formparser import FormDataParser

_ODD: Final = re.compile("[\x00\ud800-\udfff]")


def is_odd(text: str) -> bool:
    """Whether a text has signs that are none."""
    return "\x00" in text if text.isascii() else _ODD.search(text) is not None


def without_odd_signs(value: Any, instead: str = "") -> Any:
    """What JSON or a form said, each text in it without such signs."""
    if isinstance(value, str):
        return _ODD.sub(instead, value) if is_odd(value) else value
    if isinstance(value, list):
        return [without_odd_signs(one, instead) for one in value]
    if isinstance(value, dict):
        return {without_odd_signs(name, instead): without_odd_signs(one, instead) for name, one in value.items()}
    return value


class PlainFormParser(FormDataParser):
    """Reads forms. Odd signs are left out of what was typed and of the names of files; a field that no page of ours
    can have had is refused."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        """Read a form.

        Raises:
            BadRequest: the name of a field has an odd sign.
        """
        rest, form, files = super().parse(stream, mimetype, content_length, options)
        if any(is_odd(name) for name in (*form, *files)):
            raise BadRequest("The form that was sent has a field that can't be read.")
        if any(is_odd(value) for values in form.listvalues() for value in values):
            form = self.cls([(name, without_odd_signs(value)) for name, value in form.items(multi=True)])
        for _, file in files.items(multi=True):
            file.filename = without_odd_signs(file.filename)
        return rest, form, files
