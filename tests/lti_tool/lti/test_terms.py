"""What administrators have an LMS do about its terms: noted before it is told, and shown as it ended (L8)."""

import json
from urllib.parse import parse_qs
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from grading.errors import NotFound
from grading.models import Deployment, Person, Registration
from grading.models.tenancy import DeploymentState, RegistrationState
from lti_tool.lti import claims as names
from lti_tool.lti.models import TermsAct, TermsOrder, TermsProgress
from lti_tool.lti.terms import Terms, TermsOutOfReach, standing
from privacy.audit import Actor
from privacy.consent import give_consent
from privacy.consent_words import consent_texts
from privacy.models import AuditEvent, Consent
from tests.lti_tool.conftest import Browser, Tool, text_of
from tests.lti_tool.lms import Answer
from tests.lti_tool.pages.test_admin import PASSWORD, account

ADMIN = Actor.administrator(uuid4())


@pytest.fixture
def deployment(tool: Tool) -> Deployment:
    """A deployment whose LMS has shown its terms to somebody."""
    service = {"url": f"{tool.platform.url}/eula/", "scope": [names.SCOPE_EULA_USER]}
    message = {names.MESSAGE_TYPE: names.EULA_REQUEST, names.RESOURCE_LINK: None, names.EULA_SERVICE: service}
    tool.browser().launch(**message)
    tool.browser().launch(sub="somebody without the claim")
    with tool.parts.database.transaction() as session:
        return session.execute(select(Deployment)).scalar_one()


def taking(tool: Tool, method: str, path: str, status: int) -> list[tuple[dict[str, str], bytes]]:
    """Let the LMS answer so; gives the headers and bodies that came."""
    came: list[tuple[dict[str, str], bytes]] = []

    def route(_query: str, headers: dict[str, str], body: bytes) -> Answer:
        came.append((headers, body))
        return status, {}, b""

    tool.platform.routes[(method, path)] = route
    return came


def terms_of(tool: Tool) -> Terms:
    return Terms(tool.parts.database, tool.parts.connector, tool.parts.clock)


def orders(tool: Tool) -> list[TermsOrder]:
    with tool.parts.database.transaction() as session:
        return list(session.execute(select(TermsOrder).order_by(TermsOrder.created_at)).scalars())


def signed_in(tool: Tool) -> Browser:
    account(tool)
    browser = tool.browser()
    browser.submit("/admin/sign-in", "/sign-in", {"username": "root", "password": PASSWORD})
    return browser


@pytest.mark.both_databases
def test_each_order_is_noted_told_under_its_scope_and_audited(tool: Tool, deployment: Deployment) -> None:
    forgotten = taking(tool, "DELETE", "/eula/user", 204)
    changed = taking(tool, "PUT", "/eula/deployment", 200)
    terms = terms_of(tool)
    for act in TermsAct:
        assert terms.tell(deployment.id, act, ADMIN) is None
    assert [body for _, body in forgotten] == [b""]
    assert "content-type" not in forgotten[0][0]
    assert [json.loads(body) for _, body in changed] == [{"eulaRequired": True}, {"eulaRequired": False}]
    asked = [parse_qs(body.decode())["scope"] for _, path, _, body in tool.platform.requests if path == "/token"]
    assert asked == [[names.SCOPE_EULA_USER], [names.SCOPE_EULA_DEPLOYMENT]]
    assert [(one.act, one.state, one.finished_at is not None) for one in orders(tool)] == [
        (act, TermsProgress.DONE, True) for act in TermsAct
    ]
    with tool.parts.database.transaction() as session:
        shown = standing(session, deployment.id)
        noted = session.execute(
            select(AuditEvent.event, AuditEvent.actor_id).where(AuditEvent.event.like("terms.%"))
        ).all()
    assert (shown.required, shown.asked_again is not None) == (False, True)
    assert sorted(event for event, _ in noted) == ["terms.telling"] * 3 + ["terms.told"] * 3


