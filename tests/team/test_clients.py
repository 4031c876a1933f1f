"""What goes to a server and comes back: files, progress, a stop; pages and notebooks that work by its address."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import stat
import subprocess
import sys
import time
import urllib.parse
from datetime import date
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from stillgraph.casework import analysing, enrolling, networking, packing, ranking, receiving, retention, take_seat
from stillgraph.casework.progress import cancelled
from stillgraph.dashboards import serve
from stillgraph.errors import Interrupted, ManifestError, ServerGone, WrongUse

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PAGE_S = 120


class Stop(Exception):
    """What a page's stop button raises."""


def test_a_delivery_is_sent_with_the_images_it_names_and_no_other(served, small_inputs, tmp_path):
    manifest = small_inputs / "deliveries" / "R08" / "manifest.csv"
    rows = manifest.read_text(encoding="utf-8").splitlines()
    folder = tmp_path / "delivery"
    (folder / "stills").mkdir(parents=True)
    image = rows[1].split(",")[rows[0].split(",").index("image")]
    data = (manifest.parent / "stills" / image).read_bytes()
    (folder / "stills" / "new.jpg").write_bytes(data + b"\0")
    (folder / "stills" / "unnamed.jpg").write_bytes(data)
    (folder / "secret.txt").write_text("not an image of the delivery", encoding="utf-8")
    named = [rows[1].replace(image, name) for name in ("new.jpg", "../secret.txt", "gone.jpg")]
    (folder / "manifest.csv").write_text("\n".join([rows[0], *named]), encoding="utf-8")
    told = []
    report = receiving.receive(served.seat("ann"), folder / "manifest.csv", retailer_id="R08", progress=told.append)
    assert (report.accepted, len(report.refused)) == (1, 2)
    assert [step.what for step in told]
    kept = analysing.query(served.seat("ann"), "SELECT still_id FROM stills WHERE still_id LIKE '%new.jpg'")
    assert list(kept["still_id"]) == ["R08/new.jpg"]


def test_a_file_that_is_not_there_is_named_as_the_client_named_it(served, tmp_path):
    with pytest.raises(ManifestError) as refused:
        receiving.receive(served.seat("ann"), tmp_path / "none.csv", retailer_id="R08")
    assert str(tmp_path / "none.csv") in str(refused.value)


def test_a_file_on_a_client_s_machine_is_on_record_and_the_server_never_touches_it(serve, small_case, tmp_path):
    running = serve(small_case.directory)
    mine, gephi = tmp_path / "mine.csv", tmp_path / "gephi"
    ranking.ranking(running.seat("ann"), csv=mine, keep=False)
    networking.network_summary(running.seat("ann"), gephi=gephi)
    assert mine.read_bytes().startswith(b"rank,")
    report = retention.apply(running.seat("supervisor"), date(2100, 1, 1))
    places = {one.place: one.why for one in report.erasure.outside}
    assert places == {
        f"ann wrote it on their own machine: {path}": "it cannot be read or removed from here"
        for path in (mine, gephi / "nodes.csv", gephi / "edges.csv")
    }
    assert mine.exists()


@pytest.fixture
def new_images(small_inputs, tmp_path):
    """Return a folder like the inputs, of images that no case has taken in."""
    folder = tmp_path / "inputs"
    shutil.copytree(small_inputs, folder)
    for manifest in folder.rglob("manifest.csv"):
        text = manifest.read_text(encoding="utf-8-sig")
        for image in list(manifest.parent.rglob("*.jpg")):
            image.with_name(f"n_{image.name}").write_bytes(image.read_bytes() + b"\0")
            text = text.replace(image.name, f"n_{image.name}")
        manifest.write_text(text, encoding="utf-8")
    return folder


def test_work_is_stopped_by_what_its_progress_raises(served, new_images):
    stopping = Stop()

    def stop(_step):
        raise stopping

    manifest = new_images / "deliveries" / "R08" / "manifest.csv"
    with pytest.raises(Stop) as raised:
        receiving.receive(served.seat("ann"), manifest, retailer_id="R08", workers=1, progress=stop)
    assert raised.value is stopping
    failed = analysing.query(
        served.seat("ann"), "SELECT result, details::VARCHAR AS why FROM audit WHERE action = 'receive stills' "
        "ORDER BY sequence DESC LIMIT 1",
    )  # fmt: skip
    assert failed["result"][0] == "failed"
    assert "Cancelled" in failed["why"][0]


def test_what_the_server_says_was_kept_is_said(served, new_images):
    manifest = new_images / "custody" / "manifest.csv"
    seen = []

    def stop(step):
        seen.append(step)
        if len(seen) > 4:
            raise cancelled()

    with pytest.raises(Interrupted, match="rows are taken in and kept"):
        enrolling.enrol(served.seat("supervisor"), manifest, batch_rows=2, workers=1, progress=stop)


