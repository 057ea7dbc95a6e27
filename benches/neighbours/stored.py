"""Prints the bodies that a neighbour has stored, one a line, for those whose store is not lines of text.

  stored.py sqlite FILE     webhook-replay's table of requests
  stored.py flows FILE      mitmdump's flow file, up to where it breaks off (needs mitmproxy)
"""

import sys

kind, file = sys.argv[1:]
if kind == "sqlite":
    import sqlite3

    bodies = (body for (body,) in sqlite3.connect(file).execute("SELECT body FROM requests"))
else:
    from mitmproxy.exceptions import FlowReadException
    from mitmproxy.io import FlowReader

    def flows():
        with open(file, "rb") as stream:
            try:
                for flow in FlowReader(stream).stream():
                    yield flow.request.content
            except FlowReadException:
                return

    bodies = flows()
for body in bodies:
    sys.stdout.buffer.write(body + b"\n")
