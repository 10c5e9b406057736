"""Pages for students: consent, draft, handing in, where the work stands, the result."""

from flask import Blueprint

from lti_tool.pages.student import consenting, handing_in, status


def register(blueprint: Blueprint) -> None:
    """Hang the student's pages on the course blueprint."""
    blueprint.add_url_rule("/assignment", "assignment", status.assignment)
    blueprint.add_url_rule("/assignment/status", "status", status.status)
    blueprint.add_url_rule("/assignment/consent", "consent", consenting.consent, methods=["POST"])
    blueprint.add_url_rule("/assignment/privacy", "my_privacy", consenting.my_privacy)
    blueprint.add_url_rule("/assignment/privacy/queue", "ask_again", consenting.ask_again, methods=["POST"])
    blueprint.add_url_rule("/assignment/what-happens", "what_happens", consenting.what_happens)
    blueprint.add_url_rule("/assignment/draft", "draft", handing_in.save_text, methods=["POST"])
    blueprint.add_url_rule("/assignment/file", "upload", handing_in.upload, methods=["POST"])
    blueprint.add_url_rule("/assignment/draft/discard", "discard", handing_in.discard, methods=["POST"])
    blueprint.add_url_rule("/assignment/hand-in", "hand_in", handing_in.hand_in, methods=["POST"])
