"""The query page, ``%%case`` and the names it completes, without a browser."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.dashboards import magic
from stillgraph.dashboards.completion import complete
from stillgraph.dashboards.magic import Asked, Magic, asked
from stillgraph.dashboards.query_panels import result
from stillgraph.dashboards.query_state import QueryState
from stillgraph.dashboards.work_pages import queries_of
from stillgraph.errors import NotPermitted, QueryRefused, WrongUse
from stillgraph.records import SavedQuery

TRAP = '<script>alert("x")</script>'
VIEWS = {
    "stills": ("still_id", "retailer_id", "captured_at"), "stores": ("store_id", "retailer_id", "borough"),
    "offences": ("offence_id", "value_pence"),
}  # fmt: skip
AT = datetime(2026, 11, 1, tzinfo=UTC)


class MadeUpQueries:
    officer = "pc1"

    def __init__(self):
        self.kept = [
            SavedQuery(1, "mine", "pc1", False, AT, "SELECT 1"),
            SavedQuery(2, TRAP, "pc2", True, AT, f"SELECT '{TRAP}'"),
        ]
        self.ran = []

    def views(self):
        return VIEWS

    def run(self, sql):
        self.ran.append(sql)
        if "bad" in sql:
            raise QueryRefused("A query is one SELECT statement; this text is empty.")
        return pd.DataFrame({"borough": ["Camden", TRAP], "when": pd.to_datetime([AT, AT]), "n": [1, 2]})

    def saved(self):
        return tuple(self.kept)

    def run_saved(self, name):
        return self.run(next(one.sql for one in self.kept if one.name == name))

    def save(self, name, sql, *, shared):
        if name == "taken":
            raise WrongUse("Another officer shares a query of that name.")
        self.kept.append(SavedQuery(3, name, "pc1", shared, AT, sql))
        return self.kept[-1]

    def delete(self, name):
        if name != "mine":
            raise NotPermitted("A shared query is deleted by whoever saved it.")
        self.kept = [one for one in self.kept if one.name != name]


class Shell:
    """Stands in for a notebook's shell."""

    def __init__(self):
        self.variables, self.magics = {}, {}
        self.Completer = type("Completer", (), {"custom_matchers": []})()

    def register_magic_function(self, act, kind, name):
        self.magics[name] = (kind, act)

    def push(self, variables):
        self.variables |= variables


def found_in(widget, kind):
    here = [widget] if type(widget).__name__ == kind else []
    return here + [one for child in getattr(widget, "children", ()) for one in found_in(child, kind)]


def text(widget):
    own = str(widget.value) if type(widget).__name__ == "Html" else ""
    return " ".join([own, *(text(one) for one in getattr(widget, "children", ()))])


@pytest.mark.parametrize(
    ("sql", "word", "first"),
    [
        ("SELECT * FROM st", "st", [("stills", "view"), ("stores", "view")]),
        ("SELECT * FROM ", "", [("stills", "view"), ("stores", "view"), ("offences", "view")]),
        ("SELECT count(*) FROM stills JOIN of", "of", [("offences", "view")]),
        ("SELECT stills. FROM stills", None, None),
        ("SELECT s.re| FROM stores AS s", "re", [("retailer_id", "column")]),
        ("SELECT bo| FROM stores", "bo", [("borough", "column")]),
        ("SELECT bo| FROM stills", "bo", []),
        ("sel", "sel", [("SELECT", "keyword")]),
        ("SELECT 'st", "", []),
        ("SELECT x.", "", []),
        ("SELECT ", "", []),
    ],
)
def test_names_are_completed_as_the_place_asks(sql, word, first):
    if first is None:
        sql, word, first = "SELECT stills.| FROM stills", "", [(one, "column") for one in VIEWS["stills"]]
    cursor = sql.index("|") if "|" in sql else len(sql)
    assert complete(sql.replace("|", ""), cursor, VIEWS) == (word, tuple(first))


