"""Templates in, ranked candidates out.

:mod:`stillgraph.gallery.index` is the protocol every engine follows; :mod:`stillgraph.gallery.exact` compares every
template, :mod:`stillgraph.gallery.compressed` codes of them first. Engines are imported by name, so that listing one
does not load its library.
"""

from stillgraph.gallery.index import GalleryIndex

__all__ = ["GalleryIndex"]
