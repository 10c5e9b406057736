"""What each test would make anew, though it comes out the same every time: made once for all tests of a process.

Applications, engines and databases stay apart; shared are only compiled forms (templates, routes, SQL), and key pairs
that nobody tells apart.
"""

import itertools
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import URL, Engine
from sqlalchemy.dialects.postgresql.pg8000 import PGDialect_pg8000
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

import config.database
import lti_tool.lti.keys

_STATEMENTS = 4000
_KEY_PAIRS = 12


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
    _share_key_pairs()
    _leave_out_encryption()


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


def _share_key_pairs() -> None:
    # A tool keeps at most a few keys, and they only have to differ from each other.
    kept: list[rsa.RSAPrivateKey] = []
    numbers = itertools.count()
    new_key = lti_tool.lti.keys._new_key

    def next_key() -> rsa.RSAPrivateKey:
        number = next(numbers) % _KEY_PAIRS
        if number == len(kept):
            kept.append(new_key())
        return kept[number]

    lti_tool.lti.keys._new_key = next_key


def _leave_out_encryption() -> None:
    # The server is on this machine, and agreeing on a cipher takes longer than most of what is asked there.
    connect_args = PGDialect_pg8000.create_connect_args

    def without_encryption(dialect: PGDialect_pg8000, url: URL) -> Any:
        positional, named = connect_args(dialect, url)
        return positional, {**named, "ssl_context": False} if url.host == "127.0.0.1" else named

    PGDialect_pg8000.create_connect_args = without_encryption  # type: ignore[method-assign]


def _same_kind(one: Dialect, other: object) -> bool:
    return type(one) is type(other)


def _hash_of_kind(one: Dialect) -> int:
    return hash(type(one))
