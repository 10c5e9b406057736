"""A stand-in for HashiCorp Vault with a transit engine, a process of its own.

    python -m tests.privacy.vault_server [certificate key]

It speaks Vault's HTTP API as its documentation has it, and is strict: token, namespace, names, base64, contexts of
derived keys, versions. The last line of its set-up says where it listens. What tests want of it beside Vault's API they
ask at `/stand-in/…`: seal and unseal, slow down, and what it was asked.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import ssl
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

TOKEN, OPERATOR_TOKEN, NAMESPACE, MOUNT = "s.runtime", "s.operator", "school", "transit"
RUNTIME_PATHS = ("encrypt", "decrypt", "rewrap", "hmac")


class Refused(Exception):
    """An answer in Vault's shape that is an error."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__(status, *errors)
        self.status, self.errors = status, list(errors)


@dataclass
class TransitKey:
    """A named key with its versions."""

    derived: bool
    versions: dict[int, bytes] = field(default_factory=lambda: {1: os.urandom(32)})
    hmac_keys: dict[int, bytes] = field(default_factory=lambda: {1: os.urandom(32)})
    min_decryption: int = 1
    min_encryption: int = 0
    min_available: int = 0

    @property
    def latest(self) -> int:
        return max(self.versions)

    def rotate(self) -> None:
        number = self.latest + 1
        self.versions[number], self.hmac_keys[number] = os.urandom(32), os.urandom(32)

    def cipher(self, version: int, item: dict[str, Any]) -> AESGCM:
        """The key of a version, or the one derived from it for the item's context."""
        key = self.versions[version]
        if self.derived:
            context = decoded(item.get("context"), "context")
            if not context:
                raise Refused(400, "missing 'context' for key derivation; the key was created using a derived key")
            key = HKDF(hashes.SHA256(), 32, salt=None, info=context).derive(key)
        elif item.get("context"):
            raise Refused(400, "context given for a key that is not derived")
        return AESGCM(key)

    def encrypt(self, item: dict[str, Any]) -> str:
        if "plaintext" not in item:
            raise Refused(400, "missing plaintext to encrypt")
        plaintext = decoded(item["plaintext"], "plaintext")
        version = int(item.get("key_version") or self.latest)
        if version not in self.versions or version < self.min_encryption:
            raise Refused(400, "requested version for encryption is less than the minimum encryption key version")
        nonce = os.urandom(12)
        sealed = nonce + self.cipher(version, item).encrypt(nonce, plaintext, None)
        return f"vault:v{version}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, item: dict[str, Any]) -> str:
        prefix, _, rest = str(item.get("ciphertext")).partition(":v")
        number, _, encoded = rest.partition(":")
        if prefix != "vault" or not number.isdigit():
            raise Refused(400, "invalid ciphertext: no prefix")
        if int(number) < self.min_decryption:
            raise Refused(400, "ciphertext or signature version is disallowed by policy (too old)")
        if int(number) not in self.versions:
            raise Refused(400, "invalid ciphertext: version is too new")
        sealed = decoded(encoded, "ciphertext")
        try:
            plain = self.cipher(int(number), item).decrypt(sealed[:12], sealed[12:], None)
        except (InvalidTag, ValueError) as error:
            raise Refused(400, "invalid ciphertext: unable to decrypt") from error
        return base64.b64encode(plain).decode()

    def about(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "type": "aes256-gcm96",
            "derived": self.derived,
            "deletion_allowed": False,
            "exportable": False,
            "latest_version": self.latest,
            "keys": {str(number): 1_700_000_000 for number in self.versions if number >= self.min_decryption},
            "min_available_version": self.min_available,
            "min_decryption_version": self.min_decryption,
            "min_encryption_version": self.min_encryption,
            "supports_encryption": True,
            "supports_decryption": True,
            "supports_derivation": True,
        }


def decoded(value: Any, what: str) -> bytes:
    if not isinstance(value, str):
        raise Refused(400, f"missing {what}")
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise Refused(400, f"failed to base64-decode {what}") from error


