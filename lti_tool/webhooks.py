"""Where providers announce what has become of a batch. Signed, seen once, and a hint only: the batch is asked about."""

from typing import Final

from flask import Blueprint, request
from werkzeug.exceptions import NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Response

from grading import hints
from grading.tasks import ADVANCE_BATCH
from lti_tool.parts import parts

MOST_BYTES: Final = 64 * 1024


def make_webhook_blueprint() -> Blueprint:
    """All endpoints under /webhooks."""
    blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
    blueprint.add_url_rule("/openai", "openai", _openai, methods=["POST"])
    return blueprint


def _openai() -> Response:
    """Take a message of OpenAI; the same answer whether or not it told anything new."""
    secret, provider = parts().settings.openai_webhook_secret, parts().providers.get("openai")
    if secret is None or provider is None:
        raise NotFound
    if request.content_length is None or request.content_length > MOST_BYTES:
        raise RequestEntityTooLarge
    hint = provider.read_hint(request.get_data(), dict(request.headers), secret.get_secret_value())
    with parts().database.transaction() as session:
        batch_id = hints.take(session, hint, parts().clock())
    if batch_id is not None:
        parts().nudge(ADVANCE_BATCH, batch_id)
    return Response(status=204)
