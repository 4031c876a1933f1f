"""The command line: every command is one call to casework, printed for a person or as one JSON document.

Exit codes: 0 done; 2 wrong use or refused, with one plain sentence on stderr; 1 anything else.
"""

from stillgraph.cli.app import main

__all__ = ["main"]
