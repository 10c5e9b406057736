"""Privacy as people see it: an administrator's limits, an instructor's settings, a student's word, what leaves."""

from typing import Any

import pytest
from lxml import html
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from grading.models import Context, PrivacyLimits, QueueItem, Submission
from grading.models.limits import LegalBasis
from grading.states import QueueState, SubmissionState
from lti_tool.lti import claims as names
from privacy.consent_words import consent_texts, notice_texts
from privacy.models import AuditEvent, Consent
from tests.lti_tool.conftest import Browser, Tool, text_of
from tests.lti_tool.lms import MEMBERSHIP
from tests.lti_tool.pages.test_main_job import ESSAY, Story, set_up, story

__all__ = ["story"]

LIMITS = {
    "allow_llm_assessment": "yes",
    "provider": "openai",
    "ask_each_student": "yes",
    "legal_basis": "consent",
    "longest_retention_days": "365",
    "default_retention_days": "30",
}
COURSE = {
    "allow_llm_assessment": "yes",
    "provider": "provider-openai",
    "anonymize_submissions": "yes",
    "batch_processing_consent": "yes",
    "data_retention_days": "30",
}


def choose(browser: Browser, path: str, values: dict[str, Any], without: tuple[str, ...] = ()) -> TestResponse:
    """Fill in the whole form of a page: what is not in `values` is left unticked."""
    page = browser.get(path)
    root = html.document_fromstring(page.get_data(as_text=True))
    hidden = root.xpath("//main//form[@data-warn-unsaved]//input[@type='hidden']")
    data: dict[str, Any] = {}
    for one in hidden:
        data.setdefault(one.name, []).append(one.value)
    data |= {name: value for name, value in values.items() if name not in without}
    return browser.post(path, data=data, follow_redirects=True)


def limit(story: Story, admin: Browser, *without: str, **values: str) -> str:
    return text_of(choose(admin, "/admin/privacy", LIMITS | values, without))


def settle(browser: Browser, path: str, *without: str, **values: str) -> str:
    return text_of(choose(browser, f"{path}course-privacy", COURSE | values, without))


def standing(story: Story) -> tuple[SubmissionState, str | None]:
    with story.tool.parts.database.transaction() as session:
        row = session.execute(select(Submission.state, Submission.by_hand_reason)).one()
    return row[0], row[1]


def course_of(story: Story) -> Context:
    with story.tool.parts.database.transaction() as session:
        return session.execute(select(Context)).scalar_one()


def submission_id(story: Story) -> str:
    with story.tool.parts.database.transaction() as session:
        return str(session.execute(select(Submission.id)).scalar_one())


def events(story: Story, name: str) -> list[AuditEvent]:
    with story.tool.parts.database.transaction() as session:
        return list(session.execute(select(AuditEvent).where(AuditEvent.event == name)).scalars())


