"""Passages of the corpus for the backbone, without test texts and without the intents held out."""

import gzip
import json
import random
import re

from shared.paths import DATA
from text.emotions import goemotions
from text.holdout import unseen_banking, unseen_clinc
from text.requests import banking_train, clinc

SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“])")


def lines_of(path) -> list[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt") as file:
        return [line.strip() for line in file if line.strip()]


def openstax() -> list[str]:
    return [line for path in sorted((DATA / "openstax").glob("*.txt.gz")) for line in lines_of(path)]


def sgd_turns(split: str = "train") -> list[str]:
    dialogues = (json.loads(line) for line in lines_of(DATA / "sgd" / f"{split}.jsonl.gz"))
    return [turn[1] for dialogue in dialogues for turn in dialogue["turns"]]


def squad_texts() -> tuple[list[str], list[str]]:
    """Contexts and questions of squadshifts."""
    contexts, questions = [], []
    for name in ("new_wiki", "reddit", "amazon_reviews"):
        for article in json.loads(gzip.open(DATA / "squadshifts" / f"{name}.json.gz", "rt").read())["data"]:
            for paragraph in article["paragraphs"]:
                contexts.append(paragraph["context"])
                questions += [qa["question"].strip() for qa in paragraph["qas"]]
    return contexts, questions


def requests() -> list[str]:
    hidden = set(unseen_clinc()) | set(unseen_banking())
    return [text for text, label in clinc("train") + banking_train() if label not in hidden]


def pack(passage: str, characters: int) -> list[str]:
    """A long passage as runs of sentences of at most about `characters`."""
    runs = [""]
    for sentence in SENTENCE.split(passage):
        if runs[-1] and len(runs[-1]) + len(sentence) > characters:
            runs.append("")
        runs[-1] = f"{runs[-1]} {sentence}".strip()
    return [run for run in runs if run]


def passages(characters: int, seed: int) -> list[str]:
    """The corpus in random order: textbooks, articles, comments, dialogues, requests, and short phrases out of all of them."""
    contexts, questions = squad_texts()
    wiki = lines_of(DATA / "wikitext2" / "clinc_wiki_sentences.txt")
    dice = random.Random(seed)
    long = [run for text in dice.sample(openstax(), 20_000) + contexts for run in pack(text, characters)]
    dice.shuffle(long)
    comments = [text for text, _ in goemotions("train")]
    turns = list(dict.fromkeys(sgd_turns()))
    short = comments[:25_000] + dice.sample(turns, 45_000) + questions[:14_000] + wiki[:5_000] + requests()
    phrases = [phrase(text, dice) for text in dice.sample(short, 12_000)]
    texts = long[:30_000] + short + phrases
    dice.shuffle(texts)
    return texts


def phrase(text: str, dice: random.Random) -> str:
    """One to four neighbouring words: what names of classes look like."""
    words = text.split()
    count = dice.randint(1, 4)
    start = dice.randint(0, max(0, len(words) - count))
    return " ".join(words[start : start + count])


def sgd_first_requests(services: tuple[str, ...], split: str = "train") -> list[str]:
    """What people say first in dialogues with services of these names (without their number)."""
    result = []
    for line in lines_of(DATA / "sgd" / f"{split}.jsonl.gz"):
        speaker, text, _, intent = json.loads(line)["turns"][0]
        if speaker == "U" and intent and intent[0].rsplit("_", 1)[0] in services:
            result.append(text)
    return result
