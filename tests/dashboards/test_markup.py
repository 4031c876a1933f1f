"""Every value is escaped; numbers, dates and rates read as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.dashboards import markup
from stillgraph.dashboards.markup import Column, Markup, Number
from stillgraph.records import LinkStatus, Rate

CLEAN = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="`")) | st.builds(
    "{}<{}>{}".format,
    st.text("&\"'= a"),
    st.sampled_from(["b", "script", "/p", "img src=x onerror=y"]),
    st.text("<&;'\""),
)
"""Any text, and text made to break out of its place."""


class Seen(HTMLParser):
    """Collects the tags and the text a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self.attributes: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [value for name, value in attrs if name in {"alt", "title"}]

    def handle_data(self, data):
        self.text.append(data)


def test_a_command_in_a_sentence_is_set_as_one_and_its_text_is_escaped():
    said = markup.note("Write `rank <b>CASE</b> & go` or `link`, not `this alone.")
    assert Seen(said).tags == ["p", "code", "code"]
    assert "".join(Seen(said).text) == "Write rank <b>CASE</b> & go or link, not `this alone."


@given(CLEAN)
def test_no_value_makes_an_element(value):
    pieces = {
        "heading": (markup.heading(value, value, value), ["h2", "span", "p"]),
        "notice": (markup.notice(value), ["p"]),
        "numbers": (markup.numbers([Number(value, value, value)]), ["dl", "div", "dt", "dd", "b", "span"]),
        "facts": (markup.facts([(value, value)]), ["dl", "div", "dt", "dd"]),
        "picture": (markup.picture(b"x", value, value), ["figure", "img", "figcaption"]),
        "unseen": (markup.unseen(value), ["p"]),
        "aside": (markup.aside(value, value), ["details", "summary", "p"]),
        "table": (
            markup.table(value, [Column(value, meaning="m" + value)], [(value,)]),
            ["div", "table", "caption", "thead", "tr", "th", "tbody", "tr", "th"],
        ),
    }
    for name, (html, tags) in pieces.items():
        seen = Seen(html)
        allowed = [tag for tag in seen.tags if tag not in tags]
        assert not allowed, name
        if value.strip():
            assert value in "".join(seen.text), name


def test_markup_goes_in_as_it_is_and_text_does_not():
    html = markup.table("c", [Column("a"), Column("b")], [("<i>", Markup("<i>x</i>"))])
    assert "&lt;i&gt;" in html
    assert "<i>x</i>" in html


def test_a_table_names_its_rows_and_marks_the_one_chosen():
    html = markup.table("two", [Column("id"), Column("n", numeric=True)], [("a", 1), ("b", 2)], chosen=1)
    assert html.count('scope="row"') == 2
    assert html.index("aria-current") > html.index(">1<")
    assert html.count("aria-current") == 1
    assert "<td class=sg-number>2</td>" in html


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (pd.Timestamp("2026-02-03 04:05", tz="UTC"), "3 Feb 2026 04:05"),
        (datetime(2026, 2, 3, tzinfo=UTC), "3 Feb 2026"),
        (date(2026, 2, 3), "3 Feb 2026"),
        (pd.NaT, ""),
        (None, ""),
        (float("nan"), ""),
        (0.0, "0"),
        (1234567, "1,234,567"),
        (np.int64(1234), "1,234"),
        (0.12345, "0.123"),
        (True, "True"),
        ("x", "x"),
        (["a", "b"], "a, b"),
    ],
)
def test_a_value_is_written_as_people_write_it(value, written):
    assert markup.plain(value) == written


def test_a_rate_has_its_count_and_interval_or_is_not_shown():
    assert markup.rate(Rate(149, 302, 149 / 302, 0.437, 0.549)) == "49.3 % (149 of 302; 95 % interval 43.7 to 54.9 %)"
    assert markup.rate(Rate(0, 10, 0.0, 0.0, 0.278)) == "0.0 % (0 of 10; 95 % interval 0.0 to 27.8 %)"
    assert markup.rate(Rate(0, 0, None, None, None)) == "no rate: nothing searched yet"


def test_a_frame_says_how_much_of_it_is_shown():
    rows = pd.DataFrame({"who": ["a", "b", "c"], "n": [1, 2, 3]})
    assert "Result: 3 rows, the first 2 shown" in markup.frame("Result", rows, 2)
    assert markup.frame("Result", rows, 2).count("<tr") == 3
    assert "Result: 1 row<" in markup.frame("Result", rows.head(1))


def test_money_stands_to_the_right():
    rows = pd.DataFrame({"id": ["a"], "Value": ["£1.00"]})
    assert "<td class=sg-number>£1.00</td>" in markup.frame("r", rows, numeric={"Value"})


def test_a_missing_picture_says_so():
    assert "no picture" in markup.picture(None, "Face", "R01/a.jpg")
    assert "<img" not in markup.picture(None, "Face", "R01/a.jpg")


@pytest.mark.parametrize("kind", list(LinkStatus))
def test_a_status_has_its_own_mark(kind):
    assert f"sg-{kind.value}" in markup.status(kind)
    assert f".sg-{kind.value}::before" in markup.style() or kind is LinkStatus.UNKNOWN


def test_the_style_sheet_asks_no_other_host():
    assert "http" not in markup.style()
    assert "@import" not in markup.style()


@given(CLEAN)
def test_no_value_breaks_out_of_an_attribute(value):
    picture, column = (
        Seen(markup.picture(b"x", value, "")),
        Seen(markup.table("", [Column("", meaning="m" + value)], [])),
    )
    assert value in picture.attributes
    assert "m" + value in column.attributes
