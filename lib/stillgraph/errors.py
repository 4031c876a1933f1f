"""The errors Stillgraph raises on purpose.

::

    StillgraphError
    +-- Refused                 the rules do not allow it; the attempt is recorded where there is a case
    |   +-- NotPermitted        no officer, operation or reason, or one that does not cover the action
    |   +-- ReviewBlocked       this officer may not judge this review now
    |   +-- RulingBlocked       this officer may not rule so between these faces
    |   +-- QueryRefused        SQL that is not one read-only SELECT over the documented views
    |   +-- NoRule              a kind of record without a retention rule, which cannot be stored
    +-- WrongUse                the request itself cannot be carried out as asked
    |   +-- NotFound            a still, face, person, officer or file that is not there
    |   +-- ManifestError       a manifest that cannot be read as a whole (single rows are refused, not raised)
    |   +-- UnknownOffenceCode  a code that the harm table does not hold
    +-- CaseError               the case itself
    |   +-- CaseExists          there is something at that place already
    |   +-- NotACase            no case file there, or one made by a newer Stillgraph
    |   +-- OutdatedCase        one made by an earlier Stillgraph, to be upgraded
    |   +-- CaseInUse           another process holds the case file
    |   +-- MissingKey          no key was given that could open it
    |   +-- WrongKey            the key that was given does not open it
    |   +-- KeysDamaged         its keys.json is missing, or not as it was written
    |   +-- DiskFull            there is no room left for what was to be written; nothing of it was kept
    |   +-- ReadOnly            the case, or the disk it lies on, cannot be written to
    |   +-- BackupDamaged       a backup that is cut short, altered, or none
    |   +-- ServerGone          the server that keeps the case cannot be reached, or broke off
    +-- GalleryDamaged          the gallery's index on disk is not whole; it is made anew from the case file
    +-- ModelError              a face model pack that is missing, altered, or of another model than the case
    +-- WorkerLost              a process or machine that analysed images is gone
    +-- Interrupted             stopped by whoever started it; what was kept is said
    +-- AuditBroken             the audit chain does not hold

Every message gives the rule and the way out, in one or two sentences an officer can act on. No message carries a
name, a date of birth or other personal data: identifiers only.
"""


class StillgraphError(Exception):
    """Base of every error raised on purpose.

    ``str(error)`` is written for an officer and is safe to show and to log. ``recorded`` says whether the audit record
    of a case tells of it already.
    """

    recorded = False


class Refused(StillgraphError):
    """The rules do not allow it."""


class NotPermitted(Refused):
    """No officer, operation or reason was given, or they do not cover the action."""


class ReviewBlocked(Refused):
    """The officer may not judge this review now."""


class RulingBlocked(Refused):
    """The officer may not rule so between these faces, or not take this ruling back."""


class QueryRefused(Refused):
    """The SQL is not one read-only SELECT over the documented views."""


class NoRule(Refused):
    """A kind of record has no retention rule, so none can be stored."""


class WrongUse(StillgraphError):
    """The request cannot be carried out as asked."""


class NotFound(WrongUse):
    """Something named in the request is not there."""


class ManifestError(WrongUse):
    """A manifest cannot be read as a whole; nothing of it was taken in."""


class UnknownOffenceCode(WrongUse):
    """An offence code is not in the harm table."""


class CaseError(StillgraphError):
    """The case cannot be used."""


class CaseExists(CaseError):
    """There is something at the place of the new case."""


class NotACase(CaseError):
    """There is no case file there that this version can open."""


class OutdatedCase(CaseError):
    """The case file was made by an earlier version and has yet to be upgraded."""


class CaseInUse(CaseError):
    """Another process holds the case file."""


class MissingKey(CaseError):
    """The case needs a key, and none was given."""


class WrongKey(CaseError):
    """The key that was given does not open the case."""


class KeysDamaged(CaseError):
    """The file that holds a case's wrapped keys is missing, or is not as it was written."""


class DiskFull(CaseError):
    """There is no room left on a disk; nothing of what was to be written was kept."""


class ReadOnly(CaseError):
    """The case, or the disk it lies on, cannot be written to, and every look at a case is recorded in it."""


class BackupDamaged(CaseError):
    """A backup is cut short, altered, or no backup."""


class ServerGone(CaseError):
    """The server that keeps the case cannot be reached, or broke off before it had answered."""


class GalleryDamaged(StillgraphError):
    """The gallery's index on disk is not whole."""


class ModelError(StillgraphError):
    """A face model pack is missing, altered, or not the one the case is bound to."""


class WorkerLost(StillgraphError):
    """A process or machine that analysed images is gone."""


class Interrupted(StillgraphError):
    """Stopped by whoever started it; the message says what was kept, or that nothing was left half done."""


class AuditBroken(StillgraphError):
    """The audit chain does not hold."""
