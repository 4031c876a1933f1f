"""The head of the record as a short phrase, to be printed, or read over the telephone and checked later.

Eight words of a list of 256 say 64 bits of the SHA-256 of the newest entry's digest and keyed digest, which stand for
all before it. No two words of the list begin with the same four letters. Whoever has no key cannot even begin to look
for another record with the same phrase; whoever has it must try some 2^64 of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from stillgraph.errors import WrongUse
from stillgraph.records import AuditEntry

WORDS = 8
BITS = 64
LIST = 256
"""How many words a list has: each says 8 bits."""
LETTERS = 4
"""So many letters tell the words of the list apart."""


def phrase_of(entry: AuditEntry, words: Sequence[str]) -> str:
    """Return the phrase that stands for the record up to an entry."""
    told = hashlib.sha256(f"stillgraph phrase {entry.sequence} {entry.digest} {entry.keyed}".encode()).digest()
    return " ".join(words[byte] for byte in told[:WORDS])


def read(said: str, words: Sequence[str]) -> str:
    """Return a phrase as :func:`phrase_of` writes it; the first four letters of each word suffice.

    Raises
    ------
    WrongUse
        It has not eight words, or one is not of the list.
    """
    known = {word[:LETTERS]: word for word in words}
    found = [known.get(word[:LETTERS]) for word in said.lower().replace("-", " ").split()]
    told = [word for word in found if word is not None]
    if len(told) != WORDS or len(found) != WORDS:
        raise WrongUse(f"A phrase has {WORDS} words of Stillgraph's list, as `stillgraph audit phrase CASE` prints it.")
    return " ".join(told)
