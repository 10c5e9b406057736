"""The demonstration LMS judged by a tool that is not ours: PyLTI1p3's own classes, as its documentation uses them."""

import secrets
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, jsonify, redirect, request
from lxml import html
from pylti1p3.contrib.flask import FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem
from pylti1p3.registration import Registration
from pylti1p3.tool_config import ToolConfDict
from werkzeug.serving import make_server

from benchmarks.launch import Memory
from lti_tool.demo.course import people
from lti_tool.demo.platform.app import create_app
from lti_tool.demo.platform.model import CLIENT_ID, DEPLOYMENT_ID
from tests.interop.conftest import free_port

pytestmark = pytest.mark.xdist_group("interop")


class Served:
    """A Flask application on a loopback port."""

    def __init__(self, app: Flask, port: int) -> None:
        self._server = make_server("127.0.0.1", port, app, threaded=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()


def library_tool(platform: str, seen: dict[str, Any]) -> Flask:
    """A tool made of the library alone."""
    app, memory = Flask("library"), Memory()
    app.secret_key = secrets.token_hex()
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    config = ToolConfDict(
        {
            platform: [
                {
                    "default": True,
                    "client_id": CLIENT_ID,
                    "auth_login_url": f"{platform}/lti/auth",
                    "auth_token_url": f"{platform}/lti/token",
                    "key_set_url": f"{platform}/lti/jwks.json",
                    "deployment_ids": [DEPLOYMENT_ID],
                }
            ]
        }
    )
    config.set_private_key(platform, private, client_id=CLIENT_ID)
    config.set_public_key(platform, public, client_id=CLIENT_ID)

    @app.route("/lti/login", methods=["GET", "POST"])
    def login() -> Any:
        found = FlaskOIDCLogin(FlaskRequest(), config, launch_data_storage=memory)
        return found.redirect(request.values["target_link_uri"].partition("?")[0])

    @app.get("/lti/jwks.json")
    def jwks() -> Any:
        return jsonify({"keys": [Registration.get_jwk(public) | {"alg": "RS256", "use": "sig"}]})

    @app.post("/lti/launch")
    def launch() -> Any:
        found = FlaskMessageLaunch(FlaskRequest(), config, launch_data_storage=memory)
        seen["launch"] = found.get_launch_data()
        seen["message"] = found
        if found.is_deep_link_launch():
            item = DeepLinkResource().set_title("Essay").set_url(f"{request.host_url}lti/launch?essay=1")
            item.set_lineitem(LineItem().set_score_maximum(20).set_label("Essay").set_resource_id("essay-1"))
            answer = found.get_deep_link()
            claims = answer.get_message_jwt([item])
            if seen.get("short"):
                # The library gives its answers ten minutes; five are the most.
                claims["exp"] = claims["iat"] + 300
            return answer.get_response_form_html(answer.encode_jwt(claims))
        return redirect("/done", 303)

    return app


class Visitor:
    """A browser at the LMS: follows the forms by hand."""

    def __init__(self, lms: str, role: str) -> None:
        self.lms, self.http = lms, requests.Session()
        key = next(person.key for person in people() if person.role == role)
        answer = self.http.post(f"{lms}/sign-in", data={"key": key}, allow_redirects=False, timeout=10)
        self._keep(answer)

    def launch(self, path: str) -> requests.Response:
        """Open a launch and carry it to the tool's answer."""
        answer = self._get(f"{self.lms}{path}")
        while "<form" in answer.text and "/lti/" in self._form(answer).get("action", ""):
            form = self._form(answer)
            target = str(form.get("action"))
            answer = self.http.post(target, data=dict(form.form_values()), allow_redirects=False, timeout=10)
            self._keep(answer)
            while answer.is_redirect and "/lti/" in answer.headers["Location"]:
                answer = self._get(answer.headers["Location"])
        return answer

    def _form(self, answer: requests.Response) -> Any:
        return html.document_fromstring(answer.text).forms[0]

    def _get(self, address: str) -> requests.Response:
        answer = self.http.get(address, allow_redirects=False, timeout=10)
        self._keep(answer)
        return answer

    def _keep(self, answer: requests.Response) -> None:
        for cookie in list(answer.cookies):
            cookie.secure = False
            self.http.cookies.set_cookie(cookie)


@pytest.fixture(scope="module")
def meeting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, Any]]]:
    lms_port, tool_port = free_port(), free_port()
    lms, tool = f"http://localhost:{lms_port}", f"http://127.0.0.1:{tool_port}"
    seen: dict[str, Any] = {}
    data: Path = tmp_path_factory.mktemp("lms")
    platform = Served(create_app(public_url=lms, tool_url=tool, data_dir=data, people=list(people())), lms_port)
    library = Served(library_tool(lms, seen), tool_port)
    yield lms, seen
    platform.stop()
    library.stop()


def link_of(lms: str) -> str:
    links: list[dict[str, Any]] = requests.get(f"{lms}/demo/state.json", timeout=10).json()["links"]
    return str(links[0]["id"])


def test_the_library_launches_adds_an_item_grades_and_reads_the_roster(meeting: tuple[str, dict[str, Any]]) -> None:
    lms, seen = meeting
    teacher = Visitor(lms, "teacher")
    assert "at most five minutes" in teacher.launch("/launch/deep-linking").text
    seen["short"] = True
    teacher.launch("/launch/deep-linking")
    assert seen["launch"]["https://purl.imsglobal.org/spec/lti/claim/message_type"] == "LtiDeepLinkingRequest"
    link = link_of(lms)

    student = Visitor(lms, "student")
    student.launch(f"/launch/{link}")
    message = seen["message"]
    assert seen["launch"]["https://purl.imsglobal.org/spec/lti/claim/resource_link"]["id"] == link
    with library_context():
        members = message.get_nrps().get_members()
        assert len(members) == 26
        grades = message.get_ags()
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        grade = Grade().set_score_given(15).set_score_maximum(20).set_timestamp(moment)
        grade.set_activity_progress("Completed").set_grading_progress("FullyGraded").set_user_id(seen["launch"]["sub"])
        grades.put_grade(grade)
        assert [item["resourceId"] for item in grades.get_lineitems()] == ["essay-1"]
        (result,) = grades.get_grades()
        assert (result["resultScore"], result["resultMaximum"]) == (15, 20)


def test_an_assertion_that_is_not_ours_gets_no_token(meeting: tuple[str, dict[str, Any]]) -> None:
    lms, _ = meeting
    other = rsa.generate_private_key(65537, 2048)
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": f"{lms}/lti/token", "iat": now, "exp": now + 60, "jti": "1"}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(claims, other, algorithm="RS256", headers={"kid": "x"}),
        "scope": "https://purl.imsglobal.org/spec/lti-ags/scope/score",
    }
    assert requests.post(f"{lms}/lti/token", data=form, timeout=10).status_code == 401


def library_context() -> Any:
    """The library's services look at the request that they were made in."""
    return Flask("context").test_request_context()