class TestAdministrator:
    """The limits under /admin."""

    @pytest.mark.both_databases
    def test_a_limit_takes_work_out_of_the_queue_and_gives_it_back(self, story: Story) -> None:
        story.hand_in()
        admin = story.admin()
        assert "On in 1 course." in text_of(admin.get("/admin/privacy"))
        assert "1 submissions left the queue" in limit(story, admin, "allow_llm_assessment")
        assert standing(story) == (SubmissionState.WITH_INSTRUCTOR, "site_limit")
        assert course_of(story).allow_llm_assessment
        teacher, path = story.teacher()
        assert "Decided by Blindmark’s administrators" in text_of(teacher.get(f"{path}course-privacy"))
        assert "do not allow AI-assisted feedback" in text_of(teacher.get(f"{path}settings"))
        assert "do not allow AI-assisted feedback" in text_of(teacher.get(f"{path}review/{submission_id(story)}"))
        assert "1 submissions are back in the queue" in limit(story, admin)
        assert standing(story) == (SubmissionState.WAITING, None)

    def test_what_is_saved_is_shown_and_audited(self, story: Story) -> None:
        admin = story.admin()
        changes = {"longest_retention_days": "60", "default_retention_days": "14", "legal_basis": "notice"}
        assert "Saved." in limit(story, admin, "ask_each_student", **changes)
        with story.tool.parts.database.transaction() as session:
            row = session.get_one(PrivacyLimits, 1)
        assert (row.longest_retention_days, row.default_retention_days) == (60, 14)
        assert (row.legal_basis, row.ask_each_student) == (LegalBasis.NOTICE, False)
        root = html.document_fromstring(admin.get("/admin/privacy").get_data(as_text=True))
        values = dict(root.xpath("//form[@data-warn-unsaved]")[0].form_values())
        assert values["longest_retention_days"] == "60"
        assert values["legal_basis"] == "notice"
        assert "ask_each_student" not in values
        (noted,) = events(story, "privacy_limits.changed")
        assert noted.details["legal_basis_before"] == "consent"
        assert noted.details["legal_basis_after"] == "notice"
        assert "Nothing was changed" in limit(story, admin, "ask_each_student", **changes)

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"longest_retention_days": "many"}, "Write a whole number of days"),
            ({"longest_retention_days": "0"}, "must be between 1 and"),
            ({"default_retention_days": "400"}, "no more than the longest"),
            ({"provider": "made-up"}, "not set up any more"),
        ],
    )
    def test_what_cannot_be_saved_is_named_and_kept(self, story: Story, values: dict[str, str], words: str) -> None:
        admin = story.admin()
        page = choose(admin, "/admin/privacy", LIMITS | {"default_retention_days": "21"} | values)
        assert page.status_code == 400
        assert words in text_of(page)
        typed = values.get("default_retention_days", "21")
        assert f'value="{typed}"' in page.get_data(as_text=True)
        with story.tool.parts.database.transaction() as session:
            assert session.get(PrivacyLimits, 1) is None

    def test_new_courses_start_with_the_default(self, story: Story) -> None:
        limit(story, story.admin(), default_retention_days="7")
        story.tool.browser().launch(sub="x", **{names.CONTEXT: {"id": "another"}})
        with story.tool.parts.database.transaction() as session:
            days = session.execute(select(Context.lms_context_id, Context.data_retention_days)).all()
        assert {tuple(row) for row in days} == {("c1", 30), ("another", 7)}


