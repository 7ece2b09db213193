"""Tests of what people read: pages that escape everything, a table that no spreadsheet executes."""

import csv
import html.parser
import io
import shutil

import pytest
from class_of import CHAPTER, NAMES, Here, hand_in, notebook

from companion.course import grade
from companion.course.feedback.publish import file_name, neutral
from companion.course.feedback.summary import histogram
from companion.course.gradebook import GradeBook, Result
from companion.course.report import FAILED, INFRASTRUCTURE, SIGNS, Report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EVIL = "</p><script>alert(1)</script><img src=x onerror=alert(1)>{{ 1234 * 5 }}\x1b[2J\u202e"
NO_K = (
    "def add_k(context, bigrams, vocabulary, k):\n"
    "    words = [w for w in vocabulary if w != '<s>']\n"
    "    total = sum(n for (h, _), n in bigrams.items() if h == context)\n"
    "    return {w: (bigrams.get((context, w), 0) + k) / (total + k) for w in words}"
)


def graded(folder, work=None, **students):
    """A graded book's folder, from {student: notebook}."""
    for student, made in students.items():
        hand_in(folder / "in", student, made)
    with GradeBook(folder / "book", seed=1) as book:
        grade.run(book, folder / "in", Here(work) if work else Here())
    return folder / "book"


def page(book, student):
    return (book / "feedback" / file_name(student)).read_text(encoding="utf-8")


def rows(book):
    text = (book / "grades.csv").read_text(encoding="utf-8-sig")
    return {row["student"]: row for row in csv.DictReader(io.StringIO(text))}


class Tags(html.parser.HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_a_students_page_names_the_misconception_and_shows_the_answer(tmp_path):
    text = page(graded(tmp_path, amy=notebook(add_k=NO_K)), "amy")
    assert '<span class="mistake">k-once</span>' in text
    assert "You added k once" in text
    assert "total = sum(n for (h, _), n in bigrams.items()" in text
    assert "<strong>15</strong> of 16 points" in text
    assert text.count("passed: ") == 9


def test_nothing_that_a_student_wrote_becomes_a_tag_a_script_or_a_template(tmp_path):
    def hostile(unit, slot):
        reports = [
            Report(
                name,
                FAILED,
                mistake=EVIL,
                hint=EVIL,
                message=EVIL,
                title=EVIL,
                details=((EVIL, EVIL),),
                notes=(EVIL,),
                error={"type": EVIL, "message": EVIL, "line": 1, "source": EVIL},
            )
            for name in NAMES
        ]
        return Result(unit.id, tuple(reports), EVIL, 0.0)

    name = "<b>x & y"
    book = graded(tmp_path, hostile, **{name: notebook(add_k=f"# {EVIL}\nadd_k = 1")})
    for text in (page(book, name), (book / "class.html").read_text(encoding="utf-8")):
        found = Tags(text)
        assert not found.tags & {"script", "img", "b x", "iframe", "link", "object"}
        assert not any(attribute.startswith("on") for attribute in found.attributes)
        assert "6170" not in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
        assert "http://" not in text
        assert "https://" not in text


def test_a_refused_notebook_gets_a_page_and_a_row_that_say_why(tmp_path):
    book = graded(tmp_path, amy=b"not json", bob=notebook())
    assert "no valid JSON at line 1" in page(book, "amy")
    assert rows(book)["amy"]["points"] == ""
    assert rows(book)["amy"]["note"].startswith("refused: no valid JSON")
    assert "no valid JSON" in (book / "class.html").read_text(encoding="utf-8")


def test_a_failure_of_the_grader_is_an_empty_mark_everywhere(tmp_path):
    def down(unit, slot):
        return grade.failed(unit, "no sandbox")

    book = graded(tmp_path, down, amy=notebook())
    row = rows(book)["amy"]
    assert [row[key] for key in ("points", "percent", NAMES[0])] == ["", "", ""]
    assert "grade again" in row["note"]
    assert "no mark yet" in page(book, "amy")
    assert "no mark yet" in (book / "class.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", " =1", "＝1", "\t=1", "'=1", "amy"]
)
def test_no_cell_of_the_table_starts_like_a_formula(name):
    cell = neutral(name)
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "＝"))
    assert cell.lstrip("'") == name.lstrip("'")
    assert neutral(0.5) == 0.5