def test_what_an_lms_does_not_take_is_shown_in_words(tool: Tool, deployment: Deployment) -> None:
    taking(tool, "DELETE", "/eula/user", 403)
    browser, page = signed_in(tool), f"/admin/deployments/{deployment.id}/terms"
    told = browser.submit(page, "/terms/tell", {"act": "ask_again"}, follow_redirects=True)
    assert "Your LMS did not forget the answers that it has (HTTP 403)." in text_of(told)
    assert "Not done" in text_of(told)
    assert [(one.state, one.failure_words) for one in orders(tool)] == [
        (TermsProgress.FAILED, "Your LMS did not forget the answers that it has (HTTP 403).")
    ]
    assert browser.submit(page, "/terms/tell", {"act": "made-up"}).status_code == 404


def test_an_order_that_was_cut_off_is_shown_as_not_known(
    tool: Tool, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ProcessDied(BaseException):
        """Nothing of ours runs after this."""

    def die(*_: object, **__: object) -> None:
        raise ProcessDied

    came = taking(tool, "DELETE", "/eula/user", 204)
    with monkeypatch.context() as dying:
        dying.setattr("lti_tool.lti.terms.forget_answers", die)
        with pytest.raises(ProcessDied):
            terms_of(tool).tell(deployment.id, TermsAct.ASK_AGAIN, ADMIN)
    assert [one.state for one in orders(tool)] == [TermsProgress.STARTED]
    page = f"/admin/deployments/{deployment.id}/terms"
    browser = signed_in(tool)
    assert "cut off before the LMS answered" in text_of(browser.get(page))
    browser.submit(page, "/terms/tell", {"act": "ask_again"})
    assert len(came) == 1
    assert [one.state for one in orders(tool)] == [TermsProgress.STARTED, TermsProgress.DONE]


def test_nothing_is_told_to_an_lms_that_is_switched_off_or_offers_no_such_thing(
    tool: Tool, deployment: Deployment
) -> None:
    came = taking(tool, "DELETE", "/eula/user", 204)
    off = (
        (Registration, {"state": RegistrationState.DISABLED}, {"state": RegistrationState.ACTIVE}),
        (Deployment, {"state": DeploymentState.DISABLED}, {"state": DeploymentState.APPROVED}),
        (Deployment, {"terms_url": None}, {}),
    )
    for model, now, later in off:
        with tool.parts.database.transaction() as session:
            session.execute(update(model).values(now))
        with pytest.raises(TermsOutOfReach):
            terms_of(tool).tell(deployment.id, TermsAct.ASK_AGAIN, ADMIN)
        if later:
            with tool.parts.database.transaction() as session:
                session.execute(update(model).values(later))
    with pytest.raises(NotFound):
        terms_of(tool).tell(uuid4(), TermsAct.ASK_AGAIN, ADMIN)
    assert (came, orders(tool)) == ([], [])
    browser = signed_in(tool)
    page = browser.get(f"/admin/deployments/{deployment.id}/terms")
    assert page.status_code == 409
    assert "Open the terms once from the LMS" in text_of(page)
    assert "/terms" not in browser.get("/admin/platforms").get_data(as_text=True)


def test_people_whose_words_do_not_count_any_more_are_counted(tool: Tool, deployment: Deployment) -> None:
    with tool.parts.database.transaction() as session:
        person_id = session.execute(select(Person.id).limit(1)).scalar_one()
        text = consent_texts().in_language("en")
        give_consent(session, tenant_id=deployment.id, person_id=person_id, context_id=deployment.id, text=text)
        assert standing(session, deployment.id).outdated == 0
        session.execute(update(Consent).values(text_version="0000"))
        assert standing(session, deployment.id).outdated == 1
    assert "1 person has accepted words that do not count any more" in text_of(
        signed_in(tool).get(f"/admin/deployments/{deployment.id}/terms")
    )
