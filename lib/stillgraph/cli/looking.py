"""The command that shows how good the faces of a still are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

if TYPE_CHECKING:
    from stillgraph.casework.looking import FaceQuality


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("quality", epilog="Example: stillgraph quality cases/autumn --still R01/R01_0001.jpg")(quality)


def quality(
    case: Case,
    still: Annotated[str, typer.Option("--still", metavar="ID", help="The still, RETAILER/IMAGE.")],
    ofiq: Annotated[
        bool, typer.Option("--ofiq", help="OFIQ's components too, where it and its models are installed.")
    ] = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show what was measured of each face of a still, by which rule, and what its band means."""
    from stillgraph.casework import looking
    from stillgraph.records import StillId

    desk = common.seat(case, officer, operation, reason)
    found = looking.face_quality(desk, StillId(still), ofiq=ofiq)
    if as_json:
        common.print_json(found)
        return
    for face in found.faces:
        _print_face(face, found.rules)
    if not found.faces:
        print(f"{still}: no face found")


def _print_face(face: FaceQuality, rules: dict[str, str]) -> None:
    print(f"{face.face_id}: {'usable' if face.usable else face.unusable_reason}")
    values = common.plain(face.quality)
    common.print_table(["measure", "value", "rule"], [(name, _cell(values[name]), rules[name]) for name in rules])
    if face.band_means is not None:
        print(f"  {face.band_means}")
    if face.ofiq is not None:
        print("  OFIQ (ISO/IEC 29794-5), 0-100, more is better:" if face.ofiq else "  OFIQ finds no face here.")
        common.print_table(["component", "value"], [(name, _cell(value)) for name, value in face.ofiq.items()])


def _cell(value: float | str | None) -> str:
    """Return a measure for people to read; one that was not taken is said to be so."""
    if value is None:
        return "not taken"
    return value if isinstance(value, str) else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