class TestInstructor:
    """The course's privacy page."""

    @pytest.mark.both_databases
    def test_turning_it_off_sends_waiting_work_to_be_graded_by_hand(self, story: Story) -> None:
        story.hand_in()
        teacher, path = story.teacher()
        page = text_of(teacher.get(f"{path}course-privacy"))
        assert "Work of students who have agreed may be sent" in page
        assert "1 submission left the queue" in settle(teacher, path, "allow_llm_assessment")
        assert standing(story) == (SubmissionState.WITH_INSTRUCTOR, "course_setting")
        assert "AI-assisted feedback is off in this course" in text_of(teacher.get(f"{path}course-privacy"))
        words = settle(teacher, path)
        assert "1 submission could be in the queue" in words
        back = teacher.submit(f"{path}course-privacy", "/queue", {}, follow_redirects=True)
        assert "1 submission put in the queue" in text_of(back)
        assert standing(story) == (SubmissionState.WAITING, None)

    def test_a_change_is_audited_with_old_and_new_values_and_nobody_named(self, story: Story) -> None:
        teacher, path = story.teacher()
        settle(teacher, path, "anonymize_submissions", data_retention_days="10")
        noted = events(story, "course.privacy_changed")[-1]
        assert noted.actor_kind == "person"
        assert noted.details == {
            "anonymize_submissions_before": True,
            "anonymize_submissions_after": False,
            "data_retention_days_before": 30,
            "data_retention_days_after": 10,
        }

    def test_names_left_in_means_that_nothing_leaves(self, story: Story) -> None:
        teacher, path = story.teacher()
        settle(teacher, path, "anonymize_submissions")
        assert "nothing leaves with names in it" in text_of(teacher.get(f"{path}course-privacy"))
        story.hand_in(agree=False)
        assert standing(story) == (SubmissionState.WITH_INSTRUCTOR, "course_setting")

    @pytest.mark.parametrize(
        ("without", "values", "words"),
        [
            (("allow_llm_assessment",), {}, "is off in this course"),
            (("provider",), {}, "No service is chosen"),
            ((), {"real_time_only_mode": "yes"}, "not sent in batches"),
        ],
    )
    def test_the_page_says_why_nothing_leaves(
        self, story: Story, without: tuple[str, ...], values: dict[str, str], words: str
    ) -> None:
        teacher, path = story.teacher()
        settle(teacher, path, *without, **values)
        page = text_of(teacher.get(f"{path}course-privacy"))
        assert "Nothing leaves this course" in page
        assert words in page
        assert "No work leaves this course" in text_of(teacher.get(f"{path}submissions"))

    @pytest.mark.parametrize("days", ["", "many", "0", "-3", "366"])
    def test_days_that_cannot_be_are_refused_and_kept(self, story: Story, days: str) -> None:
        teacher, path = story.teacher()
        page = choose(teacher, f"{path}course-privacy", COURSE | {"data_retention_days": days})
        assert page.status_code == 400
        assert "days" in text_of(page).partition("Something needs another look")[2][:60]
        assert course_of(story).data_retention_days == 30

    def test_a_tighter_limit_holds_over_what_the_course_chose(self, story: Story) -> None:
        teacher, path = story.teacher()
        settle(teacher, path, data_retention_days="200")
        limit(story, story.admin(), longest_retention_days="90")
        page = text_of(teacher.get(f"{path}course-privacy"))
        assert "At most 90 days" in page
        assert "That is what holds now" in page
        settle(teacher, path, "real_time_only_mode", data_retention_days="200")
        assert course_of(story).data_retention_days == 200
        student, student_path = story.student()
        assert "for 90 days" in text_of(student.get(f"{student_path}assignment/what-happens"))

    def test_what_an_administrator_decides_is_not_overwritten_by_the_form(self, story: Story) -> None:
        teacher, path = story.teacher()
        limit(story, story.admin(), "provider", "allow_llm_assessment")
        settle(teacher, path, data_retention_days="20")
        course = course_of(story)
        assert (course.allow_llm_assessment, course.approved_providers) == (True, ["openai"])
        assert (course.batch_processing_consent, course.data_retention_days) == (True, 20)

    def test_a_form_that_asks_for_more_than_the_limits_is_refused(self, tool: Tool) -> None:
        _, claims, _ = set_up_off(tool)
        browser = tool.browser()
        custom = {names.CUSTOM: claims[names.DL_ITEMS][0]["custom"]}
        path = browser.launch_as("Instructor", sub="teacher-1", **custom)
        with tool.parts.database.transaction() as session:
            session.add(
                PrivacyLimits(
                    id=1,
                    allow_llm_assessment=False,
                    approved_providers=[],
                    ask_each_student=True,
                    longest_retention_days=365,
                    default_retention_days=30,
                    legal_basis=LegalBasis.CONSENT,
                    changed_at=tool.parts.clock(),
                )
            )
        forged = COURSE | {"offered": ["allow_llm_assessment", "provider-openai"]}
        page = choose(browser, f"{path}course-privacy", forged)
        assert page.status_code == 400
        assert "do not allow AI-assisted feedback" in text_of(page)

    def test_the_words_that_students_read_are_shown_in_each_language(self, story: Story) -> None:
        teacher, path = story.teacher()
        assert "May AI help" in text_of(teacher.get(f"{path}course-privacy/words"))
        assert "Darf KI" in text_of(teacher.get(f"{path}course-privacy/words?language=de"))
        assert "May AI help" in text_of(teacher.get(f"{path}course-privacy/words?language=made-up"))

    def test_a_designer_sees_the_settings_and_no_link_to_work(self, story: Story) -> None:
        browser = story.tool.browser()
        custom = {names.CUSTOM: {"assignment_id": str(story.assignment_id)}}
        path = browser.launch_as("ContentDeveloper", sub="designer-1", **custom)
        page = text_of(browser.get(f"{path}course-privacy"))
        assert "Keep work for" in page
        assert "What leaves the building" not in page

    def test_a_link_without_an_assignment_opens_the_page_too(self, story: Story) -> None:
        browser = story.tool.browser()
        path = browser.launch_as("Instructor", sub="teacher-1", **{names.RESOURCE_LINK: {"id": "empty-link"}})
        assert "Keep work for" in text_of(browser.get(f"{path}course-privacy"))

    def test_one_place_turns_it_off(self, story: Story) -> None:
        teacher, path = story.teacher()
        page = teacher.get(f"{path}settings").get_data(as_text=True)
        assert 'name="allow_assessment"' not in page
        assert "/course-privacy" in page
        teacher.submit(f"{path}settings", "/settings", {"title": "Another title", "do": "save"})
        assert course_of(story).allow_llm_assessment


