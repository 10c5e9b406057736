"""Pages for students: consent, draft, handing in, where the work stands, the result."""

from flask import Blueprint

from lti_tool.pages.student import consenting, handing_in, own_data, status


def register(blueprint: Blueprint) -> None:
    """Hang the student's pages on the course blueprint."""
    blueprint.add_url_rule("/assignment", "assignment", status.assignment)
    blueprint.add_url_rule("/assignment/status", "status", status.status)
    blueprint.add_url_rule("/assignment/consent", "consent", consenting.consent, methods=["POST"])
    blueprint.add_url_rule("/assignment/privacy", "my_privacy", consenting.my_privacy)
    blueprint.add_url_rule("/assignment/privacy/queue", "ask_again", consenting.ask_again, methods=["POST"])
    blueprint.add_url_rule("/assignment/privacy/copy", "ask_for_copy", own_data.ask_for_copy, methods=["POST"])
    blueprint.add_url_rule("/assignment/privacy/copy/<uuid:export_id>", "own_copy", own_data.own_copy)
    blueprint.add_url_rule("/assignment/privacy/erase", "erase_me", own_data.erase_me)
    blueprint.add_url_rule(
        "/assignment/privacy/erase/ask", "ask_to_be_erased", own_data.ask_to_be_erased, methods=["POST"]
    )
    blueprint.add_url_rule("/assignment/privacy/erase/take-back", "keep_me", own_data.keep_me, methods=["POST"])
    blueprint.add_url_rule("/assignment/what-happens", "what_happens", consenting.what_happens)
    blueprint.add_url_rule("/assignment/draft", "draft", handing_in.save_text, methods=["POST"])
    blueprint.add_url_rule("/assignment/file", "upload", handing_in.upload, methods=["POST"])
    blueprint.add_url_rule("/assignment/draft/discard", "discard", handing_in.discard, methods=["POST"])
    blueprint.add_url_rule("/assignment/hand-in", "hand_in", handing_in.hand_in, methods=["POST"])
