"""Lays the Face Research Lab London Set out as a study for `stillgraph evaluate people`: a folder for each person.

    python tests/benchmarks/london_people.py shared/data/london study
    stillgraph evaluate people study/people --groups study/groups.csv --by ethnicity,sex --widths 24,28

The neutral photograph of each of 102 people is enrolled, the smiling one searched; sex and ethnicity are as they stated
them. The set (DeBruine and Jones, CC BY 4.0) is not part of the project; images are linked, not copied.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

PLACES = {"neutral_front": "1_neutral.jpg", "smiling_front": "2_smiling.jpg"}


def lay_out(london: Path, study: Path) -> int:
    """Link the photographs and write who stated what; return how many people there are."""
    for folder, name in PLACES.items():
        for image in sorted((london / folder).glob("*.jpg")):
            place = study / "people" / image.stem.split("_")[0] / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            place.symlink_to(image.resolve())
    with (london / "london_info.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (study / "groups.csv").open("w", encoding="utf-8", newline="") as stream:
        told = ((row["face_id"], row["face_gender"], row["face_eth"]) for row in rows)
        csv.writer(stream).writerows([("person", "sex", "ethnicity"), *told])
    return len(rows)


if __name__ == "__main__":
    print(lay_out(Path(sys.argv[1]), Path(sys.argv[2])), "people")
