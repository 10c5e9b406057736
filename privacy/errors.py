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


class KeyServiceUnavailable(KeyRingError):
    """The service that holds the master keys does not answer, or is sealed. It may be tried again later."""

    code = "key_service_unavailable"


class KeyServiceRefused(KeyRingError):
    """The service that holds the master keys answers, and says no: a token, a name or a right is missing."""

    code = "key_service_refused"


class MasterKeyRetired(KeyRingError):
    """A data key was wrapped under a master key that was retired meanwhile. Nothing was stored: try again."""

    code = "master_key_retired"


class MasterKeyInUse(KeyRingError):
    """A master key can't be retired yet."""

    code = "master_key_in_use"


class NotSealed(PrivacyError):
    """Something that was not sealed was about to be written where only sealed values stand."""

    code = "not_sealed"


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
