"""Sealing, anonymizing, consent and the audit log: what keeps a person's words and name to themselves."""
