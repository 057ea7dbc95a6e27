# A receiver written from Trackpilots' documentation, with nothing but Python's standard library.
#   SECRET=… python3 receiver.py [right|dumps]
# Prints the port that it listens on. `dumps` verifies what json.dumps makes of the body.
import hashlib
import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

mode = sys.argv[1] if len(sys.argv) > 1 else "right"
secret = os.environ["SECRET"].encode()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body):
        signature = self.headers.get("X-Webhook-Signature")
        timestamp = self.headers.get("X-Webhook-Timestamp")
        if not signature or not timestamp:
            return 400, b"Missing signature"
        signed = json.dumps(json.loads(body)).encode() if mode == "dumps" else body
        expected = hmac.new(secret, timestamp.encode() + b"." + signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return 401, b"Invalid signature"
        json.loads(body)
        return 200, b"Webhook received and processed successfully"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, said = self.answer(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_address[1], flush=True)
server.serve_forever()
