"""Every action of casework does through a server what it does beside the case file, and returns the same."""

from __future__ import annotations

import dataclasses
import importlib.util
import math
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from stillgraph.casework import offices, take_seat
from stillgraph.errors import NotPermitted, StillgraphError
from stillgraph.records import Role

PERMISSIONS = Path(__file__).parents[1] / "casework" / "test_invariant_permission.py"
MEASURED = ("elapsed_s", "seconds", "_per_s", "fetched", "upload_id", "sha256", "audit_head", "enhancement_id", "salt")
"""Fields that differ from one run to the next."""
NOT_HERE = {
    "backing_up.backup": "stays with the server, in its folder of backups",
    "operations.close_operation": "ends the operation of all the others",
    "asking.asked": "a step of the questions, inside their session",
    "governing.open_workbench": "seats kernels: its place is the server's address",
}


def calls():
    """Return how each action is called, as the tests of permission have it."""
    spec = importlib.util.spec_from_file_location("permission_calls", PERMISSIONS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: call for name, call in module.CALLS.items() if name not in NOT_HERE}


CALLS = calls()


@pytest.fixture(scope="module")
def twins(_small_case, tmp_path_factory, prepare, serve_module):
    """Return a served case and its twin beside it, each with officers of every role."""
    here, there = (tmp_path_factory.mktemp(name) / "case" for name in ("here", "there"))
    for directory in (here, there):
        shutil.copytree(_small_case, directory)
        tokens = prepare(directory)  # of the last, which is served
        # A server holds everybody to a role; so does its twin.
        offices.enforce_roles(take_seat(directory, officer="administrator", operation="OP-TEST", reason="test"))
    return here, serve_module(there, tokens=tokens)


@pytest.mark.parametrize("action", CALLS)
def test_it_returns_through_a_server_what_it_returns_beside_the_case_file(twins, small_inputs, action):
    here, served = twins
    for role in (Role.SUPERVISOR, *(role for role in Role if role is not Role.SUPERVISOR)):
        local = take_seat(here, officer=role.value, operation="OP-TEST", reason="test")
        expected = came_of(CALLS[action], local, small_inputs)
        found = came_of(CALLS[action], served.seat(role.value, reason="test"), small_inputs)
        same(found, expected, action)
        if not isinstance(expected, NotPermitted):
            return
    pytest.fail("no role may do it")


def came_of(call, desk, inputs):
    try:
        return call(desk, inputs)
    except StillgraphError as error:
        return error


def same(found, expected, where):
    """Assert that two results are of one kind and equal, but for times and what is drawn by chance."""
    if any(where.endswith(name) for name in MEASURED) or isinstance(expected, datetime):
        return
    assert type(found) is type(expected), (where, found, expected)
    for kind, compare in COMPARED:
        if isinstance(expected, kind):
            compare(found, expected, where)
            return
    if dataclasses.is_dataclass(expected):
        for one in dataclasses.fields(expected):
            same(getattr(found, one.name), getattr(expected, one.name), f"{where}.{one.name}")
    elif not (isinstance(expected, float) and math.isnan(expected)):
        assert found == expected, where


def same_error(found, expected, where):
    assert str(found) == str(expected), where


def same_array(found, expected, where):
    assert found.dtype == expected.dtype, where
    np.testing.assert_array_equal(found, expected)


def same_frame(found, expected, where):
    moving = [name for name in expected if str(expected[name].dtype).startswith("datetime")]
    pd.testing.assert_frame_equal(found.drop(columns=moving), expected.drop(columns=moving))
    assert (found.dtypes == expected.dtypes).all(), where


def same_graph(found, expected, where):
    assert list(found.nodes) == list(expected.nodes), where
    assert [list(found.adj[node]) for node in found] == [list(expected.adj[node]) for node in expected], where


def same_mapping(found, expected, where):
    assert list(found) == list(expected), where
    for key in expected:
        same(found[key], expected[key], f"{where}.{key}")


def same_items(found, expected, where):
    assert len(found) == len(expected), where
    for one, other in zip(found, expected, strict=True):
        same(one, other, where)


COMPARED = (
    (StillgraphError, same_error),
    (np.ndarray, same_array),
    (pd.DataFrame, same_frame),
    (nx.Graph, same_graph),
    (Mapping, same_mapping),
    (list | tuple, same_items),
)
