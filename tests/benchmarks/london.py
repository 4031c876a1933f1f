"""Writes the list of people of the Face Research Lab London Set for `stillgraph bench faces --people`.

    python tests/benchmarks/london.py shared/data/london london.csv
    stillgraph bench faces --people london.csv

Each of 102 people is in the gallery with the neutral photograph and searched with the smiling one. The set (DeBruine and
Jones, CC BY 4.0) is not part of the project.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

USES = {"neutral_front": "gallery", "smiling_front": "probe"}


def rows(london: Path) -> list[tuple[str, str, str]]:
    """Return image, person and use of each photograph; a person is the number that its file name begins with."""
    return [
        (str(image.resolve()), image.stem.split("_")[0], use)
        for folder, use in USES.items()
        for image in sorted((london / folder).glob("*.jpg"))
    ]


def main() -> None:
    """Write the list."""
    london, out = Path(sys.argv[1]), Path(sys.argv[2])
    with out.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("image", "person", "use"), *rows(london)])


if __name__ == "__main__":
    main()
