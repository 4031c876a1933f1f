"""Is this an image we can work with? Decoded before it is accepted, and handed on only as it was accepted."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from stillgraph.decoding import DEFAULT_LIMITS, ImageLimits, ImageProblem, decode
from stillgraph.errors import ManifestError, WrongUse

FOLDERS = ("images", "stills")
"""Where a manifest's images lie, beside it."""

Id = TypeVar("Id", bound=str)


def read_image(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> tuple[int, int]:
    """Decode an image once, exactly as its faces will be looked for, and return its size.

    Parameters
    ----------
    data
        The file's bytes.
    limits
        The largest image allowed, checked from the header before anything is decoded.

    Returns
    -------
    tuple of int
        Width and height in pixels, as seen: with the orientation its EXIF data state.

    Raises
    ------
    ImageProblem
        If it is empty, too large, not an image, truncated, damaged, or several pictures.
    """
    return decode(data, limits).size


def check_image(path_name: str, data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> tuple[int, int]:
    """Check an image that did not come with a manifest.

    Parameters
    ----------
    path_name
        Its file name, for the message.
    data
        The file's bytes.
    limits
        The largest image allowed.

    Returns
    -------
    tuple of int
        Width and height in pixels, as seen.

    Raises
    ------
    WrongUse
        If it cannot be taken in, with its name and the reason.
    """
    try:
        return read_image(data, limits)
    except ImageProblem as problem:
        raise WrongUse(f"{path_name}: {problem}.") from problem


@dataclass(frozen=True, slots=True)
class Seen:
    """An image looked at: where it lies, the SHA-256 of its bytes, and its size as seen."""

    path: Path
    sha256: str
    width_px: int
    height_px: int


class ImageFiles(Mapping[Id, bytes]):
    """Accepted images by id, each read from its file when asked for, and only as it was when accepted."""

    def __init__(self, files: Mapping[Id, Seen]) -> None:
        self._files = dict(files)

    def __getitem__(self, image_id: Id) -> bytes:
        """Return an image's bytes; :class:`ManifestError` if the file has changed since."""
        seen = self._files[image_id]
        try:
            data = seen.path.read_bytes()
        except OSError as error:
            raise ManifestError(f"{image_id} can no longer be read: put the file back and begin again.") from error
        if sha256(data).hexdigest() != seen.sha256:
            raise ManifestError(f"{image_id} changed while it was taken in: begin again with the folder at rest.")
        return data

    def __iter__(self) -> Iterator[Id]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        return f"ImageFiles({len(self)} images)"


class ImageDesk:
    """Looks at the images beside one manifest and remembers which were accepted."""

    def __init__(
        self, manifest: Path, limits: ImageLimits, known_digests: Mapping[str, str], known_ids: Container[str]
    ) -> None:
        self._folder = manifest.parent
        self._limits = limits
        self._known_digests = known_digests
        self._known_ids = known_ids
        self._digests: dict[str, str] = {}
        self._accepted: dict[str, Seen] = {}

    def look(self, image_id: str, name: str) -> tuple[Seen | None, list[str]]:
        """Return what was seen of an image, if it can be read, and everything wrong with it."""
        problems = []
        if image_id in self._known_ids or image_id in self._accepted:
            problems.append("image name already received: give a new image a new name")
        try:
            seen = self._read(name)
        except ImageProblem as problem:
            return None, [*problems, str(problem)]
        twin = self._digests.get(seen.sha256) or self._known_digests.get(seen.sha256)
        if twin is not None:
            problems.append(f"duplicate: byte for byte the same image as {twin}")
        return seen, problems

    def accept(self, image_id: str, seen: Seen) -> None:
        """Remember an accepted image, so that a later row cannot bring it again."""
        self._digests[seen.sha256] = image_id
        self._accepted[image_id] = seen

    def _read(self, name: str) -> Seen:
        """Read one image by its plain file name."""
        path, data = open_image(self._folder, name, self._limits)
        width, height = read_image(data, self._limits)
        return Seen(path, sha256(data).hexdigest(), width, height)


class LookedAtDesk(ImageDesk):
    """An image desk for images that were looked at elsewhere: what came of each, by its file name."""

    def __init__(
        self, looked: Mapping[str, Seen | ImageProblem], known_digests: Mapping[str, str], known_ids: Container[str]
    ) -> None:
        super().__init__(Path(), DEFAULT_LIMITS, known_digests, known_ids)
        self._looked = looked

    def _read(self, name: str) -> Seen:
        seen = self._looked[name]
        if isinstance(seen, ImageProblem):
            raise seen
        return seen


def open_image(folder: Path, name: str, limits: ImageLimits = DEFAULT_LIMITS) -> tuple[Path, bytes]:
    """Return where an image lies beside a manifest, and its bytes.

    Parameters
    ----------
    folder
        The manifest's folder.
    name
        A plain file name.
    limits
        Of a larger file only the first bytes are returned, one more than allowed.

    Raises
    ------
    ImageProblem
        It is not there, leads out of the folder, or cannot be read.
    """
    path = _place(folder, name)
    try:
        with path.open("rb") as file:
            return path, file.read(limits.max_bytes + 1)
    except OSError as error:
        raise ImageProblem(f"file that cannot be read ({error.strerror}): check its permissions") from error


def _place(delivery: Path, name: str) -> Path:
    """Find an image's file inside the delivery's folder."""
    for folder in FOLDERS:
        path = delivery / folder / name
        try:
            real = path.resolve(strict=True)
            inside = real.is_relative_to(delivery.resolve())
            regular = real.is_file()
        except (OSError, RuntimeError):  # no such file, a name too long, or links in a circle
            continue
        if not inside:
            raise ImageProblem("path leaving the folder: put the image itself beside the manifest")
        if not regular:
            raise ImageProblem("not a file: put the image itself beside the manifest")
        return real
    raise ImageProblem(f"missing file: it is not in {' or '.join(FOLDERS)} beside the manifest")
