"""The web application: blueprints, error pages, headers and template helpers, around the parts it is given."""

from io import BytesIO
from typing import IO

import requests
from flask import Flask, Request, abort, g, request, url_for
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import select
from werkzeug.middleware.proxy_fix import ProxyFix

from grading.models import Registration
from grading.models.tenancy import RegistrationState
from lti_tool.api.v1 import make_api_blueprint
from lti_tool.csrf import csrf_token
from lti_tool.error_pages import add_error_pages
from lti_tool.filters import add_filters
from lti_tool.lti.blueprint import make_lti_blueprint
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.launch import Launcher
from lti_tool.lti.notices import NoticeBox
from lti_tool.monitoring import make_monitoring_blueprint
from lti_tool.odd_signs import PlainFormParser
from lti_tool.pages.admin import make_admin_blueprint
from lti_tool.pages.admin.accounts import RATE_LIMITER
from lti_tool.pages.admin.failures import alerts
from lti_tool.pages.admin.shared import spending_situation
from lti_tool.pages.course import make_course_blueprint
from lti_tool.parts import EXTENSION, Parts
from lti_tool.permissions import Ability, may
from lti_tool.security_headers import FrameAncestors, add_security_headers
from lti_tool.webhooks import make_webhook_blueprint

FORM_BYTES = 2 * 1024 * 1024
STATIC_SECONDS = 3600


class InMemoryRequest(Request):
    """A request whose uploads stay in memory: werkzeug would put larger ones in a temporary file, in the clear."""

    form_data_parser_class = PlainFormParser

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()


class WordsCookie(SecureCookieSessionInterface):
    """The cookie with what the next page says. Its signer is made once; Flask would make one at every request."""

    def __init__(self) -> None:
        self._signer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The signer; the key of an application does not change."""
        if self._signer is None:
            self._signer = super().get_signing_serializer(app)
        return self._signer


def create_app(parts: Parts, launcher: Launcher, keys: ToolKeys, notices: NoticeBox, http: requests.Session) -> Flask:
    """Build the application. Nothing is read from the environment here."""
    settings = parts.settings
    app = Flask("lti_tool", static_url_path="/static")
    app.request_class = InMemoryRequest
    app.secret_key = parts.signing_key
    app.session_interface = WordsCookie()
    app.config.update(
        SESSION_COOKIE_NAME="blindmark_words",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="None",
        SESSION_COOKIE_PARTITIONED=True,
        MAX_CONTENT_LENGTH=settings.upload_megabytes * 1024 * 1024 + FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_SECONDS,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions[EXTENSION] = parts
    app.extensions[RATE_LIMITER] = MovingWindowRateLimiter(storage_from_string(settings.redis_url or "memory://"))
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )
    add_filters(app, parts.zone, parts.clock, {parts.provider: settings.provider_label})
    add_error_pages(app)
    add_security_headers(app, FrameAncestors(lambda: _platform_urls(parts)), secure=settings.secure_transport)
    _add_context(app, parts)
    app.before_request(_refuse_nul)
    app.register_blueprint(make_lti_blueprint(launcher, keys, notices, http))
    app.register_blueprint(make_course_blueprint())
    app.register_blueprint(make_admin_blueprint())
    app.register_blueprint(make_api_blueprint())
    app.register_blueprint(make_webhook_blueprint())
    app.register_blueprint(make_monitoring_blueprint(parts))
    return app


def _refuse_nul() -> None:
    """No address of ours has a NUL in it, and PostgreSQL would not look for one."""
    if "\x00" in request.path or b"%00" in request.query_string:
        abort(404)


def _platform_urls(parts: Parts) -> list[str]:
    with parts.database.transaction() as session:
        return [
            url
            for row in session.execute(
                select(Registration.issuer, Registration.authorization_url).where(
                    Registration.state == RegistrationState.ACTIVE
                )
            )
            for url in row
        ]


def _add_context(app: Flask, parts: Parts) -> None:
    @app.context_processor
    def _values() -> dict[str, object]:
        return {
            "site_notice": parts.settings.notice,
            "base_url": parts.settings.base_url,
            "provider_label": parts.settings.provider_label,
            "upload_megabytes": parts.settings.upload_megabytes,
            **_tabs(),
        }

    # Macros imported without context need it as a global.
    app.jinja_env.globals["csrf_token"] = lambda: csrf_token(parts.signing_key, getattr(g, "csrf_subject", ""))


def _tabs() -> dict[str, object]:
    if getattr(g, "signed_in", None):
        sections = [
            ("queue", "Queue"),
            ("batches", "Batches"),
            ("costs", "Costs"),
            ("platforms", "Platforms"),
            ("privacy", "Privacy"),
            ("audit", "Audit"),
            ("reports", "Reports"),
        ]
        return {
            "admin_alerts": alerts,
            "spending_situation": spending_situation,
            "admin_sections": [
                {"key": key, "label": label, "href": url_for(f"admin.{key}")} for key, label in sections
            ],
            "signed_in_as": g.signed_in.username,
            "sign_out_url": url_for("admin.sign_out"),
        }
    visit = getattr(g, "visit", None)
    if visit is not None and request.blueprint == "course":
        tabs = []
        if may(visit, Ability.REVIEW):
            tabs += [("overview", "Submissions"), ("grades", "Gradebook")]
        if may(visit, Ability.CONFIGURE):
            tabs += [("settings", "Settings"), ("course_privacy", "Privacy")]
        return {
            "course_tabs": [{"key": key, "label": label, "href": url_for(f"course.{key}")} for key, label in tabs],
        }
    return {}
