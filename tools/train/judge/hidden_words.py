"""Sentences that no model has seen, each with one whole word hidden behind [MASK]."""

import json
import random
import re

from shared.paths import DATA, MODELS
from shared.tokenizer import fast_tokenizer
from text.corpus import SENTENCE, sgd_turns
from text.emotions import goemotions

WORD = re.compile(r"[A-Za-z]+")


def sentences() -> list[str]:
    """A third each: encyclopaedia, requests and answers, comments."""
    articles = json.loads((DATA / "xquad" / "xquad.en.json").read_text())["data"]
    contexts = [paragraph["context"] for article in articles for paragraph in article["paragraphs"]]
    kinds = [[s for c in contexts for s in SENTENCE.split(c)], list(dict.fromkeys(sgd_turns("test")))]
    kinds.append([text for text, _ in goemotions("test") if "[" not in text])
    dice = random.Random(12)
    chosen = [dice.sample([s for s in kind if 5 <= len(s.split()) <= 40], 900) for kind in kinds]
    return [sentence for group in zip(*chosen) for sentence in group]


def hidden_words(count: int) -> list[tuple[str, str]]:
    """(text with one [MASK], the word). Only words that are one piece for the model, so that one mask can hold them."""
    tokenizer, dice = fast_tokenizer(MODELS / "fill"), random.Random(13)
    result = []
    for text in sentences():
        words = list(WORD.finditer(text))
        words = [w for w in words if tokenizer.token_to_id(f"▁{w[0]}") and (w.start() == 0 or text[w.start() - 1] == " ")]
        if words:
            word = dice.choice(words)
            result.append((f"{text[: word.start()]}[MASK]{text[word.end() :]}", word[0]))
    return result[:count]
