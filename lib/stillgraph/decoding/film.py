"""Reads films with FFmpeg, frame by frame, in bounded memory. FFmpeg is C: only :mod:`apart` may call this.

What FFmpeg may open is a list, not whatever it knows: no playlist, no list of other files, no protocol, no network.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO, NoReturn

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from stillgraph.decoding.headers import check_size
from stillgraph.decoding.picking import THUMBNAIL, Picker
from stillgraph.decoding.series import Begin, End, Event, FilmProblem, Pick, Picture, SeriesLimits, Tick

CONTAINERS = (
    "mov", "mp4", "avi", "matroska", "webm", "mpegts", "mpeg", "asf", "dhav", "ifv", "mpegvideo", "m4v", "h264", "hevc",
)  # fmt: skip
"""FFmpeg's names of the containers read: files of cameras, phones and recorders, none that names other files."""

CODECS = (
    "h264", "hevc", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "h263", "msmpeg4v1", "msmpeg4v2", "msmpeg4", "wmv1",
    "wmv2", "wmv3", "vc1", "vp8", "vp9", "libdav1d", "dvvideo", "prores", "ffv1", "rawvideo", "cinepak", "svq3",
)  # fmt: skip
"""FFmpeg's names of the decoders used: what cameras, phones and recorders have written in the last decades."""

KNOWN_AS = "MP4, MOV, AVI, MKV, WebM, MPEG (TS, PS), WMV, DAV, or bare H.264, HEVC or MPEG"

TICK_S = 0.5
"""How often a sign of life is given while nothing is wanted."""

LONGEST_FILM_S = 366 * 24 * 3600.0
"""What states that it lasts longer states nothing."""

MARGIN_PIXELS = 4_000_000
"""Room for the margins of FFmpeg's buffers, which its own limit counts; a picture's own size is checked besides."""


def read(file: BinaryIO, pick: Pick, limits: SeriesLimits) -> Iterator[Event]:
    """Yield what is wanted of a film's frames, of all its streams, in the order of decoding.

    A packet that cannot be decoded is passed over and counted; where the file breaks off, what came before is kept.

    Parameters
    ----------
    file
        The film, open for reading bytes; it is never read whole.
    pick
        Which frames are wanted; numbers count every frame, wanted or not.
    limits
        The most that is read.

    Raises
    ------
    ImageProblem
        It is no film, or of another kind than is read here, or too large, or no frame of it can be decoded.
    """
    with _opened(file, limits) as container:
        streams = _streams(container, limits)
        yield Begin(container.format.long_name, "frame", len(streams), _stated_s(container))
        reels = {stream.index: _Reel(n, stream, pick, limits) for n, stream in enumerate(streams, start=1)}
        notes: list[str] = []
        decoded, told = 0, time.monotonic()
        for packet in _packets(container, streams, notes):
            for picture in reels[packet.stream.index].frames(packet):
                decoded += 1
                if picture is not None:
                    yield picture
                if decoded >= limits.max_frames:
                    more = f"Only its first {decoded:,} frames were read, the most that are read of one file; cut it."
                    yield End(decoded, (*notes, more))
                    return
            if time.monotonic() - told > TICK_S:
                told = time.monotonic()
                yield Tick(decoded, reels[packet.stream.index].seconds)
        if decoded == 0:
            raise FilmProblem("film that cannot be decoded: not one frame of it (ask for another copy)")
        yield End(decoded, (*notes, *_shortcomings(list(reels.values()), _stated_s(container))))


def _refuse_other_files(*_: Any, **__: Any) -> NoReturn:
    """Stand in for opening whatever a film refers to."""
    raise PermissionError("a film may not open other files")


def _opened(file: BinaryIO, limits: SeriesLimits) -> InputContainer:
    try:
        return av.open(
            _Nameless(file), "r", io_open=_refuse_other_files, metadata_errors="replace",
            container_options={
                "format_whitelist": ",".join(CONTAINERS),
                "codec_whitelist": ",".join(CODECS),
                "protocol_whitelist": "none",
            },
            options={"max_pixels": str(limits.image.max_pixels + MARGIN_PIXELS)},
        )  # fmt: skip
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise FilmProblem(
            f"not a film that can be read, or cut off at its beginning or end: only {KNOWN_AS} are"
        ) from error


class _Nameless:
    """A file without its name, so that FFmpeg judges by the bytes alone."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def _streams(container: InputContainer, limits: SeriesLimits) -> list[VideoStream]:
    """Return the streams of pictures, ready to be decoded; those with a cover or preview only are left out."""
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise FilmProblem("film without pictures: it holds no video (ask for the recording itself)")
    if len(streams) > limits.max_streams:
        raise FilmProblem(f"film of over {limits.max_streams} streams (export each camera by itself)")
    for stream in streams:
        context = stream.codec_context
        if context is None or context.codec.name not in CODECS:
            raise FilmProblem("film in a coding that is not read here (export it as MP4 with H.264)")
        check_size(max(context.width, 1), max(context.height, 1), limits.image)
        context.thread_count = 1
        context.options = {"max_pixels": str(limits.image.max_pixels + MARGIN_PIXELS)}
    return streams


def _packets(container: InputContainer, streams: list[VideoStream], notes: list[str]) -> Iterator[Packet[Any]]:
    """Yield packets to the file's end or break, and then one for each stream that empties its decoder."""
    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, OSError, ValueError):
            notes.append("The file breaks off or is damaged; the frames before are here.")
            for stream in streams:
                last: Packet[Any] = Packet()
                last.stream = stream
                yield last
            return
        if packet is None:
            return
        yield packet


