"""Platform storage: what the login leaves with the platform so that a browser without cookies can be recognized.

The platform keeps named values per tool and browser and hands them back by postMessage (1EdTech LTI Client Side
postMessages and Platform Storage). The value for the state is an HMAC that only we can make; it is no credential
without the ticket of the launch, and of no use after it.
"""

import hashlib
import hmac
from dataclasses import dataclass

from lti_tool.sessions import hash_secret


@dataclass(frozen=True, slots=True)
class StoredProof:
    """The two values that a browser read back."""

    state_value: str
    nonce_value: str

    def entries(self, state: str, nonce: str) -> dict[str, str]:
        """Names and values as they are stored."""
        return {f"lti_state_{state}": self.state_value, f"lti_nonce_{nonce}": self.nonce_value}

    def fits(self, signing_key: str, *, state_hash: str, nonce: str) -> bool:
        """Whether these are the values that were stored at the login."""
        expected = _state_value(signing_key, state_hash)
        same_state = hmac.compare_digest(self.state_value.encode(), expected.encode())
        return same_state and hmac.compare_digest(self.nonce_value.encode(), nonce.encode())


def proof_of(signing_key: str, state: str, nonce: str) -> StoredProof:
    """The values to store at a login."""
    return StoredProof(_state_value(signing_key, hash_secret(state)), nonce)


def _state_value(signing_key: str, state_hash: str) -> str:
    return hmac.new(signing_key.encode(), b"platform-storage:" + state_hash.encode(), hashlib.sha256).hexdigest()