class Store:
    """Everything that the stand-in remembers."""

    def __init__(self) -> None:
        self.keys: dict[str, TransitKey] = {}
        self.sealed = False
        self.failing = 0
        self.delay = 0.0
        self.redirect = False
        self.asked: list[str] = []
        self.lock = threading.Lock()

    def answer(self, method: str, path: str, headers: Any, body: dict[str, Any]) -> dict[str, Any] | None:
        """The `data` of an answer; None where Vault answers 204."""
        if self.sealed:
            raise Refused(503, "Vault is sealed")
        if self.failing:
            self.failing -= 1
            raise Refused(500, "1 error occurred: internal error")
        parts = path.split("/")
        if headers.get("X-Vault-Namespace", "") != NAMESPACE:
            raise Refused(404, f'no handler for route "{path}". route entry not found.')
        if headers.get("X-Vault-Token") not in (TOKEN, OPERATOR_TOKEN):
            raise Refused(403, "permission denied")
        if len(parts) < 3 or parts[0] != MOUNT:
            raise Refused(404, f'no handler for route "{path}". route entry not found.')
        reads = method == "GET" and parts[1] == "keys" and len(parts) == 3
        if headers["X-Vault-Token"] == TOKEN and not reads and parts[1] not in RUNTIME_PATHS:
            raise Refused(403, "1 error occurred:\n\t* permission denied\n\n")
        return self.transit(method, parts[1], parts[2], parts[3:], body)

    def transit(
        self, method: str, what: str, name: str, rest: list[str], body: dict[str, Any]
    ) -> dict[str, Any] | None:
        if method == "POST" and what == "keys" and not rest:
            self.keys.setdefault(name, TransitKey(derived=bool(body.get("derived"))))
            return None
        key = self.keys.get(name)
        if key is None:
            if method == "GET":
                raise Refused(404)
            # Encrypting would make the key, if the token's policy had `create`.
            raise Refused(403, "permission denied") if what == "encrypt" else Refused(400, "encryption key not found")
        if method == "GET" and what == "keys" and not rest:
            return key.about(name)
        if method != "POST":
            raise Refused(405, "unsupported operation")
        if what == "keys" and rest in (["rotate"], ["config"], ["trim"]):
            return self.manage(key, rest[0], body)
        if what == "hmac" and rest == ["sha2-256"]:
            return self.hmac(key, body)
        if what in ("encrypt", "decrypt", "rewrap") and not rest:
            return self.batch(key, what, body)
        raise Refused(404, "unsupported path")

    def manage(self, key: TransitKey, what: str, body: dict[str, Any]) -> None:
        if what == "rotate":
            key.rotate()
        elif what == "config":
            decryption = int(body.get("min_decryption_version", key.min_decryption))
            encryption = int(body.get("min_encryption_version", key.min_encryption))
            if decryption > key.latest or encryption > key.latest:
                raise Refused(400, "cannot set min version higher than the latest")
            if encryption and encryption < decryption:
                raise Refused(400, "cannot set min encryption version lower than min decryption version")
            key.min_decryption, key.min_encryption = decryption, encryption
        else:
            wanted = int(body["min_available_version"])
            if not key.min_encryption or wanted > min(key.min_decryption, key.min_encryption):
                raise Refused(400, "minimum available version cannot be higher than the other minimum versions")
            key.min_available = wanted
            for number in [number for number in key.versions if number < wanted]:
                del key.versions[number], key.hmac_keys[number]

    def hmac(self, key: TransitKey, body: dict[str, Any]) -> dict[str, Any]:
        version = int(body.get("key_version") or key.latest)
        if version not in key.hmac_keys:
            raise Refused(400, "key version not found")
        made = hmac.new(key.hmac_keys[version], decoded(body.get("input"), "input"), hashlib.sha256).digest()
        return {"hmac": f"vault:v{version}:{base64.b64encode(made).decode()}"}

    def batch(self, key: TransitKey, what: str, body: dict[str, Any]) -> dict[str, Any]:
        items = body.get("batch_input")
        if not isinstance(items, list) or not items:
            raise Refused(400, "missing batch input to process")
        results: list[dict[str, Any]] = []
        for item in items:
            try:
                if what == "decrypt":
                    results.append({"plaintext": key.decrypt(item)})
                    continue
                made = key.encrypt(item if what == "encrypt" else {**item, "plaintext": key.decrypt(item)})
                results.append({"ciphertext": made, "key_version": key.latest})
            except Refused as refusal:
                results.append({"error": "; ".join(refusal.errors)})
        return {"batch_results": results}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    store: Store

    def do_GET(self) -> None:
        self.handle_one()

    def do_POST(self) -> None:
        self.handle_one()

    def handle_one(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            return self.reply(400, {"errors": ["failed to parse JSON input"]})
        if self.path.startswith("/stand-in"):
            return self.reply(200, self.direct(body))
        time.sleep(self.store.delay)
        if self.store.redirect:
            self.send_response(307)
            self.send_header("Location", "http://elsewhere.example/v1/sys")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        with self.store.lock:
            self.store.asked.append(f"{self.command} {self.path}")
            try:
                data = self.store.answer(self.command, self.path.removeprefix("/v1/"), self.headers, body)
            except Refused as refusal:
                return self.reply(refusal.status, {"errors": refusal.errors})
        if data is None:
            return self.reply(204, None)
        failed = any("error" in result for result in data.get("batch_results", []))
        return self.reply(400 if failed else 200, {"request_id": "r", "lease_id": "", "data": data})

    def direct(self, body: dict[str, Any]) -> dict[str, Any]:
        for name, value in body.items():
            setattr(self.store, name, value)
        return {"asked": self.store.asked}

    def reply(self, status: int, content: dict[str, Any] | None) -> None:
        raw = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        if content is not None:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Nothing is written to the terminal."""


def main() -> None:
    """Listen until killed; with TLS when there are a certificate and a key."""
    Handler.store = Store()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "http"
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    sys.stdout.write(f"{scheme}://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
