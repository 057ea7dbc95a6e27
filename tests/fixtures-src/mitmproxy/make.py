"""Writes tests/fixtures/import/flows.mitm with mitmproxy's own code.

    pip install mitmproxy && python tests/fixtures-src/mitmproxy/make.py
"""

import pathlib

from mitmproxy import connection, http, io, tcp
from mitmproxy.http import Headers, HTTPFlow, Request, Response
from mitmproxy.websocket import WebSocketData

AT = 1746100800.25
OUT = pathlib.Path(__file__).parents[2] / "fixtures" / "import" / "flows.mitm"


def connections():
    client = connection.Client(peername=("127.0.0.1", 5000), sockname=("127.0.0.1", 8080), timestamp_start=AT)
    server = connection.Server(address=("127.0.0.1", 80))
    return client, server


def request(method, path, headers, content, version=b"HTTP/1.1", authority=b"", scheme=b"http", port=80):
    return Request(
        host="127.0.0.1", port=port, method=method, scheme=scheme, authority=authority, path=path,
        http_version=version, headers=Headers(headers), content=content, trailers=None,
        timestamp_start=AT, timestamp_end=AT + 0.5,
    )


def flow(made, number, response=None):
    client, server = connections()
    made_flow = HTTPFlow(client, server)
    made_flow.id = client.id = f"00000000-0000-0000-0000-00000000000{number}"
    server.id = made_flow.id
    made_flow.request, made_flow.response = made, response
    return made_flow


response = Response(b"HTTP/1.1", 401, b"Unauthorized", Headers([(b"Content-Length", b"2")]), b"no", None, AT + 0.5, AT + 1)
one = flow(request(b"POST", b"/hook?a=1", [(b"Host", b"example.com"), (b"X-A", b"caf\xe9"), (b"Content-Length", b"8")],
                   b'{"a":1}\xff'), 1, response)
two = flow(request(b"PUT", b"/two", [(b"x-b", b"2")], b"", b"HTTP/2.0", b"h2.example:8443", b"https", 8443), 2)
three = flow(request(b"POST", b"/three", [(b"Host", b"h"), (b"Content-Length", b"9000")], None), 3)
four = flow(request(b"POST", b"/four", [(b"Host", b"h"), (b"Content-Length", b"8")], b"original"), 4)
four.backup()
four.request.content = b"edited"
five = flow(request(b"GET", b"/socket", [(b"Host", b"h"), (b"Upgrade", b"websocket")], b""), 5)
five.websocket = WebSocketData()
six = tcp.TCPFlow(*connections())

OUT.parent.mkdir(parents=True, exist_ok=True)
with OUT.open("wb") as file:
    writer = io.FlowWriter(file)
    for each in [one, two, three, four, five, six]:
        writer.add(each)