def test_a_students_name_is_neutral_in_the_table(tmp_path):
    book = graded(tmp_path, **{"=1+1": notebook(), "amy": notebook({})})
    assert set(rows(book)) == {"'=1+1", "amy"}
    assert rows(book)["'=1+1"]["points"] == "16.0"
    assert rows(book)["amy"]["percent"] == "0.0"


def test_pages_of_two_students_have_two_names_and_stay_in_their_folder():
    names = ["amy", "a/../../b", "王", "王 ", ".hidden", "a b", "a_b", "<b>"]
    files = [file_name(name) for name in names]
    assert len(set(files)) == len(names)
    assert file_name("amy") == "amy.html"
    assert not any("/" in name or name.startswith(".") for name in files)


def test_the_histogram_counts_every_mark_once():
    # 0.05 is in the first tenth, 0.1 in the second, 0.99 and 1 in the last one.
    bins = histogram([0.05, 0.1, 0.99, 1.0])
    assert [bin["count"] for bin in bins] == [1, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert bins[-1] == {"label": "90 to 100 %", "count": 2, "percent": 100}
    assert [bin["count"] for bin in histogram([])] == [0] * 10


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_class_page_in_a_browser_is_whole_and_readable_without_colour_and_script(tmp_path):
    from playwright.sync_api import sync_playwright

    def sometimes(unit, slot):
        return grade.failed(unit, "x") if unit.student == "dan" else Here().work(unit, slot)

    people = {"amy": notebook(), "bob": notebook(add_k=NO_K), "cay": notebook({})}
    book = graded(tmp_path, sometimes, **people, dan=notebook(), eve=b"[]", **{"王明": notebook()})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(java_script_enabled=False)  # no script needed
        shown = context.new_page()
        asked, said = [], []
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("console", lambda message: said.append(message.text))
        shown.goto((book / "class.html").as_uri())
        assert asked == [(book / "class.html").as_uri()]  # one file, nothing fetched
        assert not said  # the page's own policy blocks nothing that it needs
        progress = shown.locator("table.progress tbody tr")
        assert progress.count() == len(NAMES)
        add_k = progress.nth(NAMES.index("add_k"))
        # Of five: amy and 王明 right, bob wrong, cay not attempted, dan not graded.
        assert add_k.locator("td.n").first.inner_text() == "40 %"
        bar = add_k.get_by_role("img")
        assert bar.get_attribute("aria-label") == (
            "2 passed, 1 failed, 1 not attempted, 1 infrastructure"
        )
        widths = [part.bounding_box()["width"] for part in bar.locator("i").all()]
        assert widths[0] == pytest.approx(2 * widths[1], abs=2)
        looks = {part.evaluate("e => getComputedStyle(e).backgroundImage") for part in _parts(bar)}
        assert len(looks) >= 3  # patterns, not only shades
        row = shown.locator("table.misconceptions tbody tr")
        assert row.count() == 1
        assert row.locator("td").all_inner_texts()[:2] == ["1", "33 %"]  # of three who tried
        assert "k-once" in row.inner_text()
        students = shown.locator("table.students tbody tr")
        assert students.locator("th").all_inner_texts() == ["amy", "bob", "cay", "dan", "王明"]
        signs = students.nth(1).locator("td.s").all_inner_texts()
        assert signs[NAMES.index("add_k")] == SIGNS[FAILED]
        assert students.nth(3).locator("td.s").first.inner_text() == SIGNS[INFRASTRUCTURE]
        assert "eve" in shown.locator("table.refused").inner_text()
        fits = "() => document.documentElement.scrollWidth <= innerWidth + 1"
        context.close()
        for width in (360, 1280):  # a telephone and a desk: nothing sticks out
            page_ = browser.new_page(viewport={"width": width, "height": 800})
            page_.goto((book / "class.html").as_uri())
            assert page_.evaluate(fits), width
        browser.close()


def _parts(bar):
    return bar.locator("i").all()


def test_the_class_page_counts_late_work_and_says_the_isolation(tmp_path):
    hand_in(tmp_path / "in", "amy", received=2_000.0)
    with GradeBook(tmp_path / "book") as book:
        grade.run(book, tmp_path / "in", Here(), CHAPTER, deadline=1_000.0)
    text = (tmp_path / "book" / "class.html").read_text(encoding="utf-8")
    assert "1 of them late" in text
    assert "none: 1" in text
    assert rows(tmp_path / "book")["amy"]["late"] == "late"
