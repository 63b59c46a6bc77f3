"""Short requests with an intent: clinc150 and banking77."""

import csv
import json
from functools import cache

from shared.paths import DATA

OUT = "out_of_scope"


@cache
def _clinc() -> dict:
    return json.loads((DATA / "clinc150" / "clinc_full.json").read_text())


def clinc(split: str) -> list[tuple[str, str]]:
    """`train`, `val`, `test`: (text, intent) of the 150 intents; `oos_train`, …: the label is `out_of_scope`."""
    return [(text, OUT if label == "oos" else label) for text, label in _clinc()[split]]


@cache
def banking_train() -> list[tuple[str, str]]:
    with open(DATA / "banking77" / "train.csv", newline="") as file:
        return [(row["text"].strip(), row["category"]) for row in csv.DictReader(file)]
