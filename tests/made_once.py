"""What each test would make anew, though it comes out the same every time: made once for all tests of a process.

Applications, engines and databases stay apart; only compiled forms are shared: templates, routes, SQL.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.pg8000 import PGDialect_pg8000
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

import config.database

_STATEMENTS = 4000


class _Templates(BytecodeCache):
    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


def share_compiled_forms() -> None:
    """Have every application and every engine of this process use what an earlier one compiled."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _Templates()}
    _share_routes()
    _share_statements()


def _share_routes() -> None:
    compile_builder = Rule._compile_builder
    kept: dict[object, Callable[..., tuple[str, str]]] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        # The function takes its rule as an argument; what it does follows from these alone.
        key = (tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in kept:
            kept[key] = compile_builder(rule, append_unknown)
        return kept[key]

    Rule._compile_builder = builder  # type: ignore[method-assign]


def _share_statements() -> None:
    # Statements are kept under the dialect they are compiled for, and every engine has a dialect object of its own.
    for dialect in (SQLiteDialect_pysqlite, PGDialect_pg8000):
        dialect.__eq__ = _same_kind  # type: ignore[method-assign]
        dialect.__hash__ = _hash_of_kind  # type: ignore[method-assign]
    kept: LRUCache[Any, Any] = LRUCache(_STATEMENTS)
    make_engine = config.database.make_engine

    def make_sharing_engine(url: str) -> Engine:
        engine = make_engine(url)
        engine._compiled_cache = kept
        return engine

    config.database.make_engine = make_sharing_engine


def _same_kind(one: Dialect, other: object) -> bool:
    return type(one) is type(other)


def _hash_of_kind(one: Dialect) -> int:
    return hash(type(one))
