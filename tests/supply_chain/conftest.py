"""Lets tests read the scripts beside them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


def _script(name: str):
    spec = importlib.util.spec_from_file_location(f"supply_chain_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def licences():
    """Return the script that writes the page of licences."""
    return _script("licences")


@pytest.fixture(scope="session")
def audit():
    """Return the script that asks for known weaknesses."""
    return _script("audit")
