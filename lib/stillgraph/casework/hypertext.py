"""HTML pages that load nothing from anywhere: what statements, photo arrays and case packs share."""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template


def page(source: str, **values: Any) -> bytes:
    """Return a template filled in; every value is escaped."""
    return _template(source).render(**values).encode()


@cache
def _template(source: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
        source
    )


def inline(png: bytes) -> str:
    """Return a PNG as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; color: #1b2733; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; overflow-wrap: anywhere }
td:first-child { width: 12rem; color: #4a5a6a }
th, .list td { border-bottom: 1px solid #d5dce3 } .list td:first-child { color: inherit }
.plates { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0; width: 17rem } figure.wide { width: 30rem }
.nine figure { width: 17rem } img { width: 100% } figcaption { font-size: .85rem; color: #4a5a6a }
.warning { background: #fff3cd; border: 1px solid #d9b94a; padding: .6rem .9rem }
.nine figcaption { font-size: 1.3rem; color: #1b2733; text-align: center }
</style>
</head>
<body>
<h1>{{ title }}</h1>
"""
"""How each of them begins."""
