"""Files of the demonstration that were made when it had one course and one deployment."""

import sqlite3
from pathlib import Path

from lti_tool.demo.platform.store import Store
from tests.lti_tool.demo.platform.tiny_tool import AGS, LTI, TinyTool

OLDER = """
DROP TABLE platform_keys; DROP TABLE notice_handlers; DROP TABLE activities; DROP TABLE courses;
ALTER TABLE launches DROP COLUMN course_id;
ALTER TABLE deep_links DROP COLUMN course_id;
ALTER TABLE links DROP COLUMN course_id;
ALTER TABLE links DROP COLUMN history;
ALTER TABLE line_items DROP COLUMN course_id;
ALTER TABLE received_scores DROP COLUMN course_id;
ALTER TABLE assets DROP COLUMN activity_id;
ALTER TABLE access_tokens DROP COLUMN client_id;
ALTER TABLE tools DROP COLUMN enabled;
ALTER TABLE sent_notices DROP COLUMN notice_type;
CREATE TABLE handlers (notice_type TEXT PRIMARY KEY, handler TEXT NOT NULL);
CREATE TABLE processor (item TEXT NOT NULL);
INSERT INTO handlers VALUES ('LtiHelloWorldNotice', 'http://127.0.0.1:1/lti/notices');
INSERT INTO processor VALUES ('{"type": "ltiAssetProcessor", "title": "Blindmark"}');
"""
"""Makes of a file of today one as it used to be."""


def make_older(path: Path) -> None:
    connection = sqlite3.connect(path)
    try:
        connection.executescript(OLDER)
    finally:
        connection.close()


def test_an_older_file_keeps_its_links_grades_subscriptions_and_attached_tool(tool: TinyTool) -> None:
    link_id = tool.add_link()
    item = tool.state()["links"][0]["line_item_id"]
    path, _, query = item.partition("?")
    score = {
        "userId": "sub-student1",
        "timestamp": "2026-09-21T14:13:20.000Z",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 10,
        "scoreMaximum": 20,
    }
    kind = "application/vnd.ims.lis.v1.score+json"
    assert tool.service(AGS + "score")("POST", f"{path}/scores?{query}", score, Content_Type=kind).status_code == 200
    before = tool.state()
    make_older(tool.data_dir / "platform.sqlite3")
    tool.restart()
    assert tool.state() == before
    assert tool.launch("student1", link_id)[LTI + "context"]["id"] == "course-phil-101"
    assert "Graded with" in tool.get(tool.browser("teacher"), "/course/reflection").text
    assert "Send a test notice" in tool.get(tool.browser("admin"), "/admin/tools").text


def test_a_file_is_upgraded_once_and_opened_again_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "platform.sqlite3"
    Store(path)
    make_older(path)
    for _ in range(2):
        with Store(path).transaction() as connection:
            handlers = connection.execute("SELECT deployment_id, notice_type FROM notice_handlers").fetchall()
            activities = connection.execute("SELECT id, course_id FROM activities").fetchall()
        assert [tuple(row) for row in handlers] == [("demo-1", "LtiHelloWorldNotice")]
        assert [tuple(row) for row in activities] == [("activity-reflection", "course-phil-101")]
