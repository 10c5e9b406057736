"""Pages for instructors: make an assignment, see what came in, review, send grades."""

from flask import Blueprint

from lti_tool.pages.instructor import attach, deep_link, erasing, grades, leaving, overview, privacy, review, settings


def register(blueprint: Blueprint) -> None:
    """Hang the instructor's pages on the course blueprint."""
    both = ["GET", "POST"]
    blueprint.add_url_rule("/deep-link", "deep_link", deep_link.deep_link, methods=both)
    blueprint.add_url_rule("/deep-link/pick", "deep_link_pick", deep_link.pick, methods=["POST"])
    blueprint.add_url_rule("/deep-link/cancel", "deep_link_cancel", deep_link.cancel, methods=["POST"])
    blueprint.add_url_rule("/deep-link/copy", "deep_link_copy", deep_link.copy, methods=["POST"])
    blueprint.add_url_rule("/attach", "attach", attach.attach, methods=both)
    blueprint.add_url_rule("/attach/pick", "attach_pick", attach.attach_pick, methods=["POST"])
    blueprint.add_url_rule("/connect/copy", "connect_copy", settings.connect_copy, methods=["POST"])
    blueprint.add_url_rule("/connect", "connect", settings.connect, methods=both)
    blueprint.add_url_rule("/connect/pick", "connect_pick", settings.connect_pick, methods=["POST"])
    blueprint.add_url_rule("/submissions", "overview", overview.overview)
    blueprint.add_url_rule("/submissions/search", "search_submissions", overview.search_submissions, methods=["POST"])
    blueprint.add_url_rule("/submissions/roster", "refresh_roster", overview.refresh_roster, methods=["POST"])
    blueprint.add_url_rule("/settings", "settings", settings.settings, methods=both)
    blueprint.add_url_rule("/course-privacy", "course_privacy", privacy.course_privacy, methods=both)
    blueprint.add_url_rule("/course-privacy/queue", "privacy_put_back", privacy.privacy_put_back, methods=["POST"])
    blueprint.add_url_rule("/course-privacy/words", "consent_words", privacy.consent_words)
    blueprint.add_url_rule("/leaving", "leaving_sample", leaving.leaving_sample)
    blueprint.add_url_rule("/leaving/<uuid:submission_id>", "leaving", leaving.leaving)
    blueprint.add_url_rule("/leaving/<uuid:submission_id>/correct", "correct_text", leaving.correct, methods=["POST"])
    blueprint.add_url_rule(
        "/leaving/<uuid:submission_id>/undo", "undo_correction", leaving.undo_correction, methods=["POST"]
    )
    blueprint.add_url_rule("/review/<uuid:submission_id>", "review", review.review)
    blueprint.add_url_rule("/review/<uuid:submission_id>/approve", "approve", review.approve, methods=["POST"])
    blueprint.add_url_rule("/review/<uuid:submission_id>/override", "override", review.override, methods=["POST"])
    blueprint.add_url_rule("/review/<uuid:submission_id>/reject", "reject", review.reject, methods=["POST"])
    blueprint.add_url_rule("/review/<uuid:submission_id>/withdraw", "withdraw", review.withdraw, methods=["POST"])
    blueprint.add_url_rule("/review/<uuid:submission_id>/file", "original", review.original)
    blueprint.add_url_rule("/review/<uuid:submission_id>/delete", "delete_submission", erasing.delete_submission)
    blueprint.add_url_rule(
        "/review/<uuid:submission_id>/delete/confirmed",
        "submission_deletion",
        erasing.submission_deletion,
        methods=["POST"],
    )
    blueprint.add_url_rule("/grades", "grades", grades.grades)
    blueprint.add_url_rule("/grades/read", "read_grades", grades.read, methods=["POST"])
    blueprint.add_url_rule("/grades/send", "send_grades", grades.send, methods=["POST"])
