"""The audit log: an append-only chain of hashes over opaque ids, one chain per tenant (P6).

`entries` says what an entry is and collects it, `chain` writes it with the transaction it belongs to, `verifying` walks
the chains, `heads` signs where they end, `reading` filters and pages, `exporting` writes what was found as text.
"""

from privacy.audit.chain import AuditLog
from privacy.audit.entries import SITE_CHAIN, Actor, Detail, record

__all__ = ["SITE_CHAIN", "Actor", "AuditLog", "Detail", "record"]
