"""Typed identifiers, and the vector type of templates."""

from __future__ import annotations

from typing import NewType

import numpy as np
from numpy.typing import NDArray

OfficerId = NewType("OfficerId", str)
OperationId = NewType("OperationId", str)
RetailerId = NewType("RetailerId", str)
StoreId = NewType("StoreId", str)
StillId = NewType("StillId", str)
OffenceId = NewType("OffenceId", str)
NominalId = NewType("NominalId", str)
CustodyImageId = NewType("CustodyImageId", str)
FaceId = NewType("FaceId", str)
PersonId = NewType("PersonId", str)
SearchId = NewType("SearchId", int)
EnhancementId = NewType("EnhancementId", str)
ModelId = NewType("ModelId", str)
"""``<pack name>@<12 hex digits>.r<recipe>``: :func:`stillgraph.faces.packs.model_id` says of what the digits are."""

Vector = NDArray[np.float32]
