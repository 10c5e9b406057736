"""Where the audit chains end, in a signed form to keep outside the database.

Somebody who rules the database can't forge an entry without the audit key, but could cut entries off at the end and set
the head back. A head that was put down elsewhere shows that. One line of JSON each, so that a file can grow by a line a
day; the signature is HMAC-SHA-256 under a key of the key ring, over the line's JSON without it.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from privacy.errors import AuditBroken, PrivacyError
from privacy.keyring import KeyProvider
from privacy.models import AuditChain

PURPOSE: Final = "audit heads v1"


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one chain at a moment."""

    chain: str
    sequence: int
    hash: str
    noted_at: datetime


def signed_heads(session: Session, keyring: KeyProvider, clock: Clock = utc_now) -> str:
    """One line with the ends of all chains, signed."""
    rows = session.execute(select(AuditChain).order_by(AuditChain.chain)).scalars()
    content = {
        "noted_at": clock().isoformat(),
        "heads": [{"chain": row.chain, "sequence": row.sequence, "hash": row.head} for row in rows],
    }
    return json.dumps({**content, "signature": _signature(keyring, content)})


def read_heads(lines: Iterable[str], keyring: KeyProvider) -> Iterator[Head]:
    """The heads that were put down, whose signatures are right.

    Raises:
        PrivacyError: a line is not what `signed_heads` writes.
        AuditBroken: a line was altered, or signed with another key ring.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
            signature = str(content.pop("signature"))
            noted_at = datetime.fromisoformat(content["noted_at"])
            heads = [
                Head(str(one["chain"]), int(one["sequence"]), str(one["hash"]), noted_at) for one in content["heads"]
            ]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PrivacyError(f"Line {number} holds no heads as `blindmark audit head` prints them.") from error
        if not hmac.compare_digest(signature, _signature(keyring, content)):
            raise AuditBroken(f"Line {number} was altered, or belongs to another key ring.")
        yield from heads


def _signature(keyring: KeyProvider, content: Mapping[str, object]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hmac.new(keyring.derive(PURPOSE), text.encode(), hashlib.sha256).hexdigest()