def test_files_come_back_whole_and_for_their_owner_alone(served, tmp_path):
    seat = served.seat("supervisor")
    pack = packing.write(seat, tmp_path / "pack.json", top=1)
    assert pack.file == str(tmp_path / "pack.json")
    assert json.loads((tmp_path / "pack.json").read_bytes())
    networking.network_summary(
        seat, export=tmp_path / "net.graphml", gephi=tmp_path / "gephi", with_proposals=True
    )  # fmt: skip
    assert (tmp_path / "net.graphml").read_text(encoding="utf-8").startswith("<?xml")
    assert sorted(path.name for path in (tmp_path / "gephi").iterdir()) == ["edges.csv", "nodes.csv"]
    assert stat.S_IMODE((tmp_path / "pack.json").stat().st_mode) == 0o600
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_what_cannot_be_written_is_not_asked_for(served, tmp_path):
    count = "SELECT count(*) AS n FROM audit WHERE action = 'export case pack'"
    before = analysing.query(served.seat("ann"), count)["n"][0]
    with pytest.raises(WrongUse, match="cannot be written"):
        packing.write(served.seat("supervisor"), tmp_path / "no" / "pack.json")
    assert analysing.query(served.seat("ann"), count)["n"][0] == before


@pytest.mark.parametrize("name", ["start", "search"])
def test_a_notebook_runs_against_a_server(served, monkeypatch, tmp_path, name):
    for key, value in served.environment("ann").items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("STILLGRAPH_CASE", served.url)
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=PAGE_S, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = json.dumps([cell.get("outputs") for cell in notebook.cells])
    assert "widget-view" in outputs
    assert "Give your administrator this reference" not in outputs


def pages(served, officer, **more):
    """Start the pages as the command line does; return the process and its port."""
    with socket.socket() as probe:
        probe.bind((serve.HOST, 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        serve.voila_command(NOTEBOOKS / "dashboards", port=port, ready=False),
        env={**served.environment(officer), "STILLGRAPH_CASE": served.url, **more},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + PAGE_S
    while time.monotonic() < until:
        try:
            socket.create_connection((serve.HOST, port), timeout=1).close()
        except OSError:
            assert process.poll() is None
            time.sleep(0.2)
        else:
            return process, port
    raise AssertionError("the pages did not open")


def asked(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection(serve.HOST, port, timeout=PAGE_S)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        cookies = [held.partition(";")[0] for held in answer.headers.get_all("Set-Cookie") or []]
        return answer.status, answer.read().decode(), cookies
    finally:
        connection.close()


def test_a_page_acts_as_the_officer_who_signed_in_to_it(served):
    process, port = pages(served, "administrator", **serve.sign_in_environment("token"))
    try:
        _, _, cookies = asked(port, "GET", "/login")
        xsrf = next(cookie for cookie in cookies if cookie.startswith("_xsrf")).partition("=")[2]
        form = {"token": served.tokens["analyst"], "_xsrf": xsrf.strip('"')}
        headers = {"Cookie": "; ".join(cookies), "Content-Type": "application/x-www-form-urlencoded"}
        status, _, signed = asked(port, "POST", "/login", urllib.parse.urlencode(form), **headers)
        assert status == 302
        cookie = "; ".join([*cookies, *signed])
        status, text, _ = asked(port, "GET", "/voila/render/overview.ipynb", Cookie=cookie)
        assert (status, "could not be shown" in text) == (200, False)
        refused, _, _ = asked(port, "GET", "/voila/render/overview.ipynb")
        assert refused == 302
    finally:
        process.terminate()
        process.wait(30)
    looked = analysing.query(
        served.seat("ann"), "SELECT officer, operation FROM audit WHERE details::VARCHAR LIKE '%glance%' "
        "ORDER BY sequence DESC LIMIT 1",
    )  # fmt: skip
    assert list(looked["officer"]) == ["analyst"]


def test_a_server_that_is_gone_is_said_plainly(monkeypatch):
    monkeypatch.setenv("STILLGRAPH_TOKEN", "1." + "x" * 43)
    with pytest.raises(ServerGone, match=r"No Stillgraph server answers at http://127\.0\.0\.1:9;"):
        take_seat("http://127.0.0.1:9")
    with pytest.raises(WrongUse, match="https:// alone"):
        take_seat("http://example.org:8700")
    done = subprocess.run(
        [sys.executable, "-c", "from stillgraph.cli import main; main()", "query", "http://127.0.0.1:9", "SELECT 1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