def set_up_off(tool: Tool) -> tuple[Browser, dict[str, Any], str]:
    """A course in which nobody has turned anything on."""
    made = set_up(tool)
    with tool.parts.database.transaction() as session:
        context = session.execute(select(Context)).scalar_one()
        context.allow_llm_assessment, context.approved_providers = False, []
    return made


class TestStudent:
    """The student's own page and the question on the assignment."""

    @pytest.mark.both_databases
    def test_a_yes_taken_back_and_given_again(self, story: Story) -> None:
        browser, path = story.hand_in()
        own = f"{path}assignment/privacy"
        assert "You agreed on" in text_of(browser.get(own))
        said = text_of(browser.submit(own, "/consent", {"choice": "withdraw"}, follow_redirects=True))
        assert "Work that was waiting was taken out of the queue" in said
        assert "You said no on" in said
        assert "Nothing of yours was sent" in said
        assert standing(story) == (SubmissionState.WITH_INSTRUCTOR, "no_consent")
        teacher, teacher_path = story.teacher()
        listed = text_of(teacher.get(f"{teacher_path}submissions"))
        assert "by hand" in listed
        assert "Grade this one by hand" in text_of(teacher.get(f"{teacher_path}review/{submission_id(story)}"))
        again = text_of(browser.submit(own, "/consent", {"choice": "agree"}, follow_redirects=True))
        assert "Work of yours waits to be graded by hand" in again
        assert standing(story) == (SubmissionState.WITH_INSTRUCTOR, "no_consent")
        asked = text_of(browser.submit(own, "/privacy/queue", {}, follow_redirects=True))
        assert "Your work waits for AI-assisted feedback now" in asked
        assert standing(story) == (SubmissionState.WAITING, None)
        with story.tool.parts.database.transaction() as session:
            assert session.execute(select(QueueItem.state)).scalars().all() == [QueueState.QUEUED]

    def test_what_was_sent_is_listed_and_said(self, story: Story) -> None:
        browser, path = story.hand_in()
        story.run_batch()
        own = f"{path}assignment/privacy"
        page = text_of(browser.get(own))
        assert "Is it ever right to lie?" in page
        assert "OpenAI" in page
        assert "Came back" in page
        said = text_of(browser.submit(own, "/consent", {"choice": "withdraw"}, follow_redirects=True))
        assert "can't be called back" in said

    @pytest.mark.parametrize(
        ("changes", "headers", "language"),
        [
            ({names.LAUNCH_PRESENTATION: {"locale": "de_AT"}}, {"Accept-Language": "fr"}, "de"),
            ({"locale": "es-MX"}, {}, "es"),
            ({}, {"Accept-Language": "tlh, fr-CA;q=0.8, de;q=0.5"}, "fr"),
            ({"locale": "<script>"}, {"Accept-Language": ""}, "en"),
        ],
    )
    def test_words_come_in_the_language_of_the_launch_or_the_browser(
        self, story: Story, changes: dict[str, Any], headers: dict[str, str], language: str
    ) -> None:
        browser = story.tool.browser()
        custom = {names.CUSTOM: {"assignment_id": str(story.assignment_id)}}
        path = browser.launch_as("Learner", sub="student-1", **custom, **changes)
        page = browser.get(f"{path}assignment", headers=headers)
        text = consent_texts().in_language(language)
        assert text.title in text_of(page)
        assert f'<div class="prose" lang="{language}">' in page.get_data(as_text=True)

    def test_the_language_that_was_chosen_on_the_page_is_recorded_with_the_yes(self, story: Story) -> None:
        browser, path = story.student()
        done = browser.submit(f"{path}assignment?language=fr", "/consent", {"choice": "agree"})
        assert done.headers["Location"].endswith("/assignment?language=fr")
        text = consent_texts().in_language("fr")
        with story.tool.parts.database.transaction() as session:
            said = session.execute(select(Consent)).scalar_one()
        assert (said.text_version, said.text_language, said.text_hash) == (text.version, "fr", text.hash)

    @pytest.mark.parametrize("values", [{"version": "2020-01"}, {"language": "xx"}, {"version": "", "language": ""}])
    def test_words_that_were_not_shown_are_not_agreed_to(self, story: Story, values: dict[str, str]) -> None:
        browser, path = story.student()
        answer = browser.submit(path, "/consent", {"choice": "agree", **values})
        assert answer.status_code == 409
        assert "words have changed" in text_of(answer)
        with story.tool.parts.database.transaction() as session:
            assert session.execute(select(Consent)).first() is None

    def test_a_yes_to_older_words_is_asked_for_again(self, story: Story) -> None:
        browser, path = story.student()
        browser.submit(path, "/consent", {"choice": "agree"})
        with story.tool.parts.database.transaction() as session:
            session.execute(select(Consent)).scalar_one().text_version = "2020-01"
        assert "The words have changed since you agreed" in text_of(browser.get(f"{path}assignment"))
        browser.submit(path, "/consent", {"choice": "agree"})
        page = text_of(browser.get(f"{path}assignment"))
        assert "You agreed to AI-assisted feedback in this course" in page

    @pytest.mark.both_databases
    def test_a_notice_lets_students_opt_out(self, story: Story) -> None:
        limit(story, story.admin(), "ask_each_student", legal_basis="notice")
        teacher, teacher_path = story.teacher()
        settle(teacher, teacher_path, "batch_processing_consent")
        assert "may be sent" in text_of(teacher.get(f"{teacher_path}course-privacy"))
        browser, path = story.hand_in(agree=False)
        assert standing(story) == (SubmissionState.WAITING, None)
        page = text_of(browser.get(f"{path}assignment"))
        assert "You may opt out" in page
        said = text_of(browser.submit(path, "/consent", {"choice": "withdraw"}, follow_redirects=True))
        assert "was taken out of the queue" in said
        assert "You opted out" in said
        assert standing(story) == (SubmissionState.WITH_INSTRUCTOR, "no_consent")
        with story.tool.parts.database.transaction() as session:
            row = session.execute(select(Consent)).scalar_one()
            assert (row.text_version, row.given_at) == (notice_texts().current.name, None)
        assert "may opt out at any time" in text_of(browser.get(f"{path}assignment/what-happens"))

    def test_where_it_is_off_nothing_is_asked_and_the_pages_say_so(self, story: Story) -> None:
        teacher, teacher_path = story.teacher()
        settle(teacher, teacher_path, "allow_llm_assessment")
        browser, path = story.student()
        assert "May AI help" not in text_of(browser.get(f"{path}assignment"))
        assert "Nothing is sent to an AI service" in text_of(browser.get(f"{path}assignment/what-happens"))
        assert "AI-assisted feedback is off in this course" in text_of(browser.get(f"{path}assignment/privacy"))

    def test_a_student_puts_back_nobody_elses_work(self, story: Story) -> None:
        story.hand_in(subject="student-1", agree=False)
        with story.tool.parts.database.transaction() as session:
            said = session.execute(select(Submission)).scalar_one()
            assert said.by_hand_reason == "no_consent"
        first, path = story.student("student-1")
        first.submit(path, "/consent", {"choice": "agree"})
        other, other_path = story.student("student-2", "Novak")
        other.submit(other_path, "/consent", {"choice": "agree"})
        token = other.get(f"{other_path}assignment").get_data(as_text=True)
        key = html.document_fromstring(token).xpath("//input[@name='csrf_token']/@value")[0]
        other.post(f"{other_path}assignment/privacy/queue", data={"csrf_token": key})
        assert standing(story)[0] is SubmissionState.WITH_INSTRUCTOR


