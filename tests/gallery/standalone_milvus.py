"""The gallery in Milvus on a real standalone server; run by name: ``pytest -s tests/gallery/standalone_milvus.py``.

It installs the server (PyPI ``milvus``, 58 MB, with etcd inside) into a virtual environment of its own, starts it in a
network namespace of its own, since it listens on every interface, runs the tests of the protocol and of the engine
against it there, and ends it. It needs Linux, ``unshare`` of util-linux, a package index, and some minutes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import subprocess
import sys
import time
import urllib.request
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ADDRESS = "http://127.0.0.1:19530"
HEALTH = "http://127.0.0.1:9091/healthz"
PATIENCE_S = 180
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def test_the_same_suite_passes_on_a_standalone_server(tmp_path):
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    subprocess.run(
        [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r",
         HERE / "milvus-server.txt"], check=True,
    )  # fmt: skip
    apart = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        apart.insert(1, "--map-root-user")
    inside = [sys.executable, __file__, str(environment / "bin" / "milvus-server"), str(tmp_path / "data")]
    ran = subprocess.run([*apart, *inside], check=False)
    assert ran.returncode == 0


def _inside(server: str, data: str) -> int:
    """Start the server in this namespace, test it, and end it; what is left of it ends with the namespace."""
    _raise_loopback()
    log = Path(data).with_suffix(".log")
    with log.open("wb") as written:
        running = subprocess.Popen([server, "--data", data], stdout=written, stderr=subprocess.STDOUT)
        try:
            _wait(running, log)
            tests = [HERE / "test_conformance.py", HERE / "test_milvus.py"]
            return subprocess.run(
                [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "milvus", *tests], check=False,
                env=os.environ | {"STILLGRAPH_TEST_MILVUS": ADDRESS}, cwd=HERE.parents[1],
            ).returncode  # fmt: skip
        finally:
            running.terminate()
            running.wait(60)


def _raise_loopback() -> None:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def _wait(running: subprocess.Popen, log: Path) -> None:
    """Return once the server says that it is well."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and running.poll() is None:
        with contextlib.suppress(OSError), opener.open(HEALTH, timeout=5) as answer:
            if answer.read() == b"OK":
                return
        time.sleep(0.5)
    sys.exit(f"The server did not come up within {PATIENCE_S} s:\n{log.read_text(errors='replace')[-3000:]}")


if __name__ == "__main__":
    sys.exit(_inside(*sys.argv[1:]))
