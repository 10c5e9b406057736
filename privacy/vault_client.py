"""HTTP to HashiCorp Vault: token, namespace, time limits, repeats, and its answers as our errors.

Nothing of a request or an answer is logged, and no error quotes more than Vault's own list of errors.
"""

import os
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import requests

from privacy.errors import KeyRingError, KeyServiceRefused, KeyServiceUnavailable

CONNECT_SECONDS: Final = 3.05
READ_SECONDS: Final = 10.0
PAUSES: Final = (0.2, 0.8)
"""Seconds before the second and the third try."""
_WORTH_REPEATING: Final = frozenset({HTTPStatus.PRECONDITION_FAILED, HTTPStatus.TOO_MANY_REQUESTS})
_MOST_WORDS: Final = 200


class VaultClient:
    """Requests to one Vault. Threads and forked processes each get connections of their own."""

    def __init__(
        self,
        base: str,
        token: Callable[[], str],
        *,
        namespace: str = "",
        verify: bool | str = True,
        read_seconds: float = READ_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base = base
        self._token = token
        self._namespace = namespace
        self._verify = verify
        self._timeouts = (CONNECT_SECONDS, read_seconds)
        self._sleep = sleep
        self._own = threading.local()

    def read(self, path: str) -> dict[str, Any]:
        """GET; returns the answer's `data`. Raises as `write` does."""
        return self._data("GET", path, None, repeat=True)

    def write(self, path: str, body: dict[str, Any], *, repeat: bool = True) -> dict[str, Any]:
        """POST; returns the answer's `data`, empty where Vault has nothing to say.

        Args:
            repeat: whether a request that may have arrived is sent again.

        Raises:
            KeyServiceUnavailable: no answer, too slow, overloaded, or sealed.
            KeyServiceRefused: the token, the name or the address is wrong.
            KeyRingError: Vault can't do this with these values.
        """
        return self._data("POST", path, body, repeat=repeat)

    def _data(self, method: str, path: str, body: dict[str, Any] | None, *, repeat: bool) -> dict[str, Any]:
        for pause in PAUSES if repeat else ():
            try:
                response = self._send(method, path, body)
            except KeyServiceUnavailable:
                self._sleep(pause)
                continue
            if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR and response.status_code not in _WORTH_REPEATING:
                return self._understood(path, response)
            self._sleep(pause)
        return self._understood(path, self._send(method, path, body))

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> requests.Response:
        headers = {"X-Vault-Token": self._token(), "X-Vault-Request": "true"}
        if self._namespace:
            headers["X-Vault-Namespace"] = self._namespace
        try:
            # A redirect would carry the token to wherever it points.
            return self._session().request(
                method,
                f"{self.base}/v1/{path}",
                json=body,
                headers=headers,
                timeout=self._timeouts,
                verify=self._verify,
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise KeyServiceRefused(
                f"The certificate of Vault at {self.base} is not trusted. If it is your own, set VAULT_CACERT."
            ) from error
        except requests.RequestException as error:
            raise KeyServiceUnavailable(
                f"Vault at {self.base} does not answer ({type(error).__name__}). Nothing can be sealed or opened "
                "until it does."
            ) from error

    def _session(self) -> requests.Session:
        # A connection shared with a forked process would mix up two conversations.
        if getattr(self._own, "process", None) != os.getpid():
            self._own.process, self._own.session = os.getpid(), requests.Session()
        session: requests.Session = self._own.session
        return session

    def _understood(self, path: str, response: requests.Response) -> dict[str, Any]:
        status = response.status_code
        content = _json(response)
        words = "; ".join(str(one) for one in content.get("errors") or [])[:_MOST_WORDS]
        if status == HTTPStatus.NO_CONTENT:
            return {}
        if status == HTTPStatus.OK or (status == HTTPStatus.BAD_REQUEST and "data" in content):
            return _data_of(content, self.base)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise KeyServiceRefused(
                f"Vault at {self.base} refuses {path}: the token has run out, or its policy does not allow it."
            )
        if status == HTTPStatus.NOT_FOUND:
            raise KeyServiceRefused(f"Vault at {self.base} has nothing at {path}. Check address and namespace.")
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise KeyServiceRefused(f"Vault at {self.base} points to another address. Set that one.")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _WORTH_REPEATING:
            sealed = " It is sealed: somebody has to unseal it." if "sealed" in words.lower() else ""
            raise KeyServiceUnavailable(f"Vault at {self.base} can't answer now (status {status}).{sealed}")
        raise KeyRingError(f"Vault at {self.base} can't do {path}: {words or f'status {status}'}")


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        content = response.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _data_of(content: dict[str, Any], base: str) -> dict[str, Any]:
    data = content.get("data")
    if not isinstance(data, dict):
        raise KeyServiceRefused(f"What answers at {base} is not Vault. Check BLINDMARK_KEYRING.")
    return data