@given(st.text(max_size=60), st.data())
def test_whatever_is_typed_only_names_there_are_are_offered(sql, data):
    cursor = data.draw(st.integers(0, len(sql)))
    word, offered = complete(sql, cursor, VIEWS)
    assert sql[:cursor].endswith(word)
    known = {*VIEWS, *(one for columns in VIEWS.values() for one in columns)}
    for name, kind in offered:
        assert name.casefold().startswith(word.casefold())
        assert kind == "keyword" or name in known


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("", Asked()), ("rows2", Asked("rows2")), ('x --save "by borough" --shared', Asked("x", "by borough", shared=True)),
        ("--saved mine y", Asked("y", saved="mine")),
    ],
)  # fmt: skip
def test_what_stands_behind_the_magic_is_read(line, wanted):
    assert asked(line) == wanted


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("a b", "'b' is not understood there: %%case"), ("2x", "'2x' is not understood"), ("--save", "'--save' is not"),
        ("--shared", "--shared goes with --save"), ("--save a --saved b", "--save without --saved"), ("'a", "A quote is not closed"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_said(line, why):
    with pytest.raises(WrongUse, match=why):
        asked(line)


@pytest.fixture
def notebook():
    source, shell = MadeUpQueries(), Shell()
    made = Magic(source, QueryState(source), shell)
    made.load()
    return made, source, shell


def test_a_cell_asks_and_its_rows_are_a_variable(notebook):
    made, source, shell = notebook
    kind, ask = shell.magics["case"]
    shown = ask("boroughs", "SELECT borough\n")
    assert kind == "line_cell"
    assert source.ran == ["SELECT borough"]
    assert list(shell.variables) == ["rows", "boroughs"]
    assert shell.variables["boroughs"]["n"].tolist() == [1, 2]
    assert "2 rows. Times are UTC" in text(shown)
    (table,) = found_in(shown, "ITable")
    assert table.caption == "boroughs"
    assert made.ask("--saved mine", None) is not None
    assert source.ran[-1] == "SELECT 1"


@pytest.mark.parametrize(
    ("line", "cell", "why"),
    [
        ("", "bad", "A query is one SELECT statement"), ("", None, "Give the SQL, or a saved query"),
        ("--saved mine", "SELECT 1", "Give the SQL, or a saved query"), ("--save taken", "SELECT 1", "Another officer shares"),
        ("a b", "SELECT 1", "is not understood there"),
    ],
)  # fmt: skip
def test_an_error_is_a_sentence_and_no_traceback(notebook, line, cell, why):
    made, _, _ = notebook
    said = text(made.ask(line, cell))
    assert why in said
    assert "sg-alert" in said
    assert "Traceback" not in said


def test_a_query_is_saved_from_its_cell(notebook):
    made, source, _ = notebook
    made.ask('--save "by borough" --shared', "SELECT borough")
    assert (source.kept[-1].name, source.kept[-1].shared, source.kept[-1].sql) == ("by borough", True, "SELECT borough")


def test_a_real_shell_completes_names_in_its_cells():
    from IPython.core.interactiveshell import InteractiveShell

    shell, source = InteractiveShell(), MadeUpQueries()
    Magic(source, QueryState(source), shell).load()
    Magic(source, QueryState(source), shell).load()
    names = [getattr(one, "__name__", "") for one in shell.Completer.custom_matchers]
    assert names.count("stillgraph_names") == 1, "loaded again, it completes once"

    def offered(code):
        return [one.text for one in shell.Completer.completions(code, len(code))]

    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        assert offered("%%case x\nSELECT borough\nFROM sto") == ["stores"]
        assert "stores" not in offered("sto")
        assert "retailer_id" not in offered("%%case ret")


def test_a_saved_query_is_chosen_read_run_and_deleted():
    source = MadeUpQueries()
    page = queries_of(source)
    (which,) = found_in(page, "Dropdown")
    assert which.options[1][0] == f"{TRAP} · shared by pc2"
    run, drop = (one for one in found_in(page, "Button") if one.description in {"Run", "Delete"})
    assert "SELECT 1</pre>" in text(page)
    run.click()
    assert len(found_in(page, "ITable")) == 1
    which.value = TRAP
    assert found_in(page, "ITable") == []
    assert "<script>" not in text(page)
    drop.click()
    assert "A shared query is deleted by whoever saved it." in text(page)
    which.value = "mine"
    drop.click()
    assert "Deleted mine." in text(page)
    assert [value for _, value in which.options] == [TRAP]


def test_rows_are_shown_as_text_the_first_of_many(monkeypatch):
    from stillgraph.dashboards import query_panels

    monkeypatch.setattr(query_panels, "MOST", 3)
    shown = result(pd.DataFrame({"a": [TRAP] * 5}), "many")
    assert "5 rows, the first 3 shown" in text(shown)
    (table,) = found_in(shown, "ITable")
    assert "&lt;script&gt;" in table._dt_args["data_json"]
    assert "<script>" not in table._dt_args["data_json"]
    empty = result(pd.DataFrame({"a": []}), "none")
    assert found_in(empty, "ITable") == []
    assert "0 rows" in text(empty)


def test_reprs_say_nothing():
    source = MadeUpQueries()
    state = QueryState(source)
    assert [repr(state), repr(Magic(source, state, Shell()))] == ["QueryState()", "Magic()"]
    assert magic.USAGE.startswith("%%case")
