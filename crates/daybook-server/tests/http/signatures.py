"""Verifies the signature of an event as it was read, and signs another, with libraries that know nothing of Daybook."""

import base64
import json
import sys

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def payload(event, members):
    chosen = {name: event[name] for name in members}
    if "id" in chosen:
        chosen["id"] = event.get("original_id", event["id"])
    return rfc8785.dumps(chosen)


def signing_input(header, event, members):
    return f"{header}.{encode(payload(event, members))}".encode()


given = json.loads(sys.argv[1])
event = given["event"]
header, detached, signature = event["signature"]["jws"].split(".")
assert detached == ""
said = json.loads(decode(header))
assert said["alg"] == "EdDSA" and said["crit"] == ["members"], said
assert said["kid"] == given["jwk"]["kid"] == event["signature"]["kid"], said
key = Ed25519PublicKey.from_public_bytes(decode(given["jwk"]["x"]))
key.verify(decode(signature), signing_input(header, event, said["members"]))

# The test can fail.
event["data"]["decision"] = "rejected"
try:
    key.verify(decode(signature), signing_input(header, event, said["members"]))
except InvalidSignature:
    pass
else:
    sys.exit("another event has the same signature")

private = json.loads(given["private"])
unsigned = given["unsigned"]
members = ["actor", "data", "id", "name", "time"]
header = encode(
    json.dumps({"alg": "EdDSA", "kid": private["kid"], "crit": ["members"], "members": members}).encode()
)
signer = Ed25519PrivateKey.from_private_bytes(decode(private["d"]))
unsigned["signature"] = f"{header}..{encode(signer.sign(signing_input(header, unsigned, members)))}"
json.dump(unsigned, sys.stdout)
