"""The errors of the privacy room: words for a person, a code for machines."""


class PrivacyError(Exception):
    """Something that keeps people's data safe refuses to go on."""

    code = "privacy_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class KeyRingError(PrivacyError):
    """The key ring is missing, unreadable or does not hold the key that is needed."""

    code = "keyring"


class SealBroken(PrivacyError):
    """A sealed value can't be opened in its place: it was altered, moved, or belongs to somebody else."""

    code = "seal_broken"


class KeyDestroyed(PrivacyError):
    """The data key was destroyed, so that what it sealed is gone for good."""

    code = "key_destroyed"


class ConsentMissing(PrivacyError):
    """The person has not agreed, or no longer agrees, to what is about to happen."""

    code = "consent_missing"


class AuditBroken(PrivacyError):
    """The audit chain does not add up."""

    code = "audit_broken"


class PositionUnreadable(PrivacyError):
    """A place in the audit log, as an address names it, was not given out by us."""

    code = "position_unreadable"
