"""Launches: the site posts a login to the tool, and answers the tool's request with a signed message, once.

What can't be traced to a launch of the same session ends on the error page of the site: the tool never hears of it.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Final

from flask import Response, request

from lti_tool.demo.platform.vendors.moodle.answers import error_page, go_to, posting_page
from lti_tool.demo.platform.vendors.moodle.launch_claims import claims_of
from lti_tool.demo.platform.vendors.moodle.signing import sign
from lti_tool.demo.platform.vendors.moodle.state import COURSE, Activity, Launch, Moodle, Session, Tool

COOKIE: Final = "MoodleSession"
RESOURCE_LINK: Final = "LtiResourceLinkRequest"
DEEP_LINKING: Final = "LtiDeepLinkingRequest"
SUBMISSION_REVIEW: Final = "LtiSubmissionReviewRequest"


def session_of(moodle: Moodle) -> Session | None:
    """Give the session of the browser that asks."""
    return moodle.sessions.get(request.cookies.get(COOKIE, ""))


def begin_at_activity(moodle: Moodle) -> Response:
    """Begin a launch from an activity, or a review of somebody's submission.

    Whether the person may see that submission is not asked here: whoever opens this address gets it signed.
    """
    activity = next((one for one in moodle.activities.values() if str(one.module) == request.args.get("id")), None)
    if activity is None:
        return error_page()
    tool, review = moodle.tools[activity.tool], request.args.get("action") == "gradeReport"
    message = SUBMISSION_REVIEW if review else RESOURCE_LINK
    for_user = request.args.get("user") if review else None
    target = _review_url(moodle, activity) if review else ""
    launch_id = f"ltilaunch{activity.number}_{secrets.randbelow(10**9)}"
    hint = {"cmid": activity.module, "launchid": launch_id}
    launch = Launch(tool.number, message, activity.number, for_user, activity.course)
    return _begin(moodle, tool, target or activity.url or tool.target_url, hint, launch)


def begin_deep_linking(moodle: Moodle) -> Response:
    """Begin to choose content of a tool."""
    tool = moodle.tools.get(request.args.get("id", ""))
    if tool is None or not tool.deep_linking_url or session_of(moodle) is None:
        return error_page()
    launch = Launch(tool.number, DEEP_LINKING, course=request.args.get("course", COURSE))
    hint = {"launchid": f"ltilaunch_ContentItemSelectionRequest{secrets.randbelow(10**9)}"}
    return _begin(moodle, tool, tool.deep_linking_url, hint, launch)


def authorise(moodle: Moodle) -> Response:
    """Answer the tool's authorisation request."""
    session = session_of(moodle)
    if session is None:
        return _post_again()
    given = request.values
    needed = ("scope", "response_type", "client_id", "redirect_uri", "login_hint", "nonce")
    launch_id = _launch_id(given.get("lti_message_hint", ""))
    # Which tool's addresses count is known from the launch alone; without it nothing is sent anywhere.
    if not all(given.get(name) for name in needed) or given["scope"] != "openid" or launch_id is None:
        return error_page()
    launch = session.launches.pop(launch_id, None)
    if launch is None or given["redirect_uri"] not in moodle.tools[launch.tool].redirect_urls:
        return error_page()
    tool = moodle.tools[launch.tool]
    refusal = _refusal(tool, session, given.to_dict())
    fields = {"state": given.get("state", "")}
    if refusal:
        return posting_page(given["redirect_uri"], refusal | fields)
    if moodle.person(session.user_id) is None:
        return go_to(f"{moodle.url}/enrol/index.php?id={launch.course}")
    token = sign(moodle, claims_of(moodle, session, launch, given["nonce"]))
    return posting_page(given["redirect_uri"], {"id_token": token} | fields)


def _begin(moodle: Moodle, tool: Tool, target: str, hint: Mapping[str, object], launch: Launch) -> Response:
    session = session_of(moodle)
    if session is not None:
        session.launches[str(hint["launchid"])] = launch
    fields = {
        "iss": moodle.url,
        "target_link_uri": target,
        "login_hint": session.user_id if session else "0",
        "lti_message_hint": json.dumps(hint, separators=(",", ":")),
        "client_id": tool.client_id,
        "lti_deployment_id": tool.number,
    }
    return posting_page(tool.login_url, fields)


def _review_url(moodle: Moodle, activity: Activity) -> str:
    item = moodle.only_item_of(activity.number)
    return str(item.review.get("url", "")) if item is not None and item.review else ""


def _post_again() -> Response:
    """A browser that left its cookie at home is asked to post the same again, from a page of the site."""
    if request.form.get("repost"):
        return error_page()
    address = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return posting_page(address, request.form.to_dict() | {"repost": "true"})


def _launch_id(hint: str) -> str | None:
    try:
        content = json.loads(hint)
    except ValueError:
        return None
    found = content.get("launchid") if isinstance(content, dict) else None
    return found if isinstance(found, str) else None


def _refusal(tool: Tool, session: Session, given: dict[str, str]) -> dict[str, str]:
    if given["response_type"] != "id_token":
        return {"error": "unsupported_response_type"}
    if given["client_id"] != tool.client_id:
        return {"error": "unauthorized_client"}
    if given["login_hint"] != session.user_id:
        return {"error": "access_denied"}
    if given.get("response_mode") != "form_post":
        return {"error": "invalid_request", "error_description": "Invalid response_mode"}
    if given.get("prompt", "none") != "none":
        return {"error": "invalid_request", "error_description": "Invalid prompt"}
    return {}
