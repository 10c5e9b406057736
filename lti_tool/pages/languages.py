"""Which language of a text with several languages a visitor reads: chosen on the page, told by the LMS, or the
browser's."""

from flask import request

from grading.agreements import WordsChanged
from lti_tool.permissions import current_visit
from privacy.consent_words import ConsentText, ConsentTexts


def wanted_languages() -> tuple[str, ...]:
    """Language tags, the most wanted first."""
    return (request.values.get("language", ""), *_usual_languages())


def chosen_language(text: ConsentText, texts: ConsentTexts) -> str | None:
    """The language of a text, for the address of the next page, where it is not the one that comes up by itself."""
    usual = texts.in_language(*_usual_languages())
    return None if usual.language == text.language else text.language


def _usual_languages() -> tuple[str, ...]:
    accepted = [tag for tag, quality in request.accept_languages if quality > 0]
    return (current_visit().locale, *accepted)


def shown_text(texts: ConsentTexts) -> ConsentText:
    """The words that a form was sent under.

    Raises:
        WordsChanged: other words count by now.
    """
    text = texts.shown(request.form.get("version", ""), request.form.get("language", ""))
    if text is None:
        raise WordsChanged("The words have changed since you opened the page. Read them again, then decide.")
    return text
