"""`psockmc report --html`: an index and a page for each violation, written from a content that means no good."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from psockmc.cli import main
from tests.render.chromium import BINARY, DARK, LIGHT, WORST_CONTRAST, driven, framed, visit

EVIL = "</script><img src=x onerror=alert(1)><style>*{display:none}</style>'><script>alert(2)</script>&lt;"
CONTENT = Path(__file__).parent / "content"

in_a_browser = pytest.mark.skipif(BINARY is None, reason="no chromium here: apt-get install chromium")


def copy(root: Path) -> None:
    """The content of these tests, with markup wherever a text may stand."""
    for file in [file for file in CONTENT.rglob("*") if file.is_file() and "__pycache__" not in file.parts]:
        text = file.read_text()
        for said in ("every addition is counted", "two additions at the same time", "look() reads plainly"):
            text = text.replace(said, said + EVIL)
        text = text.replace('class = "accounting"', f'class = "accounting{EVIL}"\ngist = "{EVIL}"')
        text = text.replace('"an addition is lost"', f'"an addition is lost{EVIL}"')
        text = text.replace('"unlocked-addition"', f'"../unlocked{EVIL}"').replace('"0123456789abcdef"', f'"{EVIL}"')
        target = root / file.relative_to(CONTENT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages."""
    folder = tmp_path_factory.mktemp("site")
    copy(folder / "checkout")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "checkout")
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        assert main(["report", "--html", "--engine", "reference", "-j", "1"]) == 0
    return folder / "checkout" / "reports" / "html"


@pytest.fixture(scope="module")
def index(site: Path) -> str:
    return (site / "index.html").read_text()


def ids_of(page: str) -> list[str]:
    return [html.unescape(id) for id in re.findall(r'\bid="([^"]*)"', page)]


def links(page: str) -> list[str]:
    return [html.unescape(target) for target in re.findall(r'href="([^"]*)"', page)]


def test_there_is_a_page_for_each_violation_and_none_elsewhere(site: Path) -> None:
    files = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    assert files[1:] == ["findings/a-look-without-the-lock.data-race.html", "index.html"]
    assert re.fullmatch(r"bugs/unlocked[\w-]*\.html", files[0])


def test_every_link_of_the_index_leads_somewhere(site: Path, index: str) -> None:
    targets = links(index)
    assert len(targets) > 40
    for target in targets:
        file, _, part = target.partition("#")
        assert not file or (site / file).is_file()
        assert not part or f'id="{part}"' in index or f'id="{unquote(part)}"' in index


def test_every_link_of_every_page_leads_somewhere(site: Path) -> None:
    ids = {page.resolve(): set(ids_of(page.read_text())) for page in site.rglob("*.html")}
    for page in ids:
        for target in links(page.read_text()):
            file, _, part = target.partition("#")
            there = (page.parent / unquote(file)).resolve() if file else page
            assert there in ids
            assert not part or {part, unquote(part)} & ids[there]


def test_every_page_leads_back_to_the_index(site: Path) -> None:
    for page in site.glob("*/*.html"):
        assert (page.parent / links(page.read_text())[0]).resolve() == (site / "index.html").resolve()


def test_the_page_of_a_violation_says_why(site: Path) -> None:
    for page in site.glob("*/*.html"):
        assert "<h2>Why</h2>" in page.read_text()


def test_the_page_of_a_finding_says_what_we_make_of_it(site: Path) -> None:
    (page,) = site.glob("findings/*.html")
    assert "<dt>what we make of it</dt><dd>look() reads plainly&lt;/script&gt;" in page.read_text()


def test_names_beside_html_are_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--html", "findings"]) == 2
    assert "name no part with it" in capsys.readouterr().err


def test_a_content_without_a_corpus_has_an_index(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    (root / "spec/bugs.toml").unlink()
    assert main(["report", "--html", "--engine", "reference", "-j", "1", "--to", "out"]) == 0
    assert "There is no corpus of bugs here." in (root / "out/index.html").read_text()


# ---------------------------------------------------------------- in a browser


@in_a_browser
def test_nothing_of_a_hostile_content_is_executed_or_asked_for(site: Path, tmp_path: Path) -> None:
    script = "return [document.images.length, document.scripts.length, document.styleSheets.length];"
    scripts = {"index.html": 2}  # and the driver; the page of a run has its data beside them
    for file in site.rglob("*.html"):
        seen = visit(driven(file.read_text(), script), tmp_path)
        assert seen.report() == [0, scripts.get(file.name, 3) + 1, 1]
        assert (seen.messages, seen.requests) == ([], [])


VISIBLE = 'const shown = (page) => [...page.querySelectorAll(".scenarios tbody tr")].map((r) => r.offsetHeight > 0);'


@in_a_browser
def test_the_filter_works_without_scripts(index: str, tmp_path: Path) -> None:
    script = VISIBLE + (
        'const inner = document.querySelector("iframe").contentDocument; const a = [shown(inner)];'
        'for (const name of ["show-violated", "show-holds", "show-all"]) {'
        "inner.getElementById(name).checked = true; a.push(shown(inner)); } return a;"
    )
    found = visit(framed(index, script), tmp_path).report()
    assert found == [[True, True], [True, False], [False, True], [True, True]]


@in_a_browser
def test_words_are_searched_for(index: str, tmp_path: Path) -> None:
    script = VISIBLE + (
        'press("/"); const a = [document.activeElement.id]; const type = (text) => { $("words").value = text;'
        '$("words").dispatchEvent(new Event("input")); a.push(shown(document)); };'
        'type("look WITHOUT"); type("nothing has this"); press("Escape", $("words")); a.push(shown(document)); return a;'
    )
    found = visit(driven(index, script), tmp_path).report()
    assert found == ["words", [True, False], [False, False], [True, True]]


@in_a_browser
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_text_of_the_index_has_a_contrast_of_4_5_to_1(index: str, theme: str, tmp_path: Path) -> None:
    script = 'document.querySelectorAll("details").forEach((d) => { d.open = true; });' + WORST_CONTRAST
    ratio, where = visit(driven(index, script), tmp_path, theme=theme).report()
    assert ratio >= 4.5, where
