"""Commands of review: what waits, one list at a time, one judgement, how reviews are dealt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

if TYPE_CHECKING:
    from stillgraph.records import ChecklistEntry, Rate, ReviewerAccuracy, ReviewItem, Strength

review_app = typer.Typer(help="Review of candidate lists by two officers.")


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(review_app, name="review")


@review_app.command("queue", epilog="Example: stillgraph review queue cases/autumn --officer pc1234")
def review_queue(
    case: Case,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show the candidate lists that wait for you: no score, and nobody else's verdict."""
    from stillgraph.casework import reviewing

    items = reviewing.queue(common.seat(case, officer, operation, reason))
    if as_json:
        common.print_json({"waiting": len(items), "reviews": [_plain(item) for item in items]})
        return
    print(f"{common.count(len(items), 'candidate list')} {'waits' if len(items) == 1 else 'wait'} for your judgement.")
    common.print_table(
        ["face", "candidates", "in no order that tells who came first"],
        [
            (item.face_id, len(item.candidates), ", ".join(nominal for nominal, _ in item.candidates[:5]))
            for item in items
        ],
    )


@review_app.command("deal", epilog="Example: stillgraph review deal cases/autumn --officer pc1234")
def review_deal(
    case: Case,
    give_back: Annotated[
        str | None, typer.Option("--give-back", metavar="FACE", help="Give back this list instead, unjudged.")
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Deal you the next candidate list, kept for you for a while; until you judge it or give it back, the same one."""
    from stillgraph.casework import reviewing
    from stillgraph.records import FaceId

    desk = common.seat(case, officer, operation, reason)
    if give_back is not None:
        reviewing.give_back(desk, FaceId(give_back))
        if as_json:
            common.print_json({"dealt": None, "given_back": give_back})
        else:
            print(f"Given back: {give_back}.")
        return
    item = reviewing.deal(desk)
    if as_json:
        dealt = None if item is None else {**_plain(item), "reserved_until": item.reserved_until}
        common.print_json({"dealt": dealt, "given_back": None})
    elif item is None:
        print("Nothing waits for your judgement.")
    else:
        print(f"{item.face_id}, kept for you until {item.reserved_until:%H:%M} UTC. Still: {item.still}.")
        common.print_table(["candidate", "custody image"], item.candidates)


def _plain(item: ReviewItem) -> dict[str, Any]:
    return {
        "face_id": item.face_id,
        "still": item.still,
        "search_id": item.search_id,
        "turn": item.turn,
        "candidates": [{"nominal_id": nominal, "custody_image": image} for nominal, image in item.candidates],
    }


@review_app.command(
    "judge",
    epilog='Example: stillgraph review judge cases/autumn --face "R01/R01_0001.jpg#1" --nominal N402068 '
    '--strength moderate --still-assessment "three-quarter view, in focus" --custody-assessment "frontal, well lit" '
    '--reason "ear lobe and scar on the brow agree"',
)
def review_judge(
    case: Case,
    face: Annotated[str, typer.Option("--face", metavar="ID", help="The face under review.")],
    nominal: Annotated[str | None, typer.Option("--nominal", metavar="ID", help="The candidate you support.")] = None,
    none: Annotated[bool, typer.Option("--none", help="No candidate is this person.")] = False,
    inconclusive: Annotated[bool, typer.Option("--inconclusive", help="The images do not let you say.")] = False,
    still_assessment: Annotated[
        str, typer.Option("--still-assessment", metavar="TEXT", help="What the still lets you see.")
    ] = "",
    custody_assessment: Annotated[
        str, typer.Option("--custody-assessment", metavar="TEXT", help="What the custody images let you see.")
    ] = "",
    strength: Annotated[
        str | None, typer.Option("--strength", metavar="limited|moderate|strong", help="Of your support.")
    ] = None,
    checklist: Annotated[
        Path | None, typer.Option("--checklist", metavar="FILE", help="JSON: what you compared (docs/review.md).")
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Record your judgement of one candidate list; a lead is corroborated when two officers agree, the second blind."""
    from stillgraph.casework import reviewing
    from stillgraph.errors import WrongUse
    from stillgraph.records import Comparison, FaceId, NominalId, Verdict

    if sum((nominal is not None, none, inconclusive)) != 1:
        raise WrongUse("Give one judgement: --nominal ID, or --none, or --inconclusive.")
    verdict = Verdict.SUPPORTS if nominal is not None else Verdict.NO_CANDIDATE if none else Verdict.INCONCLUSIVE
    comparison = Comparison(still_assessment, custody_assessment, _checklist(checklist), _strength(strength))
    desk = common.seat(case, officer, operation, reason)
    ruling = reviewing.judge(
        desk, FaceId(face), verdict, nominal_id=None if nominal is None else NominalId(nominal), comparison=comparison
    )
    if as_json:
        common.print_json(
            {"face_id": face, "verdict": verdict, "outcome": ruling.outcome, "nominal_id": ruling.nominal_id}
        )
    else:
        print(f"Recorded. {face}: {ruling.outcome}" + (f" ({ruling.nominal_id})." if ruling.nominal_id else "."))


@review_app.command("policy", epilog="Example: stillgraph review policy cases/autumn --trial-share 0.09 --shuffled")
def review_policy(
    case: Case,
    blind: Annotated[bool | None, typer.Option("--blind/--scores", help="Show no score before the verdict.")] = None,
    shuffled: Annotated[
        bool | None, typer.Option("--shuffled/--ranked", help="Each officer's lists in an order of their own.")
    ] = None,
    trial_share: Annotated[
        float | None, typer.Option("--trial-share", help="Share of lists that are trials, the right person absent.")
    ] = None,
    present_share: Annotated[
        float | None, typer.Option("--present-share", help="Share that are trials, the right person present.")
    ] = None,
    reserved_minutes: Annotated[
        int | None, typer.Option("--reserved-minutes", help="How long a dealt list is kept for one officer.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="What orders and trials are drawn from.")] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show how reviews are dealt in this case; with an option, change it from now on."""
    from stillgraph.casework import reviewing

    desk = common.seat(case, officer, operation, reason)
    given = (blind, shuffled, trial_share, present_share, reserved_minutes, seed)
    if all(value is None for value in given):
        policy = reviewing.policy(desk)
    else:
        policy = reviewing.set_policy(
            desk, blind=blind, shuffled=shuffled, trial_share=trial_share, present_share=present_share,
            reserved_minutes=reserved_minutes, seed=seed,
        )  # fmt: skip
    if as_json:
        common.print_json(policy)
    else:
        common.print_table(["rule", "value"], [(k.replace("_", " "), v) for k, v in common.plain(policy).items()])


def _strength(word: str | None) -> Strength | None:
    from stillgraph.errors import WrongUse
    from stillgraph.records import Strength

    if word is None:
        return None
    try:
        return Strength(f"{word.strip().removesuffix(' support')} support")
    except ValueError:
        raise WrongUse(f"--strength takes limited, moderate or strong, not {word!r}.") from None


def _checklist(path: Path | None) -> tuple[ChecklistEntry, ...]:
    """Read a checklist: a JSON list of objects with component, characteristic, observation and, if any, note."""
    from stillgraph.errors import NotFound, WrongUse
    from stillgraph.records import ChecklistEntry, Observation

    if path is None:
        return ()
    if not path.is_file():
        raise NotFound(f"There is no file {path.name}; --checklist takes a JSON file (docs/review.md).")
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))
        return tuple(
            ChecklistEntry(
                str(line["component"]),
                str(line["characteristic"]),
                Observation(line["observation"]),
                str(line.get("note", "")),
            )
            for line in lines
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WrongUse(
            f"{path.name} is no checklist: a JSON list of objects with component, characteristic and observation "
            "(“observed in both”, “differs” or “not visible”), and a note where there is one (docs/review.md)."
        ) from error


@review_app.command("accuracy", epilog="Example: stillgraph review accuracy cases/autumn --officer pc1234")
def review_accuracy(
    case: Case,
    of: Annotated[str | None, typer.Option("--of", metavar="ID", help="Of another officer; for supervisors.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Of everybody who has judged; for supervisors.")] = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show how you did in trials, with intervals, corrected for chance, and how long you take over a list."""
    from stillgraph.casework import reviewing
    from stillgraph.errors import WrongUse
    from stillgraph.records import OfficerId

    if everybody and of is not None:
        raise WrongUse("Ask for one officer, --of ID, or for everybody, --all.")
    desk = common.seat(case, officer, operation, reason)
    if everybody:
        found = reviewing.accuracies(desk)
    else:
        found = (reviewing.accuracy(desk, None if of is None else OfficerId(of)),)
    if as_json:
        common.print_json({"reviewers": found})
        return
    for one in found:
        print(f"{one.officer}")
        for name, rate in (
            ("right person absent: supported nobody", one.absent),
            ("right person present: supported them", one.present),
            ("all trials: supported somebody else", one.wrong_person),
        ):
            print(f"  {name}: {_percent(rate)}")
        print(f"  corrected for chance (0 is guessing, 1 never errs): {_corrected(one)}")
        print(f"  time for a list: {_seconds(one)}")


def _percent(rate: Rate) -> str:
    if rate.value is None or rate.low is None or rate.high is None:
        return "no trials yet"
    return (
        f"{rate.successes} of {rate.trials}, {100 * rate.value:.0f} % "
        f"(95 %: {100 * rate.low:.0f} to {100 * rate.high:.0f})"
    )


def _corrected(one: ReviewerAccuracy) -> str:
    if one.chance_corrected is None:
        return str(one.insufficient)
    return f"{one.chance_corrected:.2f} (95 %: {one.chance_corrected_low:.2f} to {one.chance_corrected_high:.2f})"


def _seconds(one: ReviewerAccuracy) -> str:
    if one.seconds_median is None:
        return "no dealt list judged yet"
    spread = one.seconds_quartiles
    between = "" if spread is None else f", half of them between {spread[0]:.0f} and {spread[1]:.0f} s"
    return f"median {one.seconds_median:.0f} s over {common.count(one.decisions, 'decision')}{between}"
