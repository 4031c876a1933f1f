"""Stillgraph: investigative analytics for retail crime, from CCTV stills to reviewed leads.

The public face is :mod:`stillgraph.casework` (what an officer can do), :mod:`stillgraph.records` (the
vocabulary) and :mod:`stillgraph.errors`. Nothing heavy is imported here, so that the command line answers at once.
"""

__version__ = "0.1.0"
