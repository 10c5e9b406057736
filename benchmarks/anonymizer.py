"""How fast the anonymizer is: characters a second on one core, and ratios to simpler passes over the same text.

    python benchmarks/anonymizer.py [--members 30 300] [--papers 150] [--presidio PYTHON]

The papers are the made-up ones of the tests with three sentences of plain prose to each that names or seems to name
somebody, 2,000 to 8,000 characters long, against one roster compiled beforehand. All times are processor time, the
shortest of some runs, which take turns.
The bare pass searches for the roster's whole names and their parts with one regular expression, an alternation of all
of them; the pass of words looks every word up in a set of those parts. Neither hides anything. `PYTHON` is an
interpreter of an environment in which `presidio-analyzer` is installed; its pattern recognizers then run with the
roster's names as a deny list and no language model.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

# The made-up papers live with the tests, which are no installed package.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from privacy.anonymizer import anonymize, compile_roster  # noqa: E402
from tests.privacy.anonymizer.papers.build import Paper, course, write_paper  # noqa: E402

_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST, _LONGEST = 2_000, 8_000
# Runs in the other environment: reads {"texts", "names"}, prints seconds.
_PRESIDIO = """
import json, sys, time
from presidio_analyzer import AnalyzerEngine, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
class NoModel(NlpEngine):
    def load(self): pass
    def is_loaded(self): return True
    def process_text(self, text, language): return NlpArtifacts([], [], [], [], self, language)
    def process_batch(self, texts, language, **_): return ((text, self.process_text(text, language)) for text in texts)
    def is_stopword(self, word, language): return False
    def is_punct(self, word, language): return False
    def get_supported_entities(self): return []
    def get_supported_languages(self): return ["en"]
given = json.load(sys.stdin)
registry = RecognizerRegistry()
registry.load_predefined_recognizers(languages=["en"], nlp_engine=NoModel())
registry.remove_recognizer("SpacyRecognizer")
registry.add_recognizer(PatternRecognizer("ROSTER", deny_list=given["names"]))
engine = AnalyzerEngine(registry=registry, nlp_engine=NoModel(), supported_languages=["en"])
engine.analyze(given["texts"][0], "en")
start = time.process_time()
for text in given["texts"]:
    engine.analyze(text, "en")
print(time.process_time() - start)
"""


def papers(members: int, count: int) -> list[Paper]:
    """Papers of one course of this size."""
    draw = random.Random(20_240_501)  # noqa: S311 - nothing secret
    students, teachers = course(draw, members)
    made: list[Paper] = []
    while len(made) < count:
        paper = write_paper(students, teachers, draw, sentences=draw.randint(8, 30), prose=3)
        if _SHORTEST <= len(paper.text) <= _LONGEST:
            made.append(paper)
    return made


def best_of(runs: dict[str, Callable[[], object]], times: int = 5) -> dict[str, float]:
    """The shortest processor time of each run, in seconds; the runs take turns, so that a busy machine slows all."""
    shortest = dict.fromkeys(runs, float("inf"))
    for _ in range(times):
        for name, run in runs.items():
            start = time.process_time()
            run()
            shortest[name] = min(shortest[name], time.process_time() - start)
    return shortest


def presidio(python: str, texts: list[str], names: list[str]) -> float:
    """The processor time that Presidio's pattern recognizers take, in seconds."""
    given = json.dumps({"texts": texts, "names": names})
    done = subprocess.run([python, "-c", _PRESIDIO], input=given, capture_output=True, text=True, check=True)  # noqa: S603
    return float(done.stdout.split()[-1])


def measure(members: int, count: int, presidio_python: str | None) -> None:
    """Measure the anonymizer, and print."""
    made = papers(members, count)
    compiling = best_of({"compiling": lambda: compile_roster(made[0].roster)})["compiling"]
    roster = compile_roster(made[0].roster)
    names = {member.name for member in made[0].roster}
    words = {word for name in names for word in _WORD.findall(name)}
    bare = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names | words, key=len, reverse=True)))})\b")
    characters = sum(len(paper.text) for paper in made)

    def whole() -> None:
        for paper in made:
            anonymize(paper.text, author_id=paper.author, roster=roster, file_name=paper.file_name)

    def alternation() -> None:
        for paper in made:
            _ = [match.start() for match in bare.finditer(paper.text)]

    def plain() -> None:
        for paper in made:
            _ = [match.start() for match in _WORD.finditer(paper.text) if match.group() in words]

    rows = best_of({"anonymizer": whole, "bare pass, one alternation": alternation, "pass of words": plain})
    if presidio_python:
        denied = sorted(names) + sorted(words)
        rows["Presidio, patterns and deny list"] = presidio(presidio_python, [paper.text for paper in made], denied)
    mean = characters / len(made)
    sys.stdout.write(f"{len(made)} papers of {mean:,.0f} characters on average, a roster of {len(made[0].roster)}\n")
    sys.stdout.write(f"compiling the roster: {compiling * 1000:.0f} ms\n")
    for name, seconds in rows.items():
        speed, ratio = characters / seconds / 1e6, rows["anonymizer"] / seconds
        sys.stdout.write(f"{name:<34} {speed:6.2f} million characters a second   {ratio:6.2f} x the anonymizer\n")
    if not presidio_python:
        sys.stdout.write("Presidio is left out: no interpreter with presidio-analyzer was named.\n")


def main() -> None:
    """Read what to measure from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--members", type=int, nargs="+", default=[30, 300])
    parser.add_argument("--papers", type=int, default=150)
    parser.add_argument("--presidio", metavar="PYTHON", help="interpreter of an environment with presidio-analyzer")
    arguments = parser.parse_args()
    for members in arguments.members:
        measure(members, arguments.papers, arguments.presidio)


if __name__ == "__main__":
    main()