class TestWhatLeaves:
    """Original and outgoing text side by side."""

    def test_both_sides_are_shown_with_what_was_found(self, story: Story) -> None:
        story.hand_in()
        teacher, path = story.teacher()
        page = teacher.get(f"{path}leaving", follow_redirects=True)
        root = html.document_fromstring(page.get_data(as_text=True))
        was, now = (" ".join(side.text_content().split()) for side in root.xpath("//section[@class='sheet']"))
        assert "Mira Okafor" in was
        assert "Mira" not in now
        assert "[Student 1]" in now
        assert "1 place is replaced" in text_of(page)
        assert "Students1 replaced" in text_of(page)
        assert "<b>& more</b>" in was
        assert events(story, "submission.opened")[-1].actor_kind == "person"

    def test_what_is_not_sure_is_marked_and_left_standing(self, story: Story) -> None:
        browser = story.tool.browser()
        browser.launch_as("Learner", sub="student-2", given_name="Florence", family_name="Hall", name="Florence Hall")
        story.hand_in(text="The archive in Florence holds the letters.")
        teacher, path = story.teacher()
        page = teacher.get(f"{path}leaving", follow_redirects=True)
        assert "not sure, left standing" in text_of(page)
        assert "found--uncertain" in page.get_data(as_text=True)

    def test_work_that_does_not_leave_says_so(self, story: Story) -> None:
        story.hand_in(agree=False)
        teacher, path = story.teacher()
        words = text_of(teacher.get(f"{path}leaving", follow_redirects=True))
        assert "This work does not leave" in words
        assert "has not agreed" in words

    def test_words_hidden_by_hand_are_remembered_for_the_assignment_and_not_sent(self, story: Story) -> None:
        story.hand_in()
        teacher, path = story.teacher()
        page = f"{path}leaving/{submission_id(story)}"
        said = teacher.submit(page, "/correct", {"words": " a Doctor\n may", "do": "hide"}, follow_redirects=True)
        assert "Hidden from now on" in text_of(said)
        assert "However, [detail 1] stay silent" in text_of(said)
        assert "Hidden by hand1 replaced" in text_of(said)
        story.hand_in(subject="student-2")
        story.run_batch()
        assert "a doctor may" not in story.provider.sent()
        assert story.provider.sent().count("[detail 1] stay silent") == 2
        (noted,) = events(story, "assignment.text_corrected")
        assert noted.details == {"kind": "hide"}

    def test_a_wrong_finding_is_left_standing_until_that_is_undone(self, story: Story) -> None:
        story.hand_in(text="My sister Jitka Vrbova helped me with the example, however.")
        teacher, path = story.teacher()
        page = f"{path}leaving/{submission_id(story)}"
        assert "[Person 1]" in text_of(teacher.get(page))
        said = text_of(teacher.submit(page, "/correct", {"words": "jitka vrbová", "do": "show"}, follow_redirects=True))
        assert "Left standing from now on" in said
        assert "[Person 1]" not in said
        undone = text_of(teacher.submit(page, "/undo", {}, follow_redirects=True))
        assert "Undone" in undone
        assert "[Person 1]" in undone

    def test_a_full_name_of_the_course_cannot_be_let_out(self, story: Story) -> None:
        story.hand_in()
        teacher, path = story.teacher()
        page = f"{path}leaving/{submission_id(story)}"
        for words in ("Mira Okafor", "mira@example.org"):
            answer = teacher.submit(page, "/correct", {"words": words, "do": "show"})
            assert answer.status_code == 400
            assert "It is always replaced" in text_of(answer)

    @pytest.mark.parametrize("words", ["", " . ", "a", "long " * 50])
    def test_words_in_which_there_is_nothing_to_find_are_refused(self, story: Story, words: str) -> None:
        story.hand_in()
        teacher, path = story.teacher()
        page = f"{path}leaving/{submission_id(story)}"
        answer = teacher.submit(page, "/correct", {"words": words, "do": "hide"})
        assert answer.status_code == 400
        assert "Select" in text_of(answer)

    def test_an_empty_assignment_has_words_instead(self, story: Story) -> None:
        teacher, path = story.teacher()
        assert "Nothing has been handed in yet" in text_of(teacher.get(f"{path}leaving"))

    def test_work_of_another_assignment_is_not_found(self, story: Story) -> None:
        teacher, path = story.teacher()
        assert teacher.get(f"{path}leaving/{story.assignment_id}").status_code == 404


