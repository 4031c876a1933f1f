"""No way to a case that a server keeps but by actions: permitted, recorded, as oneself, and from a client of ours."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stillgraph.casework import analysing, registry
from stillgraph.casework.wire import codec, frames
from stillgraph.casework.wire.client import CALL_HEADER
from stillgraph.casework.wire.parts import Begun, Call, Kept, Sent, Told
from stillgraph.casework.wire.parts import Wanted as Placed
from stillgraph.errors import NotFound, NotPermitted, ServerGone, StillgraphError, WrongUse
from stillgraph.records import Comparison, NetworkFilter, Role, Strength
from stillgraph.team import arguments
from stillgraph.team.app import State, made
from stillgraph.team.parcels import Parcel
from stillgraph.team.running import Listening
from stillgraph.team.sessions import (
    IDLE_S,
    LONGEST_S,
    MOST_ARRIVING,
    MOST_HELD,
    MOST_OF_ONE,
    MOST_REFUSED,
    WITHIN_S,
    Patience,
    Sessions,
    Turns,
)
from stillgraph.team.work import Work

MAIN = "from stillgraph.cli import main; main()"
PRYING = """
import sys
from pathlib import Path
from stillgraph.casework import take_seat
from stillgraph.errors import StillgraphError
desk = take_seat()
tried = 0
for way in (
    lambda: desk.case.session(writing=False).__enter__(),
    lambda: desk.case.settings(),
    lambda: desk.act("query").__enter__(),
    lambda: desk.ahead("query").__enter__(),
    lambda: desk.found("query").__enter__(),
    lambda: desk.settings,
    lambda: desk.pack,
):
    try:
        way()
    except StillgraphError:
        tried += 1
