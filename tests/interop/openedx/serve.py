"""Serves Open edX's LTI consumer for tests: `python serve.py PORT TOOL-ADDRESS`. Prints `ready` when it listens."""

import json
import socketserver
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

PORT, TOOL = int(sys.argv[1]), sys.argv[2]
HOME = f"http://localhost:{PORT}"
LOCATION = "block-v1:Org+Course+Run+type@lti_consumer+block@essay"
PEOPLE = {
    "1": ("ada", "Ada Teachwell", "staff"),
    "2": ("mira", "Mira Okafor", "student"),
    "3": ("jonas", "Jonas Lindqvist", "student"),
    "4": ("lena", "Lena Moreau", "instructor"),
}
folder = tempfile.TemporaryDirectory(prefix="openedx-")

settings.configure(
    DEBUG=False,
    SECRET_KEY="only-for-tests",
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF=__name__,
    PLATFORM_NAME="Open edX",
    LMS_ROOT_URL=HOME,
    USAGE_ID_PATTERN=r"(?P<usage_id>(?:i4x://?[^/]+/[^/]+/[^/]+/[^@]+(?:@[^/]+)?)|(?:[^/]+))",
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(folder.name) / "platform.sqlite3")}
    },
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "config_models",
        "waffle",
        "lti_consumer.apps.LTIConsumerApp",
        "rest_framework",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from lti_consumer import api
from lti_consumer.data import Lti1p3LaunchData
from lti_consumer.models import (
    Lti1p3Passport,
    LtiAgsLineItem,
    LtiAgsScore,
    LtiConfiguration,
    LtiDlContentItem,
)
from lti_consumer.plugin import compat, views
from opaque_keys.edx.keys import UsageKey


def stand_in_for_the_lms() -> None:
    """The hooks into the rest of Open edX, which is not here."""
    block = SimpleNamespace(
        is_past_due=lambda: False, accept_grades_past_due=True, has_score=True, max_score=lambda: 20, weight=1
    )
    block.set_user_module_score = lambda *_arguments, **_options: None
    compat.load_enough_xblock = lambda _location: block
    compat.load_block_as_user = lambda _location: block
    compat.get_user_from_external_user_id = lambda identifier: SimpleNamespace(id=int(identifier))
    compat.user_has_access = compat.user_course_access = lambda *_arguments, **_options: True
    compat.user_has_studio_write_access = lambda *_arguments, **_options: True
    compat.get_course_by_id = lambda _key: SimpleNamespace(
        display_name_with_default="Ethics", display_org_with_default="Org"
    )
    compat.merge_course_forum_roles = lambda _key, members: members
    compat.get_course_members = lambda _key: {
        int(number): {
            "id": int(number),
            "username": key,
            "name": name,
            "email": f"{key}@campus.example",
            "roles": [role],
        }
        for number, (key, name, role) in PEOPLE.items()
    }
    views.LtiNrpsContextMembershipViewSet.attach_external_user_ids = lambda _self, members: [
        member.update(external_id=str(number)) for number, member in members.items()
    ]
    views.get_lti_pii_sharing_state_for_course = lambda _key: True


def connect() -> LtiConfiguration:
    """One course, its people, and the tool."""
    from django.contrib.auth import get_user_model

    for number, (key, _name, _role) in PEOPLE.items():
        get_user_model().objects.create(id=int(number), username=key)
    passport = Lti1p3Passport.objects.create(name="Blindmark", lti_1p3_tool_keyset_url=f"{TOOL}/lti/jwks.json")
    made = LtiConfiguration(
        version="lti_1p3",
        config_store="CONFIG_ON_DB",
        location=UsageKey.from_string(LOCATION),
        lti_1p3_passport=passport,
        lti_1p3_oidc_url=f"{TOOL}/lti/login",
        lti_1p3_launch_url=f"{TOOL}/lti/launch",
        lti_advantage_enable_nrps=True,
        lti_advantage_ags_mode="programmatic",
        lti_advantage_deep_linking_enabled=True,
        lti_advantage_deep_linking_launch_url=f"{TOOL}/lti/launch",
    )
    made.save()
    return made


def facts(_request):
    """What the tool's administrator would be given."""
    passport = configuration.lti_1p3_passport.passport_id
    base = f"{HOME}/api/lti_consumer/v1"
    return JsonResponse(
        {
            "issuer": HOME,
            "client_id": configuration.lti_1p3_passport.lti_1p3_client_id,
            "deployment_id": "1",
            "authorization_url": f"{base}/launch/",
            "token_url": f"{base}/token/{passport}",
            "jwks_url": f"{base}/public_keysets/{passport}",
        }
    )


def launch(request):
    """Start a launch of one person."""
    number = request.GET["user"]
    key, name, role = PEOPLE[number]
    custom = {"assignment_id": request.GET["assignment"]} if "assignment" in request.GET else {}
    data = Lti1p3LaunchData(
        user_id=number,
        user_role=role,
        config_id=str(configuration.config_id),
        resource_link_id=LOCATION,
        context_id="course-v1:Org+Course+Run",
        context_type=["course_offering"],
        context_title="Ethics",
        name=name,
        preferred_username=key,
        email=f"{key}@campus.example",
        custom_parameters=custom,
    )
    deep = "deep_linking" in request.GET
    return HttpResponseRedirect(api.get_lti_1p3_launch_start_url(data, deep_link_launch=deep))


def state(_request):
    """What the platform has stored."""
    return JsonResponse(
        {
            "line_items": list(LtiAgsLineItem.objects.values("id", "resource_id", "label", "score_maximum", "tag")),
            "scores": list(
                LtiAgsScore.objects.values(
                    "user_id", "score_given", "score_maximum", "comment", "activity_progress", "grading_progress"
                )
            ),
            "content_items": list(LtiDlContentItem.objects.values("content_type", "attributes")),
        }
    )


@csrf_exempt
def sign(request):
    """Sign claims with the platform's own key: for launches that it would not send by itself."""
    import jwt

    # Read anew: an object from before the keys were made would make new ones.
    current = LtiConfiguration.objects.get(pk=configuration.pk)
    token = jwt.encode(
        json.loads(request.body),
        current.lti_1p3_private_key,
        algorithm="RS256",
        headers={"kid": current.lti_1p3_private_key_id},
    )
    return HttpResponse(token)


urlpatterns = [
    path("api/", include("lti_consumer.plugin.urls", namespace="lti_consumer")),
    path("control/facts", facts),
    path("control/launch", launch),
    path("control/state", state),
    path("control/sign", sign),
]


class Server(socketserver.ThreadingMixIn, WSGIServer):
    """The platform fetches the tool's keys while the tool asks it something."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no line per request."""

    def log_message(self, *_arguments):
        """Nothing."""


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    stand_in_for_the_lms()
    configuration = connect()
    server = make_server("127.0.0.1", PORT, get_wsgi_application(), server_class=Server, handler_class=Quiet)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()
