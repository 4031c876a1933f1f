"""Does what a client asks for: one function by its name, as the officer who signed in, in a thread of its own."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stillgraph.casework import progress as progress_
from stillgraph.casework.faults import reference
from stillgraph.casework.hosting import Host
from stillgraph.casework.progress import Step
from stillgraph.casework.shipped import shipped
from stillgraph.casework.wire import SERVED, Served, codec, frames
from stillgraph.casework.wire.parts import Call, Failure, Kept, Sent, Told, Wanted
from stillgraph.errors import Interrupted, StillgraphError, WrongUse
from stillgraph.records import SignIn
from stillgraph.team import arguments
from stillgraph.team.parcels import Parcel

SERVERS_OWN = {
    "dask": "Where images are analysed is for whoever runs the server to say; leave --dask out.",
    "deep": "A server reads no image's bytes for a check; end it, and give --deep on its machine, where the case is.",
}
"""Arguments by which a client would use the server's machine, or reach another by it, with what is said of each."""


@dataclass(slots=True, eq=False)
class Work:
    """One call while it is done; ``tell`` takes the pieces that go back and may be called from any thread."""

    host: Host
    signed_in: SignIn
    call: Call
    parcel: Parcel
    tell: Callable[[bytes], None] = lambda _piece: None
    stop: threading.Event = field(default_factory=threading.Event)
    ending: threading.Event = field(default_factory=threading.Event)
    _told_places: dict[str, Path] = field(default_factory=dict)
    """Where what the client named lies here, by the name of its argument."""

    def run(self) -> None:
        """Do it, and tell how it ended; nothing is raised."""
        try:
            result = frames.frame(frames.RESULT, codec.dumps(self._done(), self._aliases()))
        except BaseException as error:  # noqa: BLE001 - whatever it is, a client gets a sentence
            result = frames.frame(frames.ERROR, codec.dumps(_failure(error, self._told_places)))
        self.tell(result)

    def lost(self, error: BaseException) -> None:
        """Tell that there is no answer, so that nobody waits for one."""
        self.tell(frames.frame(frames.ERROR, codec.dumps(_failure(RuntimeError(type(error).__name__), {}))))

    def _done(self) -> object:
        self.call.check()
        one = SERVED.get(self.call.function)
        if one is None:
            raise WrongUse("This server does no such thing.")
        if self.call.officer not in {None, "", self.signed_in.officer_id}:
            raise self.host.refuse_claim(self.signed_in, str(self.call.officer), one.name)
        given = self._arguments(one)
        if one.of_case:
            self.host.check(self.signed_in)
            return one.function(self.host.case.directory, **given)
        desk = self.host.desk(self.signed_in, self.call.operation, self.call.reason)
        desk.written_as = {self.parcel.wanted(one): one.place or one.name for one in self.written()}
        return one.function(desk, **given)

    def _arguments(self, one: Served) -> dict[str, object]:
        """Return the arguments a function is called with: its own alone, and files where they lie here."""
        given = self.call.arguments
        if not set(given) <= set(one.signature.parameters) - {one.first}:
            raise WrongUse(arguments.ODD)
        for name, why in SERVERS_OWN.items():
            if given.get(name) is not None and given[name] is not False:
                raise WrongUse(why)
        taken = {name: arguments.checked(one, name, value) for name, value in given.items()}
        made = {name: self._argument(name, value) for name, value in taken.items()}
        try:
            one.signature.bind(None, **made)
        except TypeError:
            raise WrongUse(arguments.ODD) from None
        if isinstance(workers := made.get("workers"), int):
            made["workers"] = max(1, min(workers, os.cpu_count() or 1))
        if "show_progress" in made:
            made["show_progress"] = False
        return made

    def _argument(self, name: str, value: object) -> object:
        if isinstance(value, Sent | Wanted):
            place = self.parcel.sent(value) if isinstance(value, Sent) else self.parcel.wanted(value)
            self._told_places[name] = place
            return place
        if isinstance(value, Kept):
            return self.host.keeping_place(value.name)
        return self._progress if isinstance(value, Told) else value

    def _progress(self, step: Step) -> None:
        if self.ending.is_set():
            raise Interrupted("The server is ending; begin again when it is back.")
        if self.stop.is_set():
            raise progress_.cancelled()
        self.tell(frames.frame(frames.STEP, codec.dumps(step)))

    def _aliases(self) -> list[tuple[Path, str]]:
        wanted = [value for value in self.call.arguments.values() if isinstance(value, Wanted)]
        return [*((self.parcel.wanted(value), f"out:{value.key}") for value in wanted), (shipped("data"), "shipped")]

    def written(self) -> list[Wanted]:
        """Return what was to be written and goes back."""
        return [value for value in self.call.arguments.values() if isinstance(value, Wanted)]


def _failure(error: BaseException, places: Mapping[str, Path]) -> Failure:
    """Return an error as it travels: files by the names of their arguments, and of what nobody foresaw a reference."""
    if not isinstance(error, StillgraphError):
        frames_ = " < ".join(
            f"{f.name} {f.filename}:{f.lineno}" for f in reversed(traceback.extract_tb(error.__traceback__))
        )
        return Failure("StillgraphError", reference(f"{type(error).__name__} in {frames_}"))
    sentence = str(error)
    for name, path in places.items():
        sentence = sentence.replace(str(path), f"<<{name}>>")
    return Failure(type(error).__name__, sentence)
