"""Setting a case up and checking its record: cases, officers, operations, the audit chain."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from stillgraph.casework import checking_record, harm, retention_rules
from stillgraph.casework.attempts import attempted
from stillgraph.casework.checking_record import RecordReport
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.operations import open_operation as open_operation  # noqa: PLC0414 - called as of governing too
from stillgraph.casework.shipped import shipped
from stillgraph.casework.wire import served
from stillgraph.errors import WrongUse
from stillgraph.governance import roles
from stillgraph.governance.permits import Action, Claim
from stillgraph.records import Officer, OfficerId, Role
from stillgraph.store import CaseFile, keys, office, receipts
from stillgraph.store.casefile import NO_SECRETS, SCHEMA_VERSION, case_id, migrate
from stillgraph.store.keyslots import Secret


def create_case(
    directory: Path,
    *,
    pack: str | None = None,
    kind: str = "case",
    encrypt: bool = True,
    secrets: Mapping[str, Secret] = NO_SECRETS,
) -> CaseFile:
    """Make a new, empty case bound to a face model pack (the shipped one by default).

    Parameters
    ----------
    directory : Path
        Where it goes.
    pack : str, optional
        The face model pack.
    kind : str
        Recorded in the case's settings; a demonstration is marked so.
    encrypt : bool
        Encrypt all that the case keeps of people.
    secrets : mapping
        What opens it, by name (:func:`stillgraph.casework.keying.secrets`); a key file in the state directory where
        nothing is given.

    Raises
    ------
    CaseExists
        There is something at that place already.
    WrongUse
        A passphrase is too short.
    ModelError
        The pack is missing or altered.
    """
    from stillgraph import __version__
    from stillgraph.faces import packs

    loaded = packs.load(pack if pack is not None else packs.DEFAULT_PACK)
    settings = {
        "pack": loaded.name,
        "model": loaded.model,
        "made_by": f"stillgraph {__version__}",
        "kind": kind,
    }
    case = CaseFile.create(directory, settings, encrypt=encrypt, secrets=secrets)
    founder = Desk(case, Claim(None, None, None))
    with founder.found(Action.CREATE_CASE, pack=loaded.name, model=loaded.model, encrypted=encrypt) as deed:
        harm.give_shipped(deed.session)
        retention_rules.give_shipped(deed.session, deed.at)
    return case


def kind_of(directory: Path) -> str:
    """Return what kind of case there is: ``case`` or ``demonstration``.

    Raises
    ------
    NotACase
        There is no case there.
    """
    return CaseFile.open(directory).settings().get("kind", "case")


def nothing_more(_deed: Deed) -> None:
    """Do nothing more."""


@attempted(Action.UPGRADE_CASE)
def upgrade_case(desk: Desk, *, also: Callable[[Deed], None] = nothing_more) -> tuple[int, int]:
    """Bring a case made by an earlier Stillgraph to this one's schema, all of it or nothing; return both versions.

    ``also`` is done in the same transaction, once the schema is this one's. A server keeps no case that needs it.

    Raises
    ------
    WrongUse
        The case is up to date.
    """
    since = desk.case.version()
    if since == SCHEMA_VERSION:
        raise WrongUse("The case is up to date: it needs no upgrade.")
    with desk.images.removing(), desk.act(Action.UPGRADE_CASE, since=since, to=SCHEMA_VERSION) as deed:
        migrate(deed.session, since=since)
        harm.give_shipped(deed.session)
        keys.given_to_plain(desk.case.directory, case_id(deed.session), deed.at)
        retention_rules.give_shipped(deed.session, deed.at)
        # What deliveries killed under an earlier version left is told by nothing but the absence of a row.
        desk.images.sweep(receipts.all_digests(deed.session))
        also(deed)
    return since, SCHEMA_VERSION


@served
def add_officer(
    desk: Desk, officer_id: str, *, role: Role | None = None, name: str = "", simulated: bool = False
) -> Officer:
    """Add an officer. The first one adds themselves, as administrator; after that an officer adds the next.

    Raises
    ------
    WrongUse
        The id is empty or taken, or there is no such role.
    NotPermitted
        There are officers already and the one acting is not among them, or gave no reason.
    """
    officer_id = officer_id.strip()
    role = None if role is None else roles.named(role)
    # Held throughout, so that of two who come at once only one is the first.
    with desk.case.session(writing=True) as session:
        first = office.officers_count(session) == 0
        founder = first and role is None
        role = Role.ADMINISTRATOR if founder else role
        details = {"added": officer_id, "role": role, "simulated": simulated}
        adding = Action.ADD_OFFICER
        with desk.found(adding, officer_id, **details) if first else desk.act(adding, **details) as deed:
            if not officer_id:
                raise WrongUse("An officer needs an id, e.g. `stillgraph case officer add CASE pc1234`.")
            if office.officer(deed.session, officer_id) is not None:
                raise WrongUse(f"There is an officer {officer_id} in this case already; choose another id.")
            new = Officer(OfficerId(officer_id), role, name, simulated, founder=founder)
            office.add_officer(deed.session, new, deed.at, added_by=deed.officer)
    return new


@served(of_case=True)
def verify_audit(
    directory: Path, *, anchor_file: Path | None = None, phrase: str | None = None, deep: bool = False
) -> RecordReport:
    """Check the record of a case against its anchors, or a copy of them kept elsewhere (:mod:`.checking_record`)."""
    return checking_record.verify(directory, anchor_file=anchor_file, phrase=phrase, deep=deep)


@served
def record_stage_times(desk: Desk, times: tuple[tuple[str, float], ...]) -> None:
    """Record how long each stage of building the case took, in seconds of wall-clock time."""
    with desk.act(Action.RECORD_TIMES, stages=len(times)) as deed:
        office.record_stage_times(deed.session, times)


def open_workbench(desk: Desk, which: str) -> dict[str, str]:
    """Permit and record that somebody opens the dashboards or the lab; return what seats its kernels."""
    return {"STILLGRAPH_CASE": desk.place, **opened_workbench(desk, which)}


@served
def opened_workbench(desk: Desk, which: str) -> dict[str, str]:
    """Permit and record that somebody opens the dashboards or the lab; return who does, for what and why."""
    with desk.act(Action.OPEN_LAB if which == "lab" else Action.OPEN_WORKBENCH, which=which) as deed:
        return {
            "STILLGRAPH_OFFICER": deed.officer,
            "STILLGRAPH_OPERATION": deed.operation,
            "STILLGRAPH_REASON": deed.reason,
        }


def notebooks_of(desk: Desk) -> Path:
    """Return the case's own notebooks, copied from those shipped where they are not there yet.

    Analysts' outputs hold case data, so they stay with the case and never in a checkout.
    """
    own = desk.case.directory / "notebooks"
    own.mkdir(exist_ok=True)
    for notebook in sorted(shipped("notebooks").glob("*.ipynb")):
        if not (own / notebook.name).exists():
            shutil.copyfile(notebook, own / notebook.name)
    return own
