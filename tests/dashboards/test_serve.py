"""The servers listen on this machine, ask for the token, take our template and nothing from another host."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from stillgraph.dashboards import reader, serve
from stillgraph.dashboards.reader import HEADERS, variable

SHARE = Path(serve.__file__).parent / "share"


def test_voila_listens_here_only_and_opens_no_browser(tmp_path):
    command = serve.voila_command(tmp_path, port=1234)
    assert command[:5] == [sys.executable, "-m", "stillgraph.dashboards.serve", "pages", str(tmp_path)]
    for option in ("--port=1234", "--Voila.ip=127.0.0.1", "--Voila.port_retries=0", "--no-browser",
                   "--template=stillgraph", "--strip_sources=True", "--show_tracebacks=False"):  # fmt: skip
        assert option in command


def test_lab_listens_here_only_and_opens_no_browser(tmp_path):
    command = serve.lab_command(tmp_path, port=1234)
    assert command[:4] == [sys.executable, "-m", "stillgraph.dashboards.serve", "lab"]
    for option in (f"--ServerApp.root_dir={tmp_path}", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=1234",
                   "--ServerApp.port_retries=0", "--ServerApp.open_browser=False",
                   "--LabApp.extension_manager=readonly"):  # fmt: skip
        assert option in command


@pytest.mark.parametrize(("user", "root"), [(0, True), (1000, False)])
def test_lab_is_told_that_it_may_run_as_root_only_where_it_does(tmp_path, monkeypatch, user, root):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert ("--allow-root" in serve.lab_command(tmp_path, port=1234)) is root


def test_lab_asks_nobody_for_news_updates_or_extensions(tmp_path):
    command = serve.lab_command(tmp_path, port=1234)
    settings = SHARE / "lab" / "settings"
    assert f"--LabApp.app_settings_dir={settings}" in command
    assert "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate" in command
    disabled = json.loads((settings / "page_config.json").read_text(encoding="utf-8"))["disabledExtensions"]
    assert disabled["@jupyterlab/apputils-extension:announcements"] is True


def test_addresses_carry_the_token():
    assert serve.page_url(1234, "t") == "http://127.0.0.1:1234/voila/render/overview.ipynb?token=t"
    assert serve.lab_url(1234, "t") == "http://127.0.0.1:1234/lab?token=t"
    assert serve.lab_url(1234, "t", "start.ipynb") == "http://127.0.0.1:1234/lab/tree/start.ipynb?token=t"


def test_pages_get_the_template_the_policy_the_message_limit_and_the_token(monkeypatch):
    from stillgraph.dashboards.identity import Identity
    from stillgraph.dashboards.server import PagesApp

    launched = {}
    monkeypatch.setattr(PagesApp, "launch_instance", lambda **given: launched.update(given, left=dict(os.environ)))
    monkeypatch.setenv("JUPYTER_PATH", "/elsewhere")
    for name, value in serve.token_environment("t0ken").items():
        monkeypatch.setenv(name, value)
    serve.main(["pages", "notebooks", "--port=1"])
    assert os.environ["JUPYTER_PATH"] == f"{SHARE}{os.pathsep}/elsewhere"
    assert launched["argv"] == ["notebooks", "--port=1"]
    voila = launched["config"]["Voila"]
    assert voila["tornado_settings"]["websocket_max_message_size"] > serve.UPLOAD_LIMIT_MB * 1024 * 1024
    assert "default-src 'self'" in voila["tornado_settings"]["headers"]["Content-Security-Policy"]
    assert voila["config_file_paths"] == []
    assert voila["token"] == "t0ken"
    assert (voila["identity_provider_class"], launched["config"]["Identity"]) == (Identity, {"kind": "shared"})
    assert launched["config"]["VoilaConfiguration"]["http_header_envs"] == [], "nothing that a reader sends reaches it"
    assert launched["config"]["MappingKernelManager"]["cull_connected"] is True
    assert launched["config"]["VoilaKernelManager"]["fill_delay"] >= 5, "the next kernel does not slow this page"
    assert "t0ken" not in launched["left"].values(), "no kernel inherits it"


def test_lab_gets_its_token_where_no_configuration_file_takes_it_away(monkeypatch):
    from jupyterlab.labapp import LabApp

    launched = {}
    monkeypatch.setattr(LabApp, "launch_instance", lambda **given: launched.update(given, left=dict(os.environ)))
    monkeypatch.setenv("STILLGRAPH_PAGES_TOKEN", "t0ken")
    serve.main(["lab", "--ServerApp.port=1"])
    assert launched["argv"] == ["--ServerApp.port=1", "--IdentityProvider.token=t0ken"]
    assert "t0ken" not in launched["left"].values(), "no kernel inherits it"


@pytest.mark.parametrize(("kind", "command"), [("pages", "dashboards"), ("lab", "lab")])
@pytest.mark.parametrize("token", [None, ""])
def test_nothing_is_served_without_a_token(monkeypatch, kind, command, token):
    if token is None:
        monkeypatch.delenv("STILLGRAPH_PAGES_TOKEN", raising=False)
    else:
        monkeypatch.setenv("STILLGRAPH_PAGES_TOKEN", token)
    with pytest.raises(
        SystemExit, match=rf"STILLGRAPH_PAGES_TOKEN is not set: .* `stillgraph {command} CASE` sets one\."
    ):
        serve.main([kind, "notebooks"])


def test_the_policy_lets_nothing_be_fetched_from_another_host():
    sources = set(re.findall(r"[a-z]+://[^ ;]+", serve.POLICY))
    assert sources == {"ws://127.0.0.1:*", "ws://localhost:*"}
    assert "*" not in re.sub(r"ws://\S+", "", serve.POLICY)


@pytest.mark.parametrize("path", sorted(p for p in SHARE.rglob("*") if p.is_file()), ids=lambda p: p.name)
def test_the_template_names_no_host(path):
    assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.", path.read_text(encoding="utf-8"))


def test_a_server_whose_readers_sign_in_names_no_officer_to_its_kernels(monkeypatch):
    from stillgraph.dashboards.server import PagesApp

    launched = {}
    monkeypatch.setattr(PagesApp, "launch_instance", lambda **given: launched.update(given, left=dict(os.environ)))
    monkeypatch.setenv("JUPYTER_PATH", "")
    secret = "s" * 32
    forged = {variable(header): "somebody" for header in HEADERS}
    how = serve.sign_in_environment("proxy", header="X-Remote-User", secret=secret)
    for name, value in {"STILLGRAPH_CASE": "here", "STILLGRAPH_OFFICER": "desk", **forged, **how}.items():
        monkeypatch.setenv(name, value)
    serve.main(["pages", "notebooks"])
    identity = {"kind": "proxy", "case": "here", "officer_header": "X-Remote-User", "proxy_secret": secret}
    assert launched["config"]["Identity"] == identity
    assert launched["config"]["VoilaConfiguration"]["http_header_envs"] == list(HEADERS)
    assert not {"STILLGRAPH_OFFICER", *forged} & set(launched["left"])
    assert secret not in launched["left"].values()
    assert launched["left"]["STILLGRAPH_SIGN_IN"] == "proxy"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"STILLGRAPH_SIGN_IN": "nobody"}, r"STILLGRAPH_SIGN_IN is 'nobody': readers sign in by token or proxy"),
        (serve.sign_in_environment("proxy", header="X-Remote-User", secret="short"), "shorter than 32 characters"),
        (serve.sign_in_environment("proxy", header="", secret="s" * 32), "no proxy is trusted without"),
    ],
)
def test_no_proxy_is_trusted_that_brings_no_secret(monkeypatch, how, says):
    for name, value in {"STILLGRAPH_CASE": "here", "JUPYTER_PATH": "", **how}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=says):
        serve.main(["pages", "notebooks"])


def test_the_bar_has_the_pages_there_are_by_what_their_notebooks_say(tmp_path):
    for name, metadata in {
        "b": {"title": "Stillgraph second page", "stillgraph": {"place": 2}},
        "z": {"title": "First", "stillgraph": {"place": 1}},
        "new": {},
    }.items():
        (tmp_path / f"{name}.ipynb").write_text(json.dumps({"metadata": metadata}), encoding="utf-8")
    assert serve.pages(tmp_path) == [
        {"name": "z", "title": "First"}, {"name": "b", "title": "Second page"}, {"name": "new", "title": "New"},
    ]  # fmt: skip


@pytest.mark.parametrize(("how", "officer", "number"), [
    ({}, "desk", None),
    ({"STILLGRAPH_SIGN_IN": "token"}, "", None),
    ({"STILLGRAPH_SIGN_IN": "token", "HTTP_X_STILLGRAPH_OFFICER": "first"}, "", None),
    ({"STILLGRAPH_SIGN_IN": "token", "HTTP_X_STILLGRAPH_OFFICER": "first", "HTTP_X_STILLGRAPH_SIGN_IN": "x"}, "", None),
    ({"STILLGRAPH_SIGN_IN": "token", "HTTP_X_STILLGRAPH_OFFICER": "first", "HTTP_X_STILLGRAPH_SIGN_IN": "3"}, "first", 3),
    ({"STILLGRAPH_SIGN_IN": "proxy", "HTTP_X_STILLGRAPH_OFFICER": "first"}, "first", None),
    ({"STILLGRAPH_SIGN_IN": "proxy"}, "", None),
    ({"STILLGRAPH_SIGN_IN": "anything"}, "", None),
    ({"HTTP_X_STILLGRAPH_OFFICER": "third"}, "desk", None),
])  # fmt: skip
def test_a_page_is_read_by_whom_the_server_says_and_by_nobody_where_it_does_not(
    monkeypatch, small_case, how, officer, number
):
    seat = {"STILLGRAPH_CASE": str(small_case.directory), "STILLGRAPH_OFFICER": "desk"}
    for name, value in {**seat, **how}.items():
        monkeypatch.setenv(name, value)
    claim = reader.seat().claim
    assert (claim.officer, claim.sign_in) == (officer, number)
