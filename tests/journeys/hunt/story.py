"""The way of a class through an installation, with a failure on each stretch of it."""

from urllib.parse import urljoin

from lti_tool.demo.course import people
from lti_tool.demo.visitor import Page, Visitor
from tests.journeys.hunt import planted
from tests.journeys.hunt.installation import ADMIN, Installation

PEOPLE = {person.key: person for person in people()}
WORD_AUTHOR, PDF_AUTHOR, PASTE_AUTHOR = "mira-okafor", "tomas-garcia-marquez", "naledi-dlamini"
TEACHER, LMS_ADMIN = "ada-teachwell", "ines-keller"


class Story:
    """Who does what, over HTTP."""

    def __init__(self, house: Installation) -> None:
        self.house = house
        self.browsers: dict[str, Visitor] = {}
        self.admin = Visitor()
        self.link = ""
        self.word = planted.word_file(PEOPLE[WORD_AUTHOR])
        self.pdf = planted.pdf_file(PEOPLE[PDF_AUTHOR])

    def run(self) -> None:
        """The whole way."""
        self.set_up()
        self.hand_in_files()
        self.hand_in_pasted()
        self.crash_a_page()
        self.sign_in_and_search()
        self.send_a_batch()
        self.review()
        self.fail_and_deliver()
        self.read_result_and_exports()
        self.erase()

    def browser(self, key: str) -> Visitor:
        """Somebody who is signed in to the LMS."""
        if key not in self.browsers:
            self.browsers[key] = Visitor().sign_in(self.house.lms_url, key)
        return self.browsers[key]

    def open(self, key: str) -> Page:
        """The assignment, as the frame in the LMS shows it."""
        visitor = self.browser(key)
        return visitor.get(visitor.get(self.link).frame())

    def set_up(self) -> None:
        """The teacher makes the assignment, with prompt and rubric of their own."""
        self.house.lms.fail_once(lambda _, path: "memberships" in path, 500)
        teacher = self.browser(TEACHER)
        course = teacher.get(f"{self.house.lms_url}/course")
        page = teacher.get(teacher.get(course.link("Add Blindmark assignment")).frame())
        values: dict[str, str | list[str]] = {
            "title": "On honesty",
            "description": f"Please {planted.TASK}.",
            "points": "20",
            "allow_assessment": "yes",
            "system_instructions": f"Always {planted.PROMPT}.",
            "criterion-0-description": planted.RUBRIC,
        }
        save = "Save and add to the course"
        teacher.submit(page, page.form(save), values, button=save)
        self.link = teacher.get(f"{self.house.lms_url}/course").link("On honesty")

    def hand_in_files(self) -> None:
        """Two students hand in files; one of them tries a broken one first."""
        broken = planted.IN_REFUSED.encode() + b"\x00\x00"
        for key, name, content in (
            (WORD_AUTHOR, planted.WORD_NAME, self.word),
            (PDF_AUTHOR, planted.PDF_NAME, self.pdf),
        ):
            visitor, page = self.browser(key), self._agree(key)
            page = visitor.submit(page, page.form("/file"), files={"file": ("notes.txt", broken, "text/plain")})
            page.expect("binary")
            page = visitor.submit(page, page.form("/file"), files={"file": (name, content, "application/octet-stream")})
            page.expect("This is what was read from")
            visitor.submit(page, page.form("/hand-in")).expect("Handed in")

    def hand_in_pasted(self) -> None:
        """One student drafts, thinks better of it, and pastes."""
        key = PASTE_AUTHOR
        visitor, page = self.browser(key), self._agree(key)
        page = visitor.submit(page, page.form("/hand-in"), {"text": f"Well, {planted.IN_DRAFT}."}, button="Save draft")
        text = planted.pasted(PEOPLE[key], PEOPLE["bartlomiej-wojcik"], PEOPLE[TEACHER])
        visitor.submit(page, page.form("/hand-in"), {"text": text}, button="Hand in").expect("Handed in")

    def crash_a_page(self) -> None:
        """A page fails in the middle of a statement that holds what was typed."""
        key = "bartlomiej-wojcik"
        page = self._agree(key)
        form = page.form("/hand-in")
        values = [(name, value) for name, value in form.form_values() if name != "text"]
        self.house.execute("ALTER TABLE draft RENAME TO draft_elsewhere")
        try:
            response = self.browser(key)._http.post(
                urljoin(page.url, form.action), data=[*values, ("text", planted.IN_CRASH)], timeout=30
            )
        finally:
            self.house.execute("ALTER TABLE draft_elsewhere RENAME TO draft")
        assert response.status_code == 500
        assert "Something went wrong" in response.text
        self.house.answers.append(response.content)

    def sign_in_and_search(self) -> None:
        """The administrator signs in and looks for a word of a submission."""
        page = self.admin.get(f"{self.house.tool_url}/admin")
        signed = {"username": ADMIN, "password": self.house.password}
        page = self.admin.submit(page, page.form("Sign in"), signed)
        chosen = {"password": planted.PASSWORD, "again": planted.PASSWORD}
        page = self.admin.submit(page, page.form("Save"), chosen)
        found = self.admin.submit(page, page.form("/queue/search"), {"words": planted.SOUGHT})
        assert len(found.root.xpath("//input[@name='item']")) == 1

    def send_a_batch(self) -> None:
        """A batch; the worker stumbles over a missing table, then the provider over the batch."""
        page = self.admin.get(f"{self.house.tool_url}/admin")
        form = page.form("Make a batch")
        items = [box.get("value") for box in form.xpath(".//input[@name='item']")]
        assert len(items) == 3
        noted = {"item": items, "note": planted.QUEUE_NOTE}
        page = self.admin.submit(page, form, noted, button="Save note").expect("Note saved on 3")
        form = page.form("Make a batch")
        page = self.admin.submit(page, form, {"item": items}, button="Make a batch")
        page = self.admin.submit(page, page.form("/batches/create"), {"note": planted.BATCH_NOTE})
        self.house.provider.fail_once(lambda method, path: (method, path) == ("POST", "/v1/files"), 500)
        self.house.provider.fail_once(lambda method, path: (method, path) == ("POST", "/v1/batches"), 503)
        self.house.execute("ALTER TABLE anonymized_text RENAME TO anonymized_elsewhere")
        seen = self.house.log().count("task.failed")
        try:
            page = self.admin.submit(page, page.form("/submit"))
            self.house.until(lambda: self.house.log().count("task.failed") > seen, "the worker stumbles")
        finally:
            self.house.execute("ALTER TABLE anonymized_elsewhere RENAME TO anonymized_text")

        def failed_twice() -> bool:
            self._hurry("batch", "next_check_at")
            return self.house.provider.failed == 2

        self.house.until(failed_twice, "the provider fails")
        progress = page.url.rstrip("/") + "/progress"

        def done() -> bool:
            # After a doubtful create, the provider gets minutes to show the batch.
            self._hurry("batch", "create_started_at")
            self._hurry("batch", "next_check_at")
            return "nothing left to do" in self.admin.get(progress).text

        self.house.until(done, "the batch is done")
        self.admin.get(progress).expect("3 of 3")

    def review(self) -> None:
        """The teacher reads all three with the words in which they were written, changes one and approves the rest."""
        teacher = self.browser(TEACHER)
        self.house.lms.fail_once(lambda method, path: method == "POST" and "/scores" in path, 500)
        page = self.open(TEACHER).expect("Mira Okafor", "Submissions")
        found = teacher.submit(page, page.form("/submissions/search"), {"words": planted.SOUGHT})
        found.expect(PEOPLE[PASTE_AUTHOR].name)
        page = teacher.get(page.link("Mira Okafor")).expect(planted.IN_WORD)
        original = page.root.xpath("//a[contains(@href, '/file')]/@href")
        assert teacher._http.get(urljoin(page.url, original[0]), timeout=30).content == self.word
        comments = f"You wrote: {planted.IN_WORD}. So {planted.FEEDBACK}."
        changed = {"score": "17", "comments": comments, "reason": planted.REASON}
        page = teacher.submit(page, page.form("/override"), changed)
        for _ in range(2):
            page = teacher.submit(page, page.form("/approve"))
        page.expect("Submissions")

    def fail_and_deliver(self) -> None:
        """The LMS fails once, repeating what it got; then the grades arrive."""
        self.house.until(lambda: self.house.lms.failed == 2, "the LMS fails")
        state = f"{self.house.lms_url}/demo/state.json"

        def arrived() -> bool:
            self._hurry("grade_push", "next_attempt_at")
            return len([one for one in Visitor().json(state)["grades"] if one["score"] is not None]) == 3

        self.house.until(arrived, "three grades at the LMS")

    def read_result_and_exports(self) -> None:
        """The student reads; reports, audit log and personal data are taken along."""
        self.open(WORD_AUTHOR).expect("Your result", planted.FEEDBACK)
        for path in ("audit", "reports"):
            page = self.admin.get(f"{self.house.tool_url}/admin/{path}")
            form = page.form(f"/{path}/export")
            self.admin._http.post(
                urljoin(page.url, form.action), data=form.form_values(), timeout=30
            ).raise_for_status()
        page = self._about(WORD_AUTHOR)
        browser = self.browser(LMS_ADMIN)
        browser.submit(page, page.form("/privacy/export")).expect("The copy is being made")

        def download() -> bool:
            made = browser.get(page.url).root.xpath("//a[contains(., 'Download everything')]/@href")
            return bool(made) and browser._http.get(urljoin(page.url, made[0]), timeout=30).content.startswith(b"PK")

        self.house.until(download, "the copy is made")

    def erase(self) -> None:
        """The LMS's administrator has one student forgotten."""
        page = self._about(PDF_AUTHOR)
        self.browser(LMS_ADMIN).submit(page, page.form("/privacy/erase")).expect("was erased")
        assert not self._about(PDF_AUTHOR).root.xpath("//form[contains(@action, '/privacy/erase')]")

    def secrets(self) -> list[str]:
        """Tokens that the tool used at the LMS."""
        found = set()
        for request in self.house.lms.recorded():
            for line in request.decode("latin-1").splitlines():
                if line.lower().startswith("authorization: bearer "):
                    found.add(line.split()[-1])
        return sorted(found)

    def _agree(self, key: str) -> Page:
        page = self.open(key)
        return self.browser(key).submit(page, page.form("/consent"), {"choice": "agree"})

    def _about(self, key: str) -> Page:
        subject = PEOPLE[key].user_id
        return self.browser(LMS_ADMIN).get(f"{self.house.lms_url}/launch/message/privacy:{subject}")

    def _hurry(self, table: str, column: str) -> None:
        """What waits for another try tries now."""
        self.house.execute(f"UPDATE {table} SET {column} = '2020-01-01 00:00:00.000000' WHERE {column} IS NOT NULL")  # noqa: S608