def _stated_s(container: InputContainer) -> float | None:
    """Return for how many seconds the film lasts by what the file says, of its container and streams the most."""
    stated = [] if container.duration is None else [container.duration / av.time_base]
    stated += [float(s.duration * s.time_base) for s in container.streams.video if s.duration and s.time_base]
    return max((seconds for seconds in stated if 0 < seconds < LONGEST_FILM_S), default=None)


def _shortcomings(reels: list[_Reel], stated_s: float | None) -> list[str]:
    """Return in sentences what was not to be had: packets passed over, and an end before the stated one."""
    notes = []
    spoilt = sum(reel.spoilt for reel in reels)
    if spoilt:
        notes.append(f"Parts of the file could not be decoded and were passed over ({spoilt:,} packets).")
    ends = [reel.ends_s for reel in reels if reel.ends_s is not None]
    if stated_s is not None and ends and max(ends) < stated_s - max(1.0, 0.05 * stated_s):
        notes.append(
            f"The file says that it lasts {stated_s:.1f} s, and its frames end at {max(ends):.1f} s: "
            "it may have been cut off."
        )
    return notes + [
        f"The file says that it holds {reel.stated_frames:,} frames, and {reel.count:,} were read."
        for reel in reels
        if reel.stated_frames > reel.count + 1
    ]


class _Reel:
    """One stream of a film while it is read: counts, times and picks its frames."""

    def __init__(self, number: int, stream: VideoStream, pick: Pick, limits: SeriesLimits) -> None:
        self.seconds: float | None = None
        self.spoilt = 0
        self.count = 0
        # An edited MP4 may hold frames that are not to be shown, so its number is no measure of what is missing.
        self.stated_frames = stream.frames if stream.container.format.name == "avi" else 0
        self._number = number
        self._stream = stream
        self._picker = Picker(pick)
        self._limits = limits
        self._first: int | None = None

    @property
    def ends_s(self) -> float | None:
        """Seconds at which the last frame so far ends."""
        rate = self._stream.average_rate
        return None if self.seconds is None else self.seconds + (1 / float(rate) if rate else 0.0)

    def frames(self, packet: Packet[Any]) -> Iterator[Picture | None]:
        """Yield the picture of each frame that a packet gives, None where it is not wanted."""
        try:
            decoded = [frame for frame in packet.decode() if isinstance(frame, VideoFrame)]
        except EOFError:
            return
        except (av.error.FFmpegError, ValueError):
            self.spoilt += 1
            return
        for frame in decoded:
            yield self._seen(frame)

    def _seen(self, frame: VideoFrame) -> Picture | None:
        self.count += 1
        self.seconds = self._time(frame)
        check_size(frame.width, frame.height, self._limits.image)
        if not self._picker.wants(self.count, self.seconds, lambda: _thumbnail(frame)):
            return None
        pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        return Picture(self._number, self.count, self.seconds, self._remarks(frame), _upright(frame, pixels))

    def _time(self, frame: VideoFrame) -> float | None:
        stamp = frame.pts if frame.pts is not None else frame.dts
        if stamp is None or not frame.time_base:
            return None
        self._first = stamp if self._first is None else self._first
        return float((stamp - self._first) * frame.time_base)

    def _remarks(self, frame: VideoFrame) -> tuple[str, ...]:
        remarks = []
        if frame.interlaced_frame:
            remarks.append("interlaced")
        if frame.is_corrupt:
            remarks.append("damaged, parts of it filled in by the decoder")
        shape = self._stream.sample_aspect_ratio
        if shape and shape != 1:
            remarks.append(f"stored with pixels {shape.numerator}:{shape.denominator} wide to high, not corrected")
        return tuple(remarks)


def _thumbnail(frame: VideoFrame) -> NDArray[np.uint8]:
    width, height = THUMBNAIL
    return np.asarray(frame.reformat(width, height, "gray", interpolation="AREA").to_ndarray(), np.uint8)


def _upright(frame: VideoFrame, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the pixels turned and mirrored as the film's display matrix says, in quarter turns.

    The matrix takes a pixel at (x, y) to (a x + c y, b x + d y); its nine numbers are a b u, c d v, and a shift.
    """
    matrix = None
    side_data: Any = frame.side_data
    with suppress(KeyError):
        matrix = np.frombuffer(bytes(side_data[SideDataType.DISPLAYMATRIX]), np.int32)
    if matrix is None or matrix.size != 9 or not matrix[[0, 1, 3, 4]].any():
        return pixels
    a, b, c, d = (int(value) for value in matrix[[0, 1, 3, 4]])
    if abs(b) + abs(c) > abs(a) + abs(d):
        pixels, to_right, to_bottom = pixels.transpose(1, 0, 2), c, b
    else:
        to_right, to_bottom = a, d
    pixels = pixels[:, ::-1] if to_right < 0 else pixels
    return np.ascontiguousarray(pixels[::-1] if to_bottom < 0 else pixels)
