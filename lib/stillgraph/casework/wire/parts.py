"""What a call says beside its values: who asks, which files come with it, and which are to come back."""

from __future__ import annotations

from dataclasses import dataclass, field

from stillgraph.errors import WrongUse
from stillgraph.governance.permits import MOST_ID, MOST_REASON, recordable


@dataclass(frozen=True, slots=True)
class Call:
    """What a client asks for: a function by its name, with its arguments, and whom it says it acts for."""

    function: str
    arguments: dict[str, object] = field(repr=False)
    officer: str | None = None
    operation: str | None = None
    reason: str | None = None

    def check(self) -> None:
        """Return if who asks, for what and why are texts of a length that a record can hold.

        Raises
        ------
        WrongUse
            One is not.
        """
        most = {"function": MOST_ID, "officer": MOST_ID, "operation": MOST_ID, "reason": MOST_REASON}
        for what, length in most.items():
            said = getattr(self, what)
            if said is None and what != "function":
                continue
            if not recordable(said, length):
                raise WrongUse(
                    f"The {what} of an action is a text of at most {length:,} characters: give a shorter one."
                )


@dataclass(frozen=True, slots=True)
class Sent:
    """Stands for a file or folder that comes with the call, under ``key``; ``name`` is what it is called."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Stands for a file or folder that the work writes and that comes back under ``key``, to be put at ``place``."""

    key: str
    name: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """Stands for a file that the work writes and that stays with the server; ``name`` is what it is called there."""

    name: str


@dataclass(frozen=True, slots=True)
class Told:
    """Stands for whoever is told how far the work is."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A file that follows: under which key, its place in that, and whether it is a folder."""

    key: str
    place: str
    folder: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it travels: its class among ours, and its sentence."""

    kind: str
    sentence: str
