"""Commands of review: what waits, one list at a time, one judgement, how reviews are dealt."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
        ["face", "candidates", "some of them, as you are to see them"],
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
        common.print_table(
            ["candidate", "custody image", "score"],
            [
                (*candidate, "" if score is None else f"{score:.3f}")
                for candidate, score in zip(item.candidates, _scores(item), strict=True)
            ],
        )


def _scores(item: ReviewItem) -> Sequence[float | None]:
    """Return the score of each candidate, ``None`` of all while the policy is blind."""
    return [None] * len(item.candidates) if item.scores is None else item.scores


def _plain(item: ReviewItem) -> dict[str, Any]:
    return {
        "face_id": item.face_id,
        "still": item.still,
        "search_id": item.search_id,
        "turn": item.turn,
        "candidates": [
            {"nominal_id": nominal, "custody_image": image, "score": score}
            for (nominal, image), score in zip(item.candidates, _scores(item), strict=True)
        ],
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
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
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


@review_app.command(
    "statement",
    epilog='Example: stillgraph review statement cases/autumn --face "R01/R01_0001.jpg#1" --out statement.pdf',
)
def review_statement(
    case: Case,
    face: Annotated[str, typer.Option("--face", metavar="ID", help="The face whose review is settled.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html|.pdf", help="Where the statement goes.")],
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Write who compared what, when, how and with what conclusion, once a review is settled."""
    from stillgraph.casework import statements
    from stillgraph.records import FaceId

    made = statements.write(common.seat(case, officer, operation, reason), FaceId(face), out)
    if as_json:
        common.print_json(
            {
                "face_id": made.face_id, "outcome": made.outcome, "nominal_id": made.nominal_id,
                "conclusions": len(made.conclusions), "simulated": made.simulated, "out": out,
            }
        )  # fmt: skip
    else:
        print(f"Wrote {out}: {made.face_id}, {made.outcome}, {common.count(len(made.conclusions), 'judgement')}.")


@review_app.command(
    "array", epilog="Example: stillgraph review array cases/autumn --nominal N402068 --size 9 --out array.pdf"
)
def review_array(
    case: Case,
    nominal: Annotated[str | None, typer.Option("--nominal", metavar="ID", help="The candidate.")] = None,
    face: Annotated[
        str | None, typer.Option("--face", metavar="ID", help="The face in question, whose candidate it is.")
    ] = None,
    size: Annotated[int, typer.Option("--size", help="How many people, the candidate among them.")] = 9,
    age_within: Annotated[int, typer.Option("--age-within", help="Years by which ages may differ.")] = 5,
    captured_within: Annotated[
        int, typer.Option("--captured-within", help="Years by which the photographs may be apart.")
    ] = 5,
    seed: Annotated[int | None, typer.Option("--seed", help="What fillers and their order are drawn from.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.html|.pdf", help="Where the page of pictures goes.")
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Make a photo array: one candidate among people of similar recorded description, in an order drawn by a seed."""
    from stillgraph.casework import arrays
    from stillgraph.records import FaceId, NominalId

    desk = common.seat(case, officer, operation, reason)
    made = arrays.photo_array(
        desk, None if nominal is None else NominalId(nominal), face_id=None if face is None else FaceId(face),
        size=size, age_within=age_within, captured_within=captured_within, seed=seed,
    )  # fmt: skip
    if out is not None:
        arrays.write(desk, made.array_id, out)
    if as_json:
        # Whoever shows the array need not know where the candidate stands, so neither form says it.
        common.print_json({"array_id": made.array_id, "positions": len(made.positions), "seed": made.seed, "out": out})
    else:
        print(f"Photo array {made.array_id}: {len(made.positions)} people, seed {made.seed}.")
        print("Record the answer: stillgraph review answer CASE --array N (--position N | --none) --words TEXT")


@review_app.command(
    "answer",
    epilog='Example: stillgraph review answer cases/autumn --array 1 --none --words "I do not see him here"',
)
def review_answer(
    case: Case,
    array: Annotated[int, typer.Option("--array", metavar="N", help="Which photo array.")],
    words: Annotated[str, typer.Option("--words", metavar="TEXT", help="What the witness said, in their words.")],
    position: Annotated[int | None, typer.Option("--position", metavar="N", help="The position chosen.")] = None,
    none: Annotated[bool, typer.Option("--none", help="The witness chose nobody.")] = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Record what a witness answered to a photo array; it settles nothing by itself."""
    from stillgraph.casework import arrays
    from stillgraph.errors import WrongUse

    if (position is None) != none:
        raise WrongUse("Give one answer: --position N, or --none.")
    answer = arrays.record_answer(common.seat(case, officer, operation, reason), array, position, words)
    if as_json:
        common.print_json({"array_id": array, "position": position, "is_candidate": answer.is_candidate})
    else:
        whose = "the candidate" if answer.is_candidate else "a filler" if position is not None else "nobody"
        print(f"Recorded. The witness chose {whose}.")
