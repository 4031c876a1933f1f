"""Commands on who has a part in a case: officers' roles, operations, whether roles and signing in are enforced."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillgraph.cli import common
from stillgraph.cli.cases import case_app, officer_app, operation_app
from stillgraph.cli.common import AsJson, Case, OperationOption, Reason
from stillgraph.cli.common import Officer as OfficerOption

if TYPE_CHECKING:
    from stillgraph.records import Officer, Operation

roles_app = typer.Typer(help="Who may do what.")
sign_in_app = typer.Typer(help="Whether an officer must sign in to act.")

OfficerId = Annotated[str, typer.Argument(metavar="ID", help="The officer's id.")]
OperationId = Annotated[str, typer.Argument(metavar="ID", help="The operation's id.")]
AuthorisedBy = Annotated[
    str | None, typer.Option("--authorised-by", metavar="OFFICER", help="The officer who answers for it.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the application's ``case``."""
    del app
    case_app.add_typer(roles_app, name="roles")
    case_app.add_typer(sign_in_app, name="sign-in")


@officer_app.command(
    "role", epilog="Example: stillgraph case officer role cases/autumn pc1234 --role analyst --officer adm1"
)
def officer_role(
    case: Case,
    officer_id: OfficerId,
    role: Annotated[
        str, typer.Option("--role", help="analyst, reviewer, supervisor, manager, auditor or administrator.")
    ],
    sees_faces: Annotated[
        bool, typer.Option("--sees-faces", help="Let a manager, auditor or administrator see faces.")
    ] = False,
    officer: OfficerOption = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Give an officer a role, which binds them from their next action on. Nobody changes their own."""
    from stillgraph.casework import offices

    desk = common.seat(case, officer, operation, reason)
    _tell_officer(offices.give_role(desk, officer_id, common.role(role), sees_faces=sees_faces), as_json)


@officer_app.command(
    "suspend", epilog="Example: stillgraph case officer suspend cases/autumn pc1234 --reason 'left the team'"
)
def officer_suspend(
    case: Case,
    officer_id: OfficerId,
    lift: Annotated[bool, typer.Option("--lift", help="Lift it again.")] = False,
    officer: OfficerOption = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Suspend an officer, who may do nothing from their next action on; what they did stays on record."""
    from stillgraph.casework import offices

    _tell_officer(offices.suspend(common.seat(case, officer, operation, reason), officer_id, lift=lift), as_json)


@officer_app.command("list", epilog="Example: stillgraph case officer list cases/autumn --reason 'who may judge'")
def officer_list(
    case: Case,
    officer: OfficerOption = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """List the officers of a case with their roles; without their names."""
    from stillgraph.casework import offices

    found = offices.list_officers(common.seat(case, officer, operation, reason))
    if as_json:
        common.print_json({"officers": [_officer(one) for one in found]})
    else:
        common.print_table(["officer", "role", ""], [(o.officer_id, o.role or "none", _stands(o)) for o in found])


def _tell_officer(one: Officer, as_json: bool) -> None:
    if as_json:
        common.print_json(_officer(one))
    else:
        stands = _stands(one)
        print(f"Officer {one.officer_id}: {one.role or 'no role'}" + (f", {stands}." if stands else "."))


def _officer(one: Officer) -> dict[str, Any]:
    by_name = one.role is not None and not one.founder
    return {
        "officer": one.officer_id, "role": one.role, "by_name": by_name, "sees_faces": one.sees_faces,
        "suspended": one.suspended, "simulated": one.simulated,
    }  # fmt: skip


def _stands(one: Officer) -> str:
    free = "may do everything until roles are enforced" if one.role is None or one.founder else ""
    said = [free, "sees faces" if one.sees_faces else "", "suspended" if one.suspended else ""]
    return ", ".join(part for part in said if part)


@operation_app.command(
    "open",
    epilog='Example: stillgraph case operation open cases/autumn OP-WREN --purpose "prolific shop theft" '
    "--legal-basis LE-STATUTORY --authorised-by insp2 --until 2027-03-31",
)
def operation_open(
    case: Case,
    operation_id: OperationId,
    purpose: Annotated[str | None, typer.Option("--purpose", help="What the operation is for.")] = None,
    legal_basis: Annotated[
        str | None, typer.Option("--legal-basis", metavar="CODE", help="What it rests on in law (`operation bases`).")
    ] = None,
    authorised_by: AuthorisedBy = None,
    begins: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="The first day it permits anything; today by default.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="The last day it permits anything.")
    ] = None,
    officer: OfficerOption = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Open an operation, under which actions are permitted."""
    from stillgraph.casework import operations

    desk = common.seat(case, officer, operation, reason)
    opened = operations.open_operation(
        desk, operation_id, purpose=purpose, until=common.day(until, "--until"), begins=common.day(begins, "--from"),
        legal_basis=legal_basis, authorised_by=authorised_by,
    )  # fmt: skip
    if as_json:
        common.print_json({"operation": opened, "from": begins, "until": until})
    else:
        print(
            f"Operation {opened} is open"
            + (f" from {begins}" if begins else "")
            + (f" until {until}." if until else ".")
        )


@operation_app.command(
    "extend", epilog="Example: stillgraph case operation extend cases/autumn OP-WREN --until 2027-06-30"
)
def operation_extend(
    case: Case,
    operation_id: OperationId,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="The last day it permits anything now.")],
    authorised_by: AuthorisedBy = None,
    officer: OfficerOption = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Let an operation permit until a later day; what it stated before stays on record."""
    from stillgraph.casework import operations

    desk, last = common.seat(case, officer, operation, reason), common.given_day(until, "--until")
    _tell_operation(operations.extend_operation(desk, operation_id, until=last, authorised_by=authorised_by), as_json)


@operation_app.command(
    "close", epilog="Example: stillgraph case operation close cases/autumn OP-WREN --reason 'all charged'"
)
def operation_close(
    case: Case,
    operation_id: OperationId,
    officer: OfficerOption = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Close an operation for a reason, for good: it permits nothing from now on."""
    from stillgraph.casework import operations

    _tell_operation(operations.close_operation(common.seat(case, officer, operation, reason), operation_id), as_json)


@operation_app.command("list", epilog="Example: stillgraph case operation list cases/autumn --reason 'what is open'")
def operation_list(
    case: Case,
    officer: OfficerOption = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """List the operations of a case, the newest first, and how each stands."""
    from stillgraph.casework import operations

    found = operations.list_operations(common.seat(case, officer, operation, reason))
    if as_json:
        common.print_json({"operations": [_operation(one) for one in found]})
    else:
        told = [_operation(one) for one in found]
        heads = ["operation", "state", "from", "until", "legal_basis", "authorised_by", "purpose"]
        common.print_table([head.replace("_", " ") for head in heads], [[one[head] for head in heads] for one in told])


@operation_app.command("show", epilog="Example: stillgraph case operation show cases/autumn OP-WREN --reason audit")
def operation_show(
    case: Case,
    operation_id: OperationId,
    officer: OfficerOption = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show one operation: purpose, basis in law, who authorised it, its days and how it stands."""
    from stillgraph.casework import operations

    _tell_operation(operations.show_operation(common.seat(case, officer, operation, reason), operation_id), as_json)


@operation_app.command("bases", epilog="Example: stillgraph case operation bases cases/autumn our-bases.csv")
def operation_bases(
    case: Case,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A table of legal bases in CSV, to take from now on.")
    ] = None,
    officer: OfficerOption = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show the legal bases that an operation may rest on, or replace them."""
    from stillgraph.casework import legal

    desk = common.seat(case, officer, operation, reason)
    found = legal.show(desk) if file is None else legal.replace(desk, file)
    if as_json:
        common.print_json({"bases": found})
    else:
        common.print_table(["code", "law", "condition"], [(one.code, one.law, one.condition) for one in found])


def _tell_operation(one: Operation, as_json: bool) -> None:
    said = _operation(one)
    if as_json:
        common.print_json(said)
    else:
        for name, value in said.items():
            print(f"  {name.replace('_', ' ')}: {common.plain(value) if value is not None else 'none'}")


def _operation(one: Operation) -> dict[str, Any]:
    from stillgraph.casework import operations

    return {
        "operation": one.operation_id, "state": operations.state(one, datetime.now(UTC).date()),
        "purpose": one.purpose, "legal_basis": one.legal_basis, "authorised_by": one.authorised_by,
        "opened_at": one.opened_at, "from": one.begins or one.opened_at.date(), "until": one.until,
        "closed_at": one.closed_at,
    }  # fmt: skip


@roles_app.command("table", epilog="Example: stillgraph case roles table --json")
def roles_table(as_json: AsJson = False) -> None:
    """Print the table of roles and actions, in Markdown, as docs/roles.md has it."""
    from stillgraph.casework import offices

    if as_json:
        common.print_json({"actions": offices.actions()})
    else:
        print(offices.table(), end="")


@roles_app.command("show", epilog="Example: stillgraph case roles show cases/autumn --reason 'who is bound'")
def roles_show(
    case: Case,
    officer: OfficerOption = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the case enforces roles."""
    from stillgraph.casework import offices

    enforced = offices.enforces_roles(common.seat(case, officer, operation, reason))
    if as_json:
        common.print_json({"enforced": enforced})
    elif enforced:
        print("Roles are enforced: every officer needs one.")
    else:
        print("Roles bind whom they were given to by name; everybody else may do everything.")


@roles_app.command("enforce", epilog="Example: stillgraph case roles enforce cases/autumn --reason 'the team grew'")
def roles_enforce(
    case: Case,
    officer: OfficerOption = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Enforce roles for the whole case, for good: from now on every officer needs one."""
    from stillgraph.casework import offices

    without = offices.enforce_roles(common.seat(case, officer, operation, reason))
    if as_json:
        common.print_json({"enforced": True, "without_role": without})
    else:
        print("Roles are enforced from now on; there is no way back.")
        if without:
            print(f"Without a role, so that they may do nothing: {', '.join(without)}.")


@sign_in_app.command("require", epilog="Example: stillgraph case sign-in require cases/autumn --reason 'two officers'")
def sign_in_require(
    case: Case,
    off: Annotated[bool, typer.Option("--off", help="Let officers be claimed again.")] = False,
    officer: OfficerOption = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Let nobody act who does not give a token of theirs (STILLGRAPH_TOKEN, STILLGRAPH_TOKEN_FILE, --token-file)."""
    from stillgraph.casework import offices

    offices.require_sign_in(common.seat(case, officer, operation, reason), on=not off)
    if as_json:
        common.print_json({"sign_in_required": not off})
    else:
        print("Officers act without a token again." if off else "Nobody acts without a token of theirs from now on.")
