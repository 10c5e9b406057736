"""Copies of everything that is kept about a person, made as a job, sealed while they wait, gone after a week (P5)."""

from grading.exports.discarding import discard, forget_old
from grading.exports.fetching import Download, fetch
from grading.exports.making import make
from grading.exports.requests import KEPT, due, newest, request

__all__ = ["KEPT", "Download", "discard", "due", "fetch", "forget_old", "make", "newest", "request"]
