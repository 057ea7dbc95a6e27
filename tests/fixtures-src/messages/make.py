"""Writes the requests of docs/messages: signed with Python's hmac, as each sender documents it.

    python3 tests/fixtures-src/messages/make.py

The secrets are made up. Every signature is at one moment, so that the pages can show what whyhook says of them.
Prints the digests of the mistakes that the pages explain.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import urllib.parse

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "assets/samples/requests"
MOMENT = 1795953600  # 2026-11-29T12:00:00Z


def digest(key, message, algorithm=hashlib.sha256):
    return hmac.new(key if isinstance(key, bytes) else key.encode(), message, algorithm).digest()


def write(name, path, host, headers, body):
    head = [f"POST {path} HTTP/1.1", f"Host: {host}", *headers, f"Content-Length: {len(body)}", "", ""]
    (FOLDER / name).write_bytes("\r\n".join(head).encode() + body)


def pretty(value):
    return json.dumps(value, indent=2).encode()


def compact(body):
    """What JSON.stringify(JSON.parse(body)) makes of it."""
    return json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()


FOLDER.mkdir(parents=True, exist_ok=True)
JSON = "Content-Type: application/json; charset=utf-8"
mistakes = {}

# Trackpilots
body = pretty({"event": "desktop.app_tracking.captured", "data": [{"app": {"name": "Terminal"}}]})
signature = digest("any-secret-will-do-here", f"{MOMENT}.".encode() + body).hex()
write("trackpilots.http", "/webhooks/trackpilots", "hooks.example.com",
      [JSON, f"X-Webhook-Timestamp: {MOMENT}", f"X-Webhook-Signature: {signature}"], body)
unsigned = digest("any-secret-will-do-here", f"{MOMENT}.".encode() + compact(body)).hex()
write("trackpilots-reserialised.http", "/webhooks/trackpilots", "hooks.example.com",
      [JSON, f"X-Webhook-Timestamp: {MOMENT}", f"X-Webhook-Signature: {unsigned}"], body)
write("trackpilots-unsigned.http", "/webhooks/trackpilots", "hooks.example.com",
      [JSON, f"X-Webhook-Timestamp: {MOMENT}", f"X_Webhook_Signature: {signature}"], body)
mistakes["trackpilots, the body alone"] = digest("any-secret-will-do-here", body).hex()

# Stripe
secret = "whsec_exampleOfTheDashboard0123456789"
body = pretty({"id": "evt_1Example", "object": "event", "type": "checkout.session.completed",
               "data": {"object": {"id": "cs_test_1", "amount_total": 2000}}})
signature = digest(secret, f"{MOMENT}.".encode() + body).hex()
agent = "User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)"
write("stripe.http", "/webhooks/stripe", "hooks.example.com",
      [agent, JSON, f"Stripe-Signature: t={MOMENT},v1={signature}"], body)
write("stripe-malformed.http", "/webhooks/stripe", "hooks.example.com",
      [agent, JSON, f"Stripe-Signature: {signature}"], body)
write("stripe-unsigned.http", "/webhooks/stripe", "hooks.example.com", [agent, JSON], body)
mistakes["stripe, re-serialised"] = digest(secret, f"{MOMENT}.".encode() + compact(body)).hex()
mistakes["stripe, [object Object]"] = digest(secret, f"{MOMENT}.[object Object]".encode()).hex()

# GitHub
secret = "It's a Secret to Everybody"
body = json.dumps({"zen": "Design for failure.", "hook_id": 1, "repository": {"full_name": "octo/café"}},
                  separators=(",", ":"), ensure_ascii=False).encode()
signature = digest(secret, body).hex()
write("github.http", "/webhooks/github", "hooks.example.com",
      ["User-Agent: GitHub-Hookshot/1", "X-GitHub-Event: ping", "Content-Type: application/json",
       f"X-Hub-Signature-256: sha256={signature}"], body)
mistakes["github, Python's json.dumps"] = digest(secret, json.dumps(json.loads(body)).encode()).hex()

# Standard Webhooks and Svix
key = base64.b64encode(b"twenty-four bytes of key").decode()
secret = "whsec_" + key
body = pretty({"type": "user.created", "data": {"id": "user_1"}})
signed = f"msg_1.{MOMENT}.".encode() + body
signature = base64.b64encode(digest(base64.b64decode(key), signed)).decode()
for name, prefix in [("standard-webhooks.http", "webhook"), ("svix.http", "svix")]:
    write(name, "/webhooks", "hooks.example.com",
          [JSON, f"{prefix}-id: msg_1", f"{prefix}-timestamp: {MOMENT}", f"{prefix}-signature: v1,{signature}"], body)
write("svix-unsigned.http", "/webhooks", "hooks.example.com",
      [JSON, "svix-id: msg_1", f"svix-timestamp: {MOMENT}"], body)
mistakes["svix, the secret's text as the key"] = base64.b64encode(digest(secret, signed)).decode()

# Slack
secret = "8f742231b10e8888abcd99yyyzzz85a5"
body = b"token=xyz&team_id=T1&command=%2Fweather&text=94070&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F1"
signature = digest(secret, f"v0:{MOMENT}:".encode() + body).hex()
write("slack.http", "/slack/commands", "hooks.example.com",
      ["Content-Type: application/x-www-form-urlencoded", f"X-Slack-Request-Timestamp: {MOMENT}",
       f"X-Slack-Signature: v0={signature}"], body)
mistakes["slack, an empty body"] = digest(secret, f"v0:{MOMENT}:".encode()).hex()
mistakes["slack, the form as JSON"] = digest(
    secret, f"v0:{MOMENT}:".encode() + json.dumps(dict(urllib.parse.parse_qsl(body.decode())),
                                                  separators=(",", ":")).encode()).hex()

# Shopify
secret = "shpss_0123456789abcdef"
body = json.dumps({"id": 820982911946154508, "total_price": "199.00", "test": True}).encode()
raw = digest(secret, body)
write("shopify.http", "/webhooks/shopify", "hooks.example.com",
      ["X-Shopify-Topic: orders/create", "X-Shopify-Shop-Domain: example.myshopify.com", "X-Shopify-API-Version: 2026-10",
       "X-Shopify-Webhook-Id: 1", "Content-Type: application/json",
       f"X-Shopify-Hmac-Sha256: {base64.b64encode(raw).decode()}"], body)
mistakes["shopify, in hexadecimal"] = raw.hex()
mistakes["shopify, an id rounded by JSON.parse"] = base64.b64encode(
    digest(secret, b'{"id":820982911946154500,"total_price":"199.00","test":true}')).decode()

# Twilio
token = "0123456789abcdef0123456789abcdef"
fields = {"From": "+15005550006", "To": "+15005550001", "Body": "Hello", "MessageSid": "SM1"}
body = urllib.parse.urlencode(fields).encode()
url = "https://hooks.example.com/sms"
signed = url + "".join(name + fields[name] for name in sorted(fields))
signature = base64.b64encode(digest(token, signed.encode(), hashlib.sha1)).decode()
write("twilio.http", "/sms", "hooks.example.com",
      ["Content-Type: application/x-www-form-urlencoded", f"X-Twilio-Signature: {signature}"], body)

for name, value in mistakes.items():
    print(f"{name}: {value}")
