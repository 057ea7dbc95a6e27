"""A receiver of webhooks in Python's standard library: the server that the example's workflow tests.

    TRACKPILOTS_WEBHOOKS_SECRET_KEY=… python3 server.py 8080

With --broken it has a fault that was once mended: an event without items is answered 500.
"""

import hashlib
import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["TRACKPILOTS_WEBHOOKS_SECRET_KEY"].encode()
IS_BROKEN = "--broken" in sys.argv
LARGEST = 10_000_000


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        # Reading in small pieces would cost a round trip each; a length that is too large is refused unread.
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST:
            return self.answer(413, {"error": "too large"})
        body = self.rfile.read(length)
        signatures = self.headers.get_all("X-Webhook-Signature") or []
        timestamps = self.headers.get_all("X-Webhook-Timestamp") or []
        if not any(signatures) or not any(timestamps):
            return self.answer(400, {"error": "missing signature"})
        signed = timestamps[0].encode("latin-1") + b"." + body
        expected = hmac.new(SECRET, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signatures[0].encode("latin-1")):
            return self.answer(401, {"error": "invalid signature"})
        try:
            event = json.loads(body)
        except ValueError:
            return self.answer(200, {"ok": True, "items": 0})
        data = event.get("data") if isinstance(event, dict) else None
        if data is None and IS_BROKEN:
            return self.answer(500, {"error": "no items"})
        return self.answer(200, {"ok": True, "items": len(data) if isinstance(data, list) else 0})

    def answer(self, status, value):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print(server.server_port, flush=True)
    server.serve_forever()
