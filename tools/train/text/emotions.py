"""Comments with emotions (GoEmotions) and their three moods."""

from functools import cache

from shared.paths import DATA

MOODS = ["negative", "neutral", "positive"]
POSITIVE = "admiration amusement approval caring desire excitement gratitude joy love optimism pride relief".split()
NEGATIVE = "anger annoyance disappointment disapproval disgust embarrassment fear grief nervousness remorse sadness".split()


@cache
def emotion_names() -> list[str]:
    return (DATA / "goemotions" / "goemo_labels.txt").read_text().split()


def goemotions(split: str) -> list[tuple[str, list[int]]]:
    rows = [line.split("\t") for line in (DATA / "goemotions" / f"goemo_{split}.tsv").read_text().splitlines()]
    return [(row[0], [int(i) for i in row[1].split(",")]) for row in rows]


def mood_of(emotions: list[int]) -> int | None:
    """The one mood of a comment; None where its emotions disagree or tell none (surprise, curiosity, …)."""
    found = {mood for i in emotions if (mood := _mood(emotion_names()[i])) is not None}
    return found.pop() if len(found) == 1 else None


def _mood(name: str) -> int | None:
    if name in POSITIVE:
        return 2
    if name in NEGATIVE:
        return 0
    return 1 if name == "neutral" else None


def moods(split: str) -> list[tuple[str, int]]:
    """(text, mood) of the comments that have one."""
    return [(text, mood) for text, emotions in goemotions(split) if (mood := mood_of(emotions)) is not None]
