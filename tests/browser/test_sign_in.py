"""Several officers at one server: each is who their token says, whatever they send, and nobody reaches another's page."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import urllib.parse

import pytest
from playwright.sync_api import expect

from stillgraph.casework import signing_in
from stillgraph.dashboards import serve
from stillgraph.dashboards.reader import HEADERS, PROXY_HEADER

pytestmark = pytest.mark.browser

WAIT_MS = 90_000
FORGED = {
    "X-Stillgraph-Officer": "third", "x-stillgraph-officer": "third", "X-Stillgraph-Sign-In": "1",
    "X-Remote-User": "third", PROXY_HEADER: "x" * 32, "X-Stillgraph_Officer": "third",
}  # fmt: skip
TYPED = "officer=third&STILLGRAPH_OFFICER=third&HTTP_X_STILLGRAPH_OFFICER=third&token=third"


class Visitor:
    """Whoever asks the server, with the cookies they were given."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self.port, self.headers, self.cookies = port, headers or {}, {}

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection(serve.HOST, self.port, timeout=120)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, path, body or None, {"Cookie": cookie, **form, **self.headers, **headers})
        answer = connection.getresponse()
        text = answer.read().decode()
        for held in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = held.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        connection.close()
        return answer.status, text, answer.headers

    def sign_in(self, token: str) -> int:
        self.ask("GET", "/login")
        form = urllib.parse.urlencode({"token": token, "_xsrf": self.cookies["_xsrf"]})
        return self.ask("POST", "/login", form)[0]

    def who(self) -> str | None:
        status, text, _ = self.ask("GET", "/reader")
        return json.loads(text)["officer"] if status == 200 else None

    def open(self, query: str = "", **headers: str) -> str:
        """Open a page and return its kernel."""
        status, text, _ = self.ask("GET", f"/voila/render/review.ipynb?{query}", **headers)
        assert status == 200
        return re.search(r'"kernelId": "([0-9a-f-]{36})"', text)[1]


@pytest.fixture(scope="module")
def office(serve_signed_in, modules_case):
    """Serve a case to those who sign in with a token; return the server's port and a maker of tokens."""
    with serve_signed_in(modules_case.directory, serve.sign_in_environment("token")) as site:
        yield site.port, lambda officer: signing_in.issue_token(modules_case.seat("desk"), officer).token


def acted(case, after=0):
    """Return the officers who looked at the review queue since an audit entry."""
    with case.seat().case.session(writing=False) as session:
        rows = session.rows(
            "SELECT DISTINCT officer FROM main.audit WHERE action = 'view review queue' AND sequence > ?", [after]
        )
        newest = session.one("SELECT max(sequence) FROM main.audit")
    return {row[0] for row in rows}, newest[0]


def test_nobody_is_let_in_without_a_token_of_their_own(office):
    port, issue = office
    token = issue("first")
    stranger = Visitor(port, FORGED)
    for path in ("/", "/voila/render/review.ipynb", f"/voila/render/review.ipynb?{TYPED}", f"/reader?token={token}"):
        status, _, headers = stranger.ask("GET", path)
        assert (status, headers["Location"].split("?")[0]) == (302, "/login"), path
    assert stranger.ask("GET", "/voila/render/review.ipynb", Authorization=f"token {token}")[0] == 302
    assert stranger.sign_in("1.rubbish-rubbish-rubbish") == 403
    assert stranger.who() is None
    assert stranger.sign_in(token) == 302
    assert stranger.who() == "first"


def test_who_reads_is_who_signed_in_whatever_they_send(office, modules_case):
    port, issue = office
    _, before = acted(modules_case)
    first, second = Visitor(port, FORGED), Visitor(port)
    assert (first.sign_in(issue("first")), second.sign_in(issue("second"))) == (302, 302)
    kernel = first.open(TYPED.replace("&token=third", ""), **FORGED)
    assert first.who() == "first"
    assert acted(modules_case, before)[0] == {"first"}

    assert first.ask("GET", f"/api/kernels/{kernel}")[0] == 200
    for path in (f"/api/kernels/{kernel}", f"/api/kernels/{kernel}/channels"):
        assert second.ask("GET", path)[0] in {302, 403}, path
    assert second.ask("POST", f"/voila/api/shutdown/{kernel}")[0] in {302, 403}
    assert first.ask("GET", f"/api/kernels/{kernel}")[0] == 200, "another officer has not ended it"
    assert first.ask("POST", f"/voila/api/shutdown/{kernel}")[0] == 204
    assert first.ask("GET", f"/api/kernels/{kernel}")[0] == 404


def test_an_officer_whose_token_is_taken_back_is_out_at_once(office, browser, axe, modules_case):
    port, issue = office
    page = browser.page
    page.goto(serve.page_url(port, page="review"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert axe(page) == []
    page.get_by_label("Token").fill("7.not-a-token-of-anybody-here")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("This token lets nobody in")
    page.get_by_label("Token").fill(issue("second"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".sg-facts")).to_contain_text("second", timeout=WAIT_MS)
    expect(page.locator("#sg-who")).to_have_text("Signed in as second")
    assert "token" not in page.url

    signing_in.revoke_tokens(modules_case.seat("desk"), "second")
    page.get_by_role("button", name="Give this list back").click()
    expect(page.get_by_role("alert")).to_contain_text("Your sign-in has ended or was taken back", timeout=WAIT_MS)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert browser.others == []


def test_too_many_wrong_tokens_are_not_looked_at(office):
    port, issue = office
    visitor, token = Visitor(port), issue("first")
    for _ in range(10):
        visitor.sign_in("rubbish")
    visitor.ask("GET", "/login")
    form = urllib.parse.urlencode({"token": token, "_xsrf": visitor.cookies["_xsrf"]})
    status, text, _ = visitor.ask("POST", "/login", form)
    assert status == 403
    assert "Too many tokens were refused within a minute" in text


def test_only_the_trusted_proxy_names_an_officer(serve_signed_in, modules_case):
    secret = secrets.token_urlsafe(32)
    how = serve.sign_in_environment("proxy", header="X-Remote-User", secret=secret)
    with serve_signed_in(modules_case.directory, how) as site:
        proxy = {PROXY_HEADER: secret, "X-Remote-User": "first"}
        assert Visitor(site.port, proxy).who() == "first"
        for wrong in (
            {}, {"X-Remote-User": "first"}, proxy | {PROXY_HEADER: secret[:-1]}, proxy | {PROXY_HEADER: ""},
            proxy | {"X-Remote-User": ""}, proxy | {"X-Remote-User": "nobody"}, {PROXY_HEADER: secret},
            {PROXY_HEADER: secret, HEADERS[0]: "first"},
        ):  # fmt: skip
            assert Visitor(site.port, wrong).who() is None, sorted(wrong)
        _, before = acted(modules_case)
        forged = Visitor(site.port, proxy | {HEADERS[0]: "third"})
        forged.open("officer=third")
        assert acted(modules_case, before)[0] == {"first"}
