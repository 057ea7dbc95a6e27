# What the receivers in Python share: the usual way to verify, and the mistakes that any framework has room for.
import hashlib
import hmac
import json
import os
import sys

MODE = sys.argv[1]
PATH = "/webhooks/trackpilots"
SECRET = os.environ["TRACKPILOTS_WEBHOOKS_SECRET_KEY"]
NAMES = ("X-Webhook-Signature", "X-Webhook-Timestamp")


def digest(timestamp, body, key=SECRET):
    if isinstance(body, str):
        body = body.encode()
    return hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256)


def status(signature, timestamp, expected):
    """The status for a delivery whose right signature `expected` makes."""
    if not signature or not timestamp:
        return 400
    return 200 if hmac.compare_digest(expected().encode(), signature.encode()) else 401


def sealed(body, key=SECRET):
    """A check of headers against what `body` makes of the raw bytes."""
    return lambda signature, timestamp, raw: status(signature, timestamp, lambda: digest(timestamp, body(raw), key).hexdigest())


def whole(raw):
    return raw


# From headers and raw body to a status. These do not depend on the framework.
CHECKS = {
    "right": sealed(whole),
    "dumps": sealed(lambda raw: json.dumps(json.loads(raw))),
    "dumps-compact": sealed(lambda raw: json.dumps(json.loads(raw), separators=(",", ":"))),
    "dumps-unicode": sealed(lambda raw: json.dumps(json.loads(raw), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")),
    "dumps-sorted": sealed(lambda raw: json.dumps(json.loads(raw), sort_keys=True)),
    "str-of-dict": sealed(lambda raw: str(json.loads(raw))),
    "str-of-bytes": sealed(lambda raw: str(raw)),
    "data-only": sealed(lambda raw: json.dumps(json.loads(raw)["data"], separators=(",", ":"), ensure_ascii=False)),
    "strips": sealed(lambda raw: raw.strip()),
    "latin1": sealed(lambda raw: raw.decode("latin-1")),
    "ascii-ignore": sealed(lambda raw: raw.decode("ascii", "ignore")),
    "secret-file": sealed(whole, SECRET + "\n"),
    "secret-quoted": sealed(whole, f'"{SECRET}"'),
    "secret-unset": sealed(whole, str(os.environ.get("WEBHOOK_SECRET"))),
    "secret-or-empty": sealed(whole, os.environ.get("WEBHOOK_SECRET", "")),
    "body-alone": lambda s, t, raw: status(s, t, lambda: hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()),
    "sha512": lambda s, t, raw: status(s, t, lambda: hmac.new(SECRET.encode(), t.encode() + b"." + raw, hashlib.sha512).hexdigest()),
    "plain-sha256": lambda s, t, raw: status(s, t, lambda: hashlib.sha256(SECRET.encode() + t.encode() + b"." + raw).hexdigest()),
    "int-timestamp": lambda s, t, raw: status(s, t, lambda: digest(str(float(t)), raw).hexdigest()),
    "hex-of-number": lambda s, t, raw: status(s, t, lambda: f"{int.from_bytes(digest(t, raw).digest(), 'big'):x}"),
    "fromhex": lambda s, t, raw: 400 if not s or not t else 200 if hmac.compare_digest(bytes.fromhex(s), digest(t, raw).digest()) else 401,
    "in-operator": lambda s, t, raw: 200 if t and s is not None and s in digest(t, raw).hexdigest() else 401,
    "none": lambda s, t, raw: 200,
    "if-present": lambda s, t, raw: status(s, t, lambda: digest(t, raw).hexdigest()) if s else 200,
}
