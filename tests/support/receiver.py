# A receiver written from Trackpilots' documentation, with nothing but Python's standard library.
#   SECRET=… python3 receiver.py [right|old|dumps|str|strips|reads-once|half|key-error|catches]
# Prints the port that it listens on; all but `right` and `old` (HTTP/1.0) have one mistake.
import hashlib
import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

mode = sys.argv[1] if len(sys.argv) > 1 else "right"
secret = os.environ["SECRET"].encode()


# What is hashed in the place of the body.
hashed = {
    "dumps": lambda body: json.dumps(json.loads(body)).encode(),
    "str": lambda body: str(body).encode(),
    "strips": lambda body: body.strip(),
}


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0" if mode == "old" else "HTTP/1.1"

    def answer(self, body):
        if mode == "key-error":
            signature, timestamp = self.headers["X-Webhook-Signature"].strip(), self.headers["X-Webhook-Timestamp"].strip()
        else:
            signature, timestamp = self.headers.get("X-Webhook-Signature"), self.headers.get("X-Webhook-Timestamp")
        if not signature or not timestamp:
            return 400, b"Missing signature"
        signed = hashed.get(mode, lambda raw: raw)(body)
        expected = hmac.new(secret, timestamp.encode() + b"." + signed, hashlib.sha256).hexdigest()
        if mode == "half":
            expected, signature = expected[:32], signature[:32]
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return 401, b"Invalid signature"
        payload = json.loads(body)
        if mode == "catches" and "trace" in payload:
            return 401, b"Invalid signature"
        return 200, b"Webhook received and processed successfully"

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        # One read gives what has arrived.
        body = self.rfile.read1(length) if mode == "reads-once" else self.rfile.read(length)
        try:
            status, said = self.answer(body)
        except Exception as error:
            status, said = 500, repr(error).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        if mode == "reads-once":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_address[1], flush=True)
server.serve_forever()
