"""Follows every link of the built site within it: python3 .ci/site-links.py target/book

Says each that leads nowhere, to a file or to a heading, and ends with 1 if there is one. Links to other hosts are not
followed: nothing here may depend on them.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# All chapters in one for a printer, the page for what is not found, and the contents that each page embeds.
GENERATED = {"print.html", "404.html", "toc.html"}


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.ids, self.links = set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def fault(site, pages, path, link):
    """What is wrong with a link of a page; None for one that is right or leads to another host."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_relative_to(site):
        return "leaves the site"
    if not target.is_file():
        return "no such file"
    page = pages.get(target)
    if parts.fragment and page and unquote(parts.fragment) not in page.ids:
        return "no such heading"
    return None


def main():
    site = Path(sys.argv[1]).resolve()
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    count = broken = 0
    for path, page in pages.items():
        if path.name in GENERATED:
            continue
        for link in page.links:
            count += 1
            reason = fault(site, pages, path, link)
            if reason:
                broken += 1
                print(f"{path.relative_to(site)}: {link}: {reason}", file=sys.stderr)
    print(f"{len(pages)} pages, {count} links, {broken} broken")
    # A site without links is not the one that was meant.
    return 1 if broken or count < 1000 else 0


sys.exit(main())
