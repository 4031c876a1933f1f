"""The case file: sessions, migrations, and every SQL statement of Stillgraph. The only user of DuckDB.

``casefile`` opens and locks; the other modules hold one topic each and take a :class:`~.casefile.Session`. Everybody
outside reads through the documented views (``sql/views.sql``, ``docs/views.md``).
"""

from stillgraph.store.casefile import CASE_FILE_NAME, CaseFile, Session

__all__ = ["CASE_FILE_NAME", "CaseFile", "Session"]
