"""Templates in, ranked candidates out.

:mod:`stillgraph.gallery.index` is the protocol every engine follows; :mod:`stillgraph.gallery.exact` is the
exact engine. Engines are imported by name, so that listing one does not load its library.
"""

from stillgraph.gallery.index import GalleryIndex

__all__ = ["GalleryIndex"]