def test_pages_cost_as_many_statements_for_twelve_students_as_for_three(story: Story) -> None:
    statements: list[str] = []
    engine = story.tool.parts.database.engine
    event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(str(arguments[2])))
    admin = story.admin()
    teacher, path = story.teacher()
    counts: dict[str, list[int]] = {}
    for size in (3, 9):
        for number in range(size):
            student, student_path = story.hand_in(subject=f"student-{size}-{number}")
        with story.tool.parts.database.transaction() as session:
            one = session.execute(select(Submission.id).limit(1)).scalar_one()
        pages = {
            "course-privacy": (teacher, f"{path}course-privacy"),
            "words": (teacher, f"{path}course-privacy/words"),
            "leaving": (teacher, f"{path}leaving/{one}"),
            "admin": (admin, "/admin/privacy"),
            "own": (student, f"{student_path}assignment/privacy"),
            "what happens": (student, f"{student_path}assignment/what-happens"),
            "assignment": (student, f"{student_path}assignment"),
        }
        for name, (browser, address) in pages.items():
            statements.clear()
            assert browser.get(address).status_code == 200
            reads = [words for words in statements if words.lstrip().upper().startswith("SELECT")]
            counts.setdefault(name, []).append(len(reads))
    assert {name: few for name, (few, _) in counts.items()} == {name: many for name, (_, many) in counts.items()}
    assert max(few for few, _ in counts.values()) <= 14


def test_only_learners_are_counted(story: Story) -> None:
    browser = story.tool.browser()
    browser.launch(sub="tester", **{names.ROLES: [MEMBERSHIP + "Learner", TEST_USER]})
    story.hand_in(text=ESSAY)
    teacher, path = story.teacher()
    root = html.document_fromstring(teacher.get(f"{path}course-privacy").get_data(as_text=True))
    tally = {one.xpath("dt")[0].text: one.xpath("dd")[0].text for one in root.xpath("//dl[@class='tally']/div")}
    assert tally == {"Students": "1", "Agreed": "1", "Said no": "0", "No answer": "0"}


TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
