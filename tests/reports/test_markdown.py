"""Markdown of texts that anybody may have written: read by a Markdown parser, they say what was written and no more."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from psockmc.reports import markdown as md

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
INLINE = {"text", "text_special", "code_inline", "softbreak"}
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details></summary>",
    "[a](javascript:alert(1)) ![b](http://x/y.png)",
    "`` ` ``` | \\| \\\\| \\`",
    "*bold* **x** _y_ __z__ ~~gone~~",
    "# heading\n---\n=== \n> quote",
    "1. one 2) two",
    "- - -",
    "&lt;b&gt; &#60; &amp",
    "[x]: http://evil\n\n[x]",
    "a\u202eb\x00c",
    "\\",
    "    indented\n\n\n    more",
    "~~~\ncode",
    "| a | b |\n|---|---|\n| c | d |",
    "+ x",
    "<!-- comment",
    "<http://evil>",
]


def leaves(source: str) -> list[Token]:
    """The tokens of all lines, in order."""
    return [leaf for token in PARSER.parse(source) for leaf in token.children or ()]


def said(source: str) -> str:
    """What a reader sees of a paragraph."""
    return "".join(leaf.content for leaf in leaves(source))


def as_shown(words: str) -> str:
    return "".join("\ufffd" if c in "\u202e\x00" else c for c in " ".join(words.split()))


@pytest.mark.parametrize("words", HOSTILE)
def test_a_text_is_shown_as_it_was_written(words: str) -> None:
    source = md.text(words)
    assert [t.type for t in PARSER.parse(source)] == ["paragraph_open", "inline", "paragraph_close"]
    assert {leaf.type for leaf in leaves(source)} <= INLINE
    assert said(source) == as_shown(words)


@pytest.mark.parametrize("words", HOSTILE)
def test_code_shows_what_was_written(words: str) -> None:
    source = md.code(words)
    kinds = {(leaf.type, leaf.content) for leaf in leaves(source) if leaf.type not in INLINE}
    assert kinds <= {("html_inline", "<code>"), ("html_inline", "</code>")}
    assert "".join(leaf.content for leaf in leaves(source) if leaf.type in INLINE) == as_shown(words)


@pytest.mark.parametrize("words", HOSTILE)
def test_prose_shows_what_was_written_but_for_the_quotes_of_code(words: str) -> None:
    source = md.prose(f"before {words} `<b>` behind")
    kinds = {leaf.type for leaf in leaves(source)}
    assert kinds <= INLINE
    assert "<b>" in said(source)


def test_code_in_prose_is_code() -> None:
    assert md.prose("where `strp.stopped` is *set*") == "where `strp.stopped` is \\*set\\*"
    assert md.prose("a ` alone") == "a \\` alone"


@pytest.mark.parametrize("words", HOSTILE)
def test_a_cell_ends_where_the_table_says(words: str) -> None:
    source = md.table(["a", "b", "c"], [[md.text(words), md.code(words), "last"]])
    tokens = PARSER.parse(source)
    assert [t.type for t in tokens].count("td_open") == 3
    cells = [t for i, t in enumerate(tokens) if tokens[i - 1].type == "td_open"]
    assert cells[2].content == "last"


@pytest.mark.parametrize("words", HOSTILE)
def test_a_heading_and_an_item_are_one_line(words: str) -> None:
    kinds = [t.type for t in PARSER.parse(md.page(md.heading(2, md.text(words)), md.bullets([md.text(words)])))]
    assert kinds.count("heading_open") == 1
    assert kinds.count("list_item_open") == 1
    assert not {"html_block", "blockquote_open", "hr", "code_block", "fence"} & set(kinds)


@pytest.mark.parametrize("block", [*HOSTILE, "```\nout", "`````\n</details>\n```"])
def test_a_fence_is_not_closed_by_what_it_holds(block: str) -> None:
    tokens = PARSER.parse(md.fenced(block, "diff"))
    assert [t.type for t in tokens] == ["fence"]
    assert tokens[0].info == "diff"


def test_a_part_that_opens_on_a_click_ends_where_it_must() -> None:
    source = md.details("</summary><script>", md.fenced("</details>\n\n<script>"))
    html = PARSER.render(source)
    assert html.count("<script") == 0
    assert html.count("</details>") == 1


def test_a_link_leads_to_a_file_and_nowhere_else() -> None:
    (open_, *_) = leaves(md.link("there", "a b) [x](javascript:alert(1))<s>.md#part"))
    assert open_.attrs["href"] == "a%20b%29%20%5Bx%5D%28javascript%3Aalert%281%29%29%3Cs%3E.md#part"


def test_a_commit_is_a_link_when_it_is_one() -> None:
    assert md.commit("4b4647add7d3c8530493") == "[`4b4647add7d3`](https://git.kernel.org/linus/4b4647add7d3c8530493)"
    assert md.commit("](javascript:1)") == "\\](javascript:1)"


def test_names_of_c_stay_readable() -> None:
    assert md.text("sk_psock_drop() puts psock->refcnt") == "sk_psock_drop() puts psock->refcnt"
    assert said(md.text("__sk_msg_recvmsg() and __set_bit()")) == "__sk_msg_recvmsg() and __set_bit()"


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a row has 1 cells, the table 2 columns"):
        md.table(["a", "b"], [["x"]])


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("data-race(sock.sk_prot)", "data-race-sock.sk-prot"),
        ("../../etc/passwd", "etc-passwd"),
        (".hidden", "hidden"),
        ("<script>", "script"),
        ("///", "unnamed"),
        ("ä", "unnamed"),
    ],
)
def test_a_slug_is_a_file_name(name: str, file: str) -> None:
    assert md.slug(name) == file
