"""What Markdown may become in a browser."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def require_harmless(text: str) -> None:
    """Fails for a page with elements that its author did not mean: only those that Markdown makes, and <details>."""
    html = PARSER.render(text)
    assert not re.findall(r"<(script|img|iframe|svg|style|input|form)", html)
    assert not re.findall(r"(?:href|src)=\"(?!https://git\.kernel\.org/|[\w./#-]+\")[^\"]*", html)
    for element in ("details", "summary"):
        assert html.count(f"<{element}>") == html.count(f"</{element}>")
