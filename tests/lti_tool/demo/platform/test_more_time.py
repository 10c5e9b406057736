"""More time for one student, given in the LMS: the tool learns it from a launch, and for everybody from the roster."""

from datetime import timedelta

from sqlalchemy import select, update

from grading.models import Assignment, Context, IndividualDate, Person
from tests.lti_tool.demo.platform.meeting import NAMES, Meeting
from tests.lti_tool.demo.platform.tiny_tool import PEOPLE, ROSTER, TinyTool

COURSE = "/lti/courses/course-phil-101/memberships"


def extension(both: Meeting, student: str) -> None:
    """The assignment is over; the teacher gives one student until tomorrow."""
    teacher = both.guest(NAMES["teacher"])
    place = both.add_assignment(teacher, "First essay")
    # Opening it once makes its link known to the tool.
    teacher.get(teacher.get(place).frame()).expect("First essay")
    now = both.clock.moment()
    with both.parts.database.transaction() as session:
        session.execute(update(Assignment).values(due_at=now - timedelta(hours=2), closes_at=now - timedelta(hours=1)))
    page = teacher.get(place)
    user = next(person.user_id for person in PEOPLE if person.key == student)
    until = (now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    teacher.submit(page, page.form("Give more time"), {"student": user, "until": until})


def test_who_was_given_more_time_hands_in_after_the_end(both: Meeting) -> None:
    extension(both, "student1")
    for key, words in (("student1", "(your own date)"), ("student2", "This assignment closed on")):
        guest = both.guest(NAMES[key])
        place = guest.get(f"{both.lms}/course").link("First essay")
        guest.get(guest.get(place).frame()).expect(words)


def test_the_roster_of_the_link_tells_it_before_anybody_opens_the_assignment(both: Meeting) -> None:
    extension(both, "student2")
    with both.parts.database.transaction() as session:
        context_id = session.execute(select(Context.id)).scalar_one()
    both.parts.refresh_roster(context_id)
    with both.parts.database.transaction() as session:
        known = session.execute(
            select(Person.subject).join(IndividualDate, IndividualDate.person_id == Person.id)
        ).scalars()
        assert list(known) == [next(person.user_id for person in PEOPLE if person.key == "student2")]


def test_a_roster_is_given_for_links_of_the_course_alone(tool: TinyTool) -> None:
    link = tool.add_link()
    service = tool.service(ROSTER)
    members = service("GET", f"{COURSE}?rlid={link}&limit=50").get_json()["members"]
    assert all("message" in member for member in members)
    assert service("GET", f"{COURSE}?rlid=none").status_code == 403
    assert "message" not in service("GET", COURSE).get_json()["members"][0]