print(tried, sorted(p.name for p in desk.case.directory.rglob("*") if p.suffix in {".duckdb", ".key", ".index"}))
"""


def ask(served, path, *, method="POST", content=b"", **headers):
    return httpx.request(method, served.url + path, content=content, headers=headers, timeout=30, trust_env=False)


def session(served, officer):
    return ask(served, "/sign-in", Authorization=f"Bearer {served.tokens[officer]}").json()["session"]


def act(served, secret, call, *files):
    body = frames.frame(frames.CALL, codec.dumps(call)) + b"".join(files) + frames.frame(frames.END)
    answer = ask(served, "/act", content=body, Authorization=f"Session {secret}")
    if answer.status_code != 200:
        return answer.json()["sentence"]
    *_, last = frames.Pieces().fed(answer.content)
    told = codec.loads(last.payload)
    return told.sentence if last.kind == frames.ERROR else told


def test_a_client_holds_no_key_no_file_and_no_sql(served):
    done = subprocess.run(
        [sys.executable, "-c", PRYING], env={**served.environment("ann"), "STILLGRAPH_CASE": served.url},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["7", "[]"], done.stderr


def test_nobody_but_the_server_opens_the_file(served):
    code = f"import duckdb; duckdb.connect({str(served.directory / 'case.duckdb')!r}, read_only=True)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "lock" in done.stderr or "encrypt" in done.stderr
    told = served.run("ann", "audit", "verify", "CASE")
    assert told.returncode == 0, told.stderr


def test_every_call_is_permitted_and_recorded(served):
    count = "SELECT count(*) AS n, max(sequence) AS last FROM audit"
    before = analysing.query(served.seat("ann"), count)
    with pytest.raises(NotPermitted, match="no operation OP-NONE"):
        analysing.query(served.seat("ann", operation="OP-NONE"), "SELECT 1")
    with pytest.raises(NotPermitted, match="state the reason"):
        analysing.query(served.seat("ann", reason=" "), "SELECT 1")
    after = analysing.query(served.seat("ann"), count)
    # Those two, and the first of these two counts.
    assert after["n"][0] - before["n"][0] == 3
    signed = analysing.query(
        served.seat("ann"), f"SELECT officer, details::VARCHAR AS told FROM audit WHERE sequence > {before['last'][0]}"
    )
    assert set(signed["officer"]) == {"ann"}
    assert all('"sign_in"' in told for told in signed["told"])


@pytest.mark.parametrize(
    "function", ["desk.take_seat", "governing.create_case", "os.system", "", "analysing.__class__", "keying.add"]
)
def test_nothing_is_done_that_is_not_served(served, function):
    assert act(served, session(served, "ann"), Call(function, {})) == "This server does no such thing."


def test_arguments_are_the_functions_own(served):
    secret = session(served, "ann")
    for odd in ({"desk": "x"}, {"sql": "SELECT 1", "clock": "x"}, {"__class__": 1}):
        assert "no such thing in that way" in act(served, secret, Call("analysing.query", odd, None, "OP-TEST", "x"))
    told = act(served, secret, Call("analysing.query", {"sql": 12}, None, "OP-TEST", "x"))
    assert told == "This server takes no such sql; use the same Stillgraph as it."
    assert "no such thing in that way" in act(served, secret, Call("analysing.query", {}, None, "OP-TEST", "x"))


@pytest.mark.parametrize(
    ("officer", "function", "given"),
    [
        ("analyst", "analysing.query_table", {"sql": "SELECT 1", "out": Kept("monday.tar")}),
        ("analyst", "analysing.query_table", {"sql": "SELECT 1", "out": Sent("out", "monday.tar")}),
        ("analyst", "analysing.query_table", {"sql": "SELECT 1", "out": "monday.tar"}),
        ("analyst", "analysing.query_table", {"sql": "SELECT 1", "out": Placed("other", "monday.tar")}),
        ("analyst", "analysing.query_table", {"sql": Told()}),
        ("administrator", "backing_up.backup", {"file": Placed("file", "home.tar")}),
        ("administrator", "backing_up.backup", {"file": Sent("file", "home.tar")}),
        ("administrator", "backing_up.backup", {"file": Kept("home.tar"), "progress": "x"}),
        ("supervisor", "enrolling.enrol", {"manifest": Kept("m.csv")}),
        ("supervisor", "enrolling.enrol", {"manifest": "m.csv"}),
        ("administrator", "signing_in.revoke_tokens", {"officer_id": Sent("officer_id", "x")}),
    ],
)
def test_no_argument_is_a_file_of_another_kind_than_belongs_there(served, officer, function, given):
    told = act(served, session(served, officer), Call(function, given, None, "OP-TEST", "x"))
    assert told == "This server does no such thing in that way; use the same Stillgraph as it."


def test_every_file_that_a_function_takes_is_of_one_kind():
    unjudged = set()
    for one in registry.load().values():
        for name, parameter in list(one.signature.parameters.items())[1:]:
            stands = arguments.standing(one, name)
            assert (stands in {Sent, Placed, Kept}) == ("Path" in str(parameter.annotation)), (one.name, name)
            assert (stands is Told) == (name == "progress"), (one.name, name)
            if stands is None and arguments._hint(one.name, name) is None:
                unjudged.add(str(parameter.annotation))
    # Of these alone a module knows nothing when it runs; none is an enum.
    assert unjudged == {"Wanted", "WorldSettings | None", "Sequence[Step]"}


def test_who_is_suspended_checks_no_record_either(served):
    secret, admin = session(served, "manager"), session(served, "administrator")
    for function in ("governing.verify_audit", "checking_record.phrase"):
        assert not isinstance(act(served, secret, Call(function, {})), str)
    for lift in (False, True):
        asked = {"officer_id": "manager", "lift": lift}
        told = act(served, admin, Call("offices.suspend", asked, None, "OP-TEST", "x"))
        assert told.suspended is not lift
        for function in ("governing.verify_audit", "checking_record.phrase"):
            told = act(served, secret, Call(function, {}))
            assert isinstance(told, str) is not lift
            assert lift or told.startswith("Officer manager is suspended and may do nothing in this case")


def test_a_client_has_no_image_read_for_a_check(served):
    told = act(served, session(served, "auditor"), Call("governing.verify_audit", {"deep": True}))
    assert (
        told
        == "A server reads no image's bytes for a check; end it, and give --deep on its machine, where the case is."
    )
    assert act(served, session(served, "auditor"), Call("governing.verify_audit", {"deep": False})).holds


def test_a_value_is_of_the_kind_that_is_asked_for(served):
    secret = session(served, "administrator")
    asked = {"officer_id": "ann", "role": "boss"}
    told = act(served, secret, Call("offices.give_role", asked, None, "OP-TEST", "x"))
    assert told.startswith("This server takes no such role; it is one of: analyst, ")
    held = act(served, secret, Call("offices.give_role", {**asked, "role": "analyst"}, None, "OP-TEST", "x"))
    assert held.role is Role.ANALYST
    for odd in (True, "3", 3.5, ["x"]):
        told = act(served, secret, Call("backing_up.remove", {"backup_id": odd}, None, "OP-TEST", "x"))
        assert told == "This server takes no such backup id; use the same Stillgraph as it."
    assert "ann" in {one.officer_id for one in act(served, secret, Call("offices.list_officers", {}, None, None, "x"))}


GOOD, ODD = Strength.MODERATE, "very"


@pytest.mark.parametrize(
    ("function", "name", "value", "fits"),
    [
        ("reviewing.judge", "comparison", Comparison("in focus", "frontal", strength=GOOD), True),
        ("reviewing.judge", "comparison", Comparison("in focus", "frontal", strength=GOOD.value), True),
        ("reviewing.judge", "comparison", Comparison("in focus", "frontal", strength=ODD), False),
        ("reviewing.judge", "comparison", Comparison("in focus", 3), False),
        ("reviewing.judge", "comparison", Comparison("in focus", "frontal", (Sent("x", "y"),)), False),
        ("linking.split", "faces", ["a", "b"], True),
        ("linking.split", "faces", ["a", Kept("b")], False),
        ("linking.split", "faces", "ab", False),
        ("linking.split", "faces", 3, False),
        ("governing.record_stage_times", "times", (("link", 1.5), ("rank", 2)), True),
        ("governing.record_stage_times", "times", (("link", 1.5, 3),), False),
        ("uploading.keep", "files", [("a.csv", b"x")], True),
        ("uploading.keep", "files", {"a.csv": b"x"}, False),
        ("network_views.network_file", "wanted", NetworkFilter(statuses=("unknown",)), True),
        ("network_views.network_file", "wanted", NetworkFilter(statuses=("boss",)), False),
    ],
)
def test_what_a_record_or_list_holds_is_of_its_kind_too(function, name, value, fits):
    one = registry.load()[function]
    if fits:
        assert arguments.checked(one, name, value) == value
    else:
        with pytest.raises(WrongUse, match=f"This server takes no such {name}"):
            arguments.checked(one, name, value)


@pytest.mark.parametrize(
    "call",
    [
        Call("analysing.query", {"sql": "SELECT 1"}, None, "OP-TEST", "x" * 2_001),
        Call("analysing.query", {"sql": "SELECT 1"}, None, "O" * 201, "x"),
        Call("analysing.query", {"sql": "SELECT 1"}, "a" * 201, "OP-TEST", "x"),
        Call("analysing.query", {"sql": "SELECT 1"}, None, "OP-TEST", {"a": 1}),
        Call("analysing.query", {"sql": "SELECT 1"}, None, 7, "x"),
        Call("analysing.query", {"sql": "SELECT 1"}, ["ann"], "OP-TEST", "x"),
        Call(None, {}),
        Call(["analysing.query"], {}),
    ],
    ids=lambda call: repr(call)[:60],
)
def test_who_asks_and_why_is_a_text_that_the_record_can_hold(served, call):
    secret = session(served, "ann")
    count = Call("analysing.query_table", {"sql": "SELECT count(*) AS n FROM audit"}, None, "OP-TEST", "x")
    before = act(served, secret, count)["n"][0].as_py()
    assert "is a text of at most" in act(served, secret, call)
    assert act(served, secret, count)["n"][0].as_py() == before + 1


def test_a_client_names_no_other_machine_and_no_file_of_the_server(served, tmp_path):
    secret = session(served, "supervisor")
    call = Call(
        "enrolling.enrol", {"manifest": Sent("manifest", "m.csv"), "dask": "tls://10.0.0.1:1"}, None, "OP-TEST", "x"
    )
    assert "leave --dask out" in act(served, secret, call)
    secret_file = tmp_path / "secret.csv"
    secret_file.write_text("image\nx.jpg\n", encoding="utf-8")
    for name in (f"../../../../../../..{secret_file}", str(secret_file), "..", "a/../../b"):
        told = act(served, secret, Call("enrolling.enrol", {"manifest": Sent("manifest", name)}, None, "OP-TEST", "x"))
        assert told == "A message names a file outside its own folder."
        begun = frames.frame(frames.FILE, codec.dumps(Begun("manifest", name)))
        told = act(
            served,
            secret,
            Call("enrolling.enrol", {"manifest": Sent("manifest", "m.csv")}, None, "OP-TEST", "x"),
            begun,
        )
        assert told == "A message names a file outside its own folder."


@pytest.mark.parametrize("content", [b"", b"x" * 100, frames.frame(frames.CALL, b"\xc1"), frames.frame(frames.END)])
def test_what_is_no_call_is_turned_away_plainly(served, content):
    answer = ask(served, "/act", content=content, Authorization=f"Session {session(served, 'ann')}")
    assert answer.status_code == 400
    assert set(answer.json()) == {"kind", "sentence"}


def test_a_message_that_is_too_large_is_not_taken_in(served):
    head = frames.CALL + (1 << 40).to_bytes(8, "big")
    answer = ask(served, "/act", content=head + b"x", Authorization=f"Session {session(served, 'ann')}")
    assert (answer.status_code, "larger" in answer.json()["sentence"]) == (400, True)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Host": "127.0.0.1"}, {"Host": "evil.example:80"}])
def test_another_name_for_this_machine_is_turned_away(served, headers):
    assert ask(served, "/health", method="GET", **headers).status_code == 421


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_browsers_page_is_turned_away(served, headers):
    assert ask(served, "/sign-in", Authorization=f"Bearer {served.tokens['ann']}", **headers).status_code == 403


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/", "/act/..", "/static"])
def test_there_is_nothing_else_to_look_at(served, path):
    assert ask(served, path, method="GET").status_code in {404, 405}


def test_health_says_nothing_of_the_case(served):
    answer = ask(served, "/health", method="GET")
    assert set(answer.json()) == {"instance"}
    assert "server" not in answer.headers


@pytest.mark.parametrize("brought", ["", "Session x", "Bearer x", "Basic x", "Session " + "x" * 43])
def test_without_a_session_nothing_is_done(served, brought):
    headers = {"Authorization": brought} if brought else {}
    assert ask(served, "/act", content=b"x", **headers).status_code == 401


def test_a_wrong_token_is_refused_recorded_and_slowed_down(small_case, serve):
    served = serve(small_case.directory)
    wrong = served.tokens["ann"][:-4] + "AAAA"
    for _ in range(MOST_REFUSED):
        answer = ask(served, "/sign-in", Authorization=f"Bearer {wrong}")
        assert (answer.status_code, "lets nobody in" in answer.json()["sentence"]) == (403, True)
    slowed = ask(served, "/sign-in", Authorization=f"Bearer {served.tokens['ann']}")
    assert "Too many tokens" in slowed.json()["sentence"]
    served.end()
    recorded = analysing.query(
        small_case.seat(), "SELECT count(*) AS n FROM audit WHERE action = 'sign in' AND result <> 'done'"
    )
    assert recorded["n"][0] == MOST_REFUSED


def test_sessions_end_idle_and_in_all_and_patience_comes_back():
    at = [0.0]
    sessions, patience = Sessions(lambda: at[0]), Patience(lambda: at[0])
    secret = sessions.begin("who")
    for _ in range(int(LONGEST_S / IDLE_S) + 2):
        at[0] += IDLE_S / 2
        assert sessions.of(secret) == "who"
        if at[0] + IDLE_S / 2 >= LONGEST_S:
            break
    at[0] = LONGEST_S
    assert sessions.of(secret) is None
    idle = sessions.begin("who")
    at[0] += IDLE_S
    assert sessions.of(idle) is None
    ended = sessions.begin("who")
    sessions.end(ended)
    assert sessions.of(ended) is None
    for _ in range(MOST_REFUSED):
        patience.check("here")
        patience.refused("here")
    with pytest.raises(NotPermitted):
        patience.check("here")
    patience.check("elsewhere")
    at[0] += WITHIN_S
    patience.check("here")


def test_one_officer_brings_only_so_much_at_a_time():
    async def come():
        turns = Turns()
        here = [turns.come(1) for _ in range(MOST_OF_ONE)]
        with pytest.raises(StillgraphError, match="too much to do"):
            turns.come(1)
        turns.go(here.pop())
        turns.go(turns.come(2))
        turns.hold(here[0], MOST_HELD)
        with pytest.raises(StillgraphError, match="too much to do"):
            turns.hold(turns.come(1), 1)
        turns.hold(turns.come(2), 1)
        arriving, most = [], 0

        async def arrive(one):
            nonlocal most
            async with turns.arriving(one):
                arriving.append(one)
                most = max(most, len(arriving))
                await asyncio.sleep(0)
                arriving.remove(one)

        await asyncio.gather(*map(arrive, here))
        return most

    assert asyncio.run(come()) == MOST_ARRIVING


def test_who_falls_silent_keeps_no_place(served):
    host, port = served.url.removeprefix("http://").split(":")
    secret = session(served, "ann")
    silent = []
    for _ in range(MOST_ARRIVING):
        silent.append(socket.create_connection((host, int(port))))
        silent[-1].sendall(
            f"POST /act HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Session {secret}\r\n"
            "Content-Length: 100\r\n\r\nc".encode()
        )
    time.sleep(0.5)
    call = Call("analysing.query_table", {"sql": "SELECT 1 AS n"}, None, "OP-TEST", "x")
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(act, served, secret, call)
        # Another officer goes on at once; who has these on their way goes on when one of them is gone.
        assert len(act(served, session(served, "analyst"), call)) == 1
        assert not waits.done()
        for one in silent:
            one.close()
        assert len(waits.result(30)) == 1


def test_a_call_is_stopped_by_its_number_whoever_else_gave_the_same(tmp_path):
    state = State(None, "", tmp_path, ["here"])
    same, other = [Work(None, None, Call("x", {}), None) for _ in range(2)], Work(None, None, Call("x", {}), None)
    state.running |= {**dict.fromkeys(same, ("secret", "1")), other: ("secret", "2")}

    async def stop():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(made(state)), base_url="http://here") as client:
            return await client.post("/stop", headers={"Authorization": "Session secret", CALL_HEADER: "1"})

    assert asyncio.run(stop()).status_code == 204
    assert [one.stop.is_set() for one in (*same, other)] == [True, True, False]


def test_the_note_and_the_calls_folder_are_the_owners_alone(served, tmp_path):
    assert stat.S_IMODE((served.directory / "served.json").stat().st_mode) == 0o600
    parcel = Parcel(tmp_path)
    assert stat.S_IMODE(parcel.folder.stat().st_mode) == 0o700
    parcel.let_go()
    assert parcel.folder.exists()
    parcel.let_go()
    assert not parcel.folder.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::"])
def test_beyond_this_machine_there_is_tls_or_nothing(host):
    with pytest.raises(WrongUse, match="--tls-cert and --tls-key"):
        Listening(host).check()
    Listening("127.0.0.1").check()
    Listening("::1").check()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return a certificate for this machine that nobody else trusts, and its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def test_over_tls_a_client_checks_who_the_server_is(small_case, serve, certificate, monkeypatch):
    cert, key = certificate
    served = serve(small_case.directory, "--tls-cert", str(cert), "--tls-key", str(key))
    assert served.url.startswith("https://")
    with pytest.raises(ServerGone, match="certificate that is not trusted"):
        served.seat("ann")
    monkeypatch.setenv("STILLGRAPH_CA", str(cert))
    assert len(analysing.query(served.seat("ann"), "SELECT 1")) == 1
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(cert)
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    with httpx.Client(verify=old, trust_env=False) as client:
        assert client.get(served.url + "/health").status_code == 200


def test_errors_of_the_server_are_of_our_kinds(served):
    with pytest.raises(NotFound):
        analysing.person(served.seat("ann"), "nobody")
