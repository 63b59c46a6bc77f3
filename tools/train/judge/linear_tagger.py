"""Linear models over words: a tagger of personal data, and answers to questions by the same kind of features."""

import re

import numpy as np
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import SGDClassifier

from redact.kinds import Marked
from text.questions import Asked

WORD = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
SIZE = 2**20


def shape(word: str) -> str:
    kinds = ("X" if c.isupper() else "x" if c.islower() else "9" if c.isdigit() else c for c in word)
    return re.sub(r"(.)\1+", r"\1+", "".join(kinds))


def features(words: list[str], at: int) -> list[str]:
    """The word, its shape and affixes, and the words within three."""
    word = words[at]
    out = [f"w={word.lower()}", f"s={shape(word)}", f"p={word[:3].lower()}", f"e={word[-3:].lower()}", f"n={len(word)}"]
    for away in (-3, -2, -1, 1, 2, 3):
        other = words[at + away] if 0 <= at + away < len(words) else ""
        out += [f"{away}w={other.lower()}", f"{away}s={shape(other)}"]
    return out


def classifier() -> SGDClassifier:
    return SGDClassifier(loss="log_loss", alpha=1e-6, max_iter=6, tol=None, random_state=0)


class LinearTagger:
    """One kind a word; neighbours of one kind are a span. An unmarked word of a partly marked set counts as no kind."""

    def __init__(self, rows: list[Marked]):
        self.hasher = FeatureHasher(SIZE, input_type="string")
        found, wanted = [], []
        for row in rows:
            words = list(WORD.finditer(row.text))
            plain = [word[0] for word in words]
            for at, word in enumerate(words):
                kind = next((k for start, end, k in row.spans if start <= word.start() < end), "O")
                if not any(start <= word.start() < end for start, end in row.skip):
                    found.append(features(plain, at))
                    wanted.append(kind)
        self.model = classifier().fit(self.hasher.transform(found), wanted)

    def spans(self, text: str) -> list[tuple[int, int, str]]:
        words = list(WORD.finditer(text))
        plain = [word[0] for word in words]
        if not words:
            return []
        kinds = self.model.predict(self.hasher.transform([features(plain, at) for at in range(len(words))]))
        spans: list[tuple[int, int, str]] = []
        for i, (word, kind) in enumerate(zip(words, kinds)):
            if kind == "O":
                continue
            if i and kinds[i - 1] == kind:
                spans[-1] = (spans[-1][0], word.end(), kind)
            else:
                spans.append((*word.span(), kind))
        return spans


def linear_answers(training: list[Asked], inputs: list[dict]) -> list[str]:
    """Is this word part of the answer to this question? Features of the word, alone and beside each word of the question."""
    hasher = FeatureHasher(SIZE, input_type="string")

    def crossed(question: str, words: list[str], at: int) -> list[str]:
        asked = set(WORD.findall(question.lower())) - {"?", "the", "is", "of"}
        own = features(words, at)
        return own + [f"{q}|{f}" for q in asked for f in own[:4] + own[9:13]]

    found, wanted = [], []
    for each in training:
        words = list(WORD.finditer(each.context))
        plain = [word[0] for word in words]
        if len(words) < 60:
            for at, word in enumerate(words):
                found.append(crossed(each.question, plain, at))
                wanted.append(any(start <= word.start() < end for start, end in each.answers))
    model = classifier().fit(hasher.transform(found), wanted)
    result = []
    for each in inputs:
        words = list(WORD.finditer(each["context"]))
        plain = [word[0] for word in words]
        scores = model.decision_function(hasher.transform([crossed(each["question"], plain, at) for at in range(len(words))]))
        start, end = best_run(scores)
        result.append(each["context"][words[start].start() : words[end - 1].end()])
    return result


def best_run(scores: np.ndarray) -> tuple[int, int]:
    """The run of words with the largest sum; the best word alone where all are negative."""
    best, start, total, result = -np.inf, 0, 0.0, (0, 1)
    for i, score in enumerate(scores):
        if total <= 0:
            start, total = i, 0.0
        total += score
        if total > best:
            best, result = total, (start, i + 1)
    return result
