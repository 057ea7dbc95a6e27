"""A preprocessor of mdBook: brings the pages of the repository's root into the book of docs/.

On a git host, docs/ and the root link to each other as files: `../README.md`, `docs/filters.md`. In the book all pages
are in one tree, so that their paths and links lose `../` and `docs/`; README.md becomes the first page. A link to a file that is not a
page, such as a test, leads to `source-url` of book.toml, or stays as text. A link to a page that is not in SUMMARY.md
is an error.

mdBook's manual, "Configuring preprocessors", has the protocol.
"""

import json
import posixpath
import re
import sys

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
FENCE = re.compile(r"^\s*(```|~~~)")
CODE = re.compile(r"(`+)(?:(?!\1).)+?\1")


def in_book(path):
    """Where a file of the repository is in the book, if it is a page or a picture of it."""
    return path.removeprefix("docs/").replace("README.md", "index.md")


class Pages:
    def __init__(self, source_url):
        self.source_url = source_url
        self.known = {}
        self.missing = []

    def add(self, items):
        for item in items:
            chapter = item.get("Chapter") if isinstance(item, dict) else None
            if chapter and chapter.get("path"):
                # Another preprocessor of mdBook renames README.md, before or after.
                source = posixpath.normpath("docs/" + chapter["source_path"].replace("\\", "/"))
                chapter["path"] = in_book(source)
                self.known[source] = chapter["path"]
                self.add(chapter["sub_items"])

    def rewrite(self, items):
        for item in items:
            chapter = item.get("Chapter") if isinstance(item, dict) else None
            if chapter and chapter.get("path"):
                source = posixpath.normpath("docs/" + chapter["source_path"].replace("\\", "/"))
                chapter["content"] = self.page(source, chapter["content"])
                self.rewrite(chapter["sub_items"])

    def page(self, source, content):
        lines, fenced = [], False
        for line in content.split("\n"):
            if FENCE.match(line):
                fenced = not fenced
            lines.append(line if fenced else self.line(source, line))
        return "\n".join(lines)

    def line(self, source, line):
        # Code spans keep what looks like a link; a link around a code span does not.
        spans = [match.span() for match in CODE.finditer(line)]
        inside = lambda match: any(start < match.start() < end for start, end in spans)
        return LINK.sub(lambda match: match[0] if inside(match) else self.link(source, match), line)

    def link(self, source, match):
        picture, text, target = match.groups()
        if re.match(r"[a-z][a-z0-9+.-]*:|#", target):
            return match[0]
        path, _, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        anchor = "#" + anchor if anchor else ""
        # What is beside the pages, pictures and recordings, is copied into the book.
        if path in self.known or (path.startswith("docs/") and not path.endswith(".md")):
            here = posixpath.dirname(in_book(source))
            return f"{picture}[{text}]({posixpath.relpath(in_book(path), here or '.')}{anchor})"
        if path.startswith("docs/"):
            self.missing.append(f"{source}: {target}")
        return f"[{text}]({self.source_url}{path}{anchor})" if self.source_url else text


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "supports":
        return 0
    context, book = json.load(sys.stdin)
    settings = context["config"].get("preprocessor", {}).get("root-pages", {})
    items = book.get("items", book.get("sections"))
    pages = Pages(settings.get("source-url", ""))
    pages.add(items)
    pages.rewrite(items)
    for missing in pages.missing:
        print(f"not a page of docs/SUMMARY.md: {missing}", file=sys.stderr)
    json.dump(book, sys.stdout)
    return 1 if pages.missing else 0


sys.exit(main())
