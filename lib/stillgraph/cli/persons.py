"""Commands on the persons that linking makes: rulings between faces, and what to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

if TYPE_CHECKING:
    from stillgraph.casework.linking import Ruled
    from stillgraph.records import FaceRuling

persons_app = typer.Typer(help="Persons: rulings between faces, and groups to look at.")

Faces = Annotated[list[str], typer.Option("--face", metavar="ID", help="A face; repeat for each.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(persons_app, name="persons")


@persons_app.command(
    "rule",
    epilog='Example: stillgraph persons rule cases/autumn --face "R01/R01_0001.jpg#1" --face "R02/R02_7.jpg#1" --same',
)
def persons_rule(
    case: Case,
    face: Faces,
    other: Annotated[
        list[str] | None,
        typer.Option("--other", metavar="ID", help="A face of the other side: each --face with each of these."),
    ] = None,
    same: Annotated[bool, typer.Option("--same", help="The faces are one person.")] = False,
    not_same: Annotated[bool, typer.Option("--not-same", help="No two of the faces are one person.")] = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Rule in the open that faces are, or are not, one person; it names nobody, and shows when linking runs next."""
    from stillgraph.casework import linking
    from stillgraph.errors import WrongUse
    from stillgraph.records import FaceId, Says

    if same == not_same:
        raise WrongUse("Give one ruling: --same or --not-same.")
    desk = common.seat(case, officer, operation, reason)
    says = Says.SAME if same else Says.NOT_SAME
    others = [FaceId(one) for one in other or ()]
    _print_ruled(linking.rule(desk, [FaceId(one) for one in face], says, others=others), as_json=as_json)


@persons_app.command(
    "move",
    epilog='Example: stillgraph persons move cases/autumn --face "R01/R01_0001.jpg#1" --to "unknown 3"',
)
def persons_move(
    case: Case,
    face: Annotated[str, typer.Option("--face", metavar="ID", help="The face.")],
    to: Annotated[str, typer.Option("--to", metavar="PERSON", help="The person of the last linking run.")],
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Rule that a face is not the person it is with now, and is another."""
    from stillgraph.casework import linking
    from stillgraph.records import FaceId

    desk = common.seat(case, officer, operation, reason)
    _print_ruled(linking.move(desk, FaceId(face), to), as_json=as_json)


@persons_app.command("split", epilog='Example: stillgraph persons split cases/autumn --face "R01/R01_0001.jpg#1"')
def persons_split(
    case: Case,
    face: Faces,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Rule that faces of one person are not that person's other faces."""
    from stillgraph.casework import linking
    from stillgraph.records import FaceId

    desk = common.seat(case, officer, operation, reason)
    _print_ruled(linking.split(desk, [FaceId(one) for one in face]), as_json=as_json)


@persons_app.command("undo", epilog="Example: stillgraph persons undo cases/autumn --ruling 7")
def persons_undo(
    case: Case,
    ruling: Annotated[int, typer.Option("--ruling", metavar="N", help="The ruling, by its number.")],
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Take a ruling back, with all that the same action ruled; both stay on record."""
    from stillgraph.casework import linking

    _print_ruled(linking.undo(common.seat(case, officer, operation, reason), ruling), as_json=as_json)


@persons_app.command("rulings", epilog="Example: stillgraph persons rulings cases/autumn --json")
def persons_rulings(
    case: Case,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show every ruling between faces, those taken back among them."""
    from stillgraph.casework import linking

    rulings = linking.rulings(common.seat(case, officer, operation, reason))
    undone = {one.undoes for one in rulings}
    if as_json:
        common.print_json({"rulings": [_plain(one) | {"stands": _stands(one, undone)} for one in rulings]})
        return
    print(f"{common.count(len(rulings), 'ruling')}, {sum(_stands(one, undone) for one in rulings)} stand.")
    common.print_table(
        ["ruling", "says", "faces", "of the others", "officer", "at", "stands"],
        [
            (one.sequence, one.says + (f" ({one.undoes})" if one.undoes else ""), ", ".join(one.faces),
             ", ".join(one.others), one.officer, one.ruled_at, "yes" if _stands(one, undone) else "no")
            for one in rulings
        ],
    )  # fmt: skip


@persons_app.command("groups", epilog="Example: stillgraph persons groups cases/autumn --json")
def persons_groups(
    case: Case,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show the persons of several faces, nearest to the others first, the odd ones marked, and what is proposed."""
    from stillgraph.casework import linking

    groups = linking.groups(common.seat(case, officer, operation, reason))
    if as_json:
        common.print_json({"groups": groups})
        return
    common.print_table(
        ["person", "status", "proposed as", "faces", "odd", "proposals"],
        [
            (g.person.person_id, g.person.status, g.person.proposed_as, len(g.faces),
             ", ".join(face.face_id for face in g.faces if face.odd), len(g.proposals))
            for g in groups
        ],
    )  # fmt: skip
    print("Odd: the score with the mean of the person's other faces is below the threshold of the linking run.")


def _print_ruled(ruled: Ruled, *, as_json: bool) -> None:
    if as_json:
        rulings = [_plain(one) for one in ruled.rulings]
        common.print_json({"act": ruled.act, "rulings": rulings, "contradictions": ruled.contradictions})
        return
    print(f"Recorded. Take it back with --ruling {ruled.act}; `stillgraph link CASE` makes the persons anew.")
    for contradiction in ruled.contradictions:
        print(f"  {', '.join(contradiction.faces)}: {contradiction.reason}")


def _plain(ruling: FaceRuling) -> dict[str, object]:
    """Return a ruling as JSON shows it: all but the salt of its seal."""
    return {name: value for name, value in common.plain(ruling).items() if name != "salt"}


def _stands(ruling: FaceRuling, undone: set[int | None]) -> bool:
    return ruling.undoes is None and ruling.sequence not in undone
