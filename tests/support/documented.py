# Runs the receiver that docs/signatures.md shows for FastAPI, with as much of FastAPI as it uses.
#   python3 documented.py SNIPPET
import asyncio
import hashlib
import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["SECRET"]


class HTTPException(Exception):
    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status


class Request:
    def __init__(self, headers, body):
        self.headers, self._body = headers, body

    async def body(self):
        return self._body


class App:
    def post(self, _path):
        def keep(handler):
            self.handler = handler
            return handler

        return keep


app = App()
exec(open(sys.argv[1]).read(), globals())


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            asyncio.run(app.handler(Request(self.headers, body)))
            status, said = 200, b"{}"
        except HTTPException as error:
            status, said = error.status, str(error).encode()
        except Exception as error:
            status, said = 500, repr(error).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_address[1], flush=True)
server.serve_forever()
