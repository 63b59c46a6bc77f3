"""Linear baselines on the same questions: what the models have to beat.
python -m judge.baselines [name ...]
"""

import collections
import json
import re
import sys
from functools import cache
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from backbone.vocabulary import teacher_tokenizer
from heads.answers import training as answer_training
from judge.linear_tagger import LinearTagger, linear_answers
from judge.tasks import JUDGED, Judged
from redact.sources import training as redact_training
from shared.paths import RUNS
from shared.run import Run
from text.corpus import passages
from text.emotions import MOODS, moods
from text.requests import clinc

PATH = RUNS / "baselines.json"


def svm(texts: list[str], labels: list[str], asked: list[str]) -> list[str]:
    """TF-IDF of words and pairs of words, linear support vectors."""
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LinearSVC(C=1.0, random_state=0))
    return list(model.fit(texts, labels).predict(asked))


def intent(judged: Judged) -> list[str]:
    rows = clinc("train") + clinc("oos_train")
    return svm([text for text, _ in rows], [label for _, label in rows], judged.inputs)


def mood(judged: Judged) -> list[str]:
    rows = moods("train")
    return svm([text for text, _ in rows], [MOODS[mood] for _, mood in rows], judged.inputs)


@cache
def counted_vectors() -> tuple[np.ndarray, np.ndarray]:
    """Word vectors from counts alone: positive pointwise mutual information of pieces within five places, truncated SVD.
    Rows [V, 256] and each piece's share of the corpus [V]."""
    tokenizer = teacher_tokenizer()
    size = tokenizer.get_vocab_size()
    rows, columns, weights = [], [], []
    for encoding in tokenizer.encode_batch(passages(400, 0), add_special_tokens=False):
        ids = np.array(encoding.ids)
        for away in range(1, 6):
            rows.append(ids[:-away])
            columns.append(ids[away:])
            weights.append(np.full(max(len(ids) - away, 0), 1 / away))
    pairs = coo_matrix((np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(size, size)).tocsr()
    pairs = (pairs + pairs.T).tocoo()
    share = np.asarray(pairs.sum(1)).ravel() / pairs.sum()
    context = share**0.75 / (share**0.75).sum()
    information = np.log(pairs.data / pairs.data.sum() / (share[pairs.row] * context[pairs.col]))
    positive = csr_matrix((np.maximum(information, 0), (pairs.row, pairs.col)), shape=(size, size))
    return TruncatedSVD(256, random_state=0).fit_transform(positive), share


def word_vectors(judged: Judged) -> list[str]:
    """Cosine of averaged counted vectors, rare pieces weighted more."""
    tokenizer, (rows, share) = teacher_tokenizer(), counted_vectors()

    def vector(text: str) -> np.ndarray:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        sums = np.average(rows[ids], axis=0, weights=1e-3 / (1e-3 + share[ids]))
        return sums / max(np.linalg.norm(sums), 1e-9)

    labels = judged.inputs[0]["labels"]
    names = np.array([vector(label) for label in labels])
    return [labels[int(np.argmax(names @ vector(each["text"])))] for each in judged.inputs]


def reply(judged: Judged) -> list[int]:
    """Cosine of TF-IDF vectors of prompt and reply."""
    texts = [each["prompt"] for each in judged.inputs] + [c for each in judged.inputs for c in each["choices"]]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(texts)
    result = []
    for each in judged.inputs:
        prompt, choices = vectorizer.transform([each["prompt"]]), vectorizer.transform(each["choices"])
        result.append(int(np.argmax((choices @ prompt.T).toarray())))
    return result


def fill(judged: Judged) -> list[str]:
    """The word seen most between these two neighbours, else after the left one, else before the right one, else of all."""
    word = re.compile(r"\w+|[^\w\s]")
    tables = [collections.defaultdict(collections.Counter) for _ in range(4)]
    keys = (lambda a, b: (a, b), lambda a, b: a, lambda a, b: b, lambda a, b: "")
    for text in passages(400, 0):
        words = ["", *word.findall(text), ""]
        for left, middle, right in zip(words, words[1:], words[2:]):
            for table, key in zip(tables, keys):
                table[key(left.lower(), right.lower())][middle] += 1
    result = []
    for text in judged.inputs:
        before, after = text.split("[MASK]")
        left = (word.findall(before) or [""])[-1].lower()
        right = (word.findall(after) or [""])[0].lower()
        found = next(table[key(left, right)] for table, key in zip(tables, keys) if table[key(left, right)])
        result.append(found.most_common(1)[0][0])
    return result


class Baselines:
    """Answers of the linear model of each folder; what is trained is trained once."""

    def __init__(self) -> None:
        self.tagger: LinearTagger | None = None

    def answers(self, name: str, judged: Judged) -> list[Any]:
        dice = Run("baselines", 1, 1).random("rows", 0)
        if name == "redact":
            self.tagger = self.tagger or LinearTagger(redact_training(dice))
            return [self.tagger.spans(text) for text in judged.inputs]
        if name == "answers":
            return linear_answers(answer_training(dice), judged.inputs)
        by_name = {"tiny-intent": intent, "tiny-mood": mood, "reply": reply, "fill": fill}
        return by_name.get(name, word_vectors)(judged)


if __name__ == "__main__":
    baselines = Baselines()
    results = json.loads(PATH.read_text()) if PATH.exists() else {}
    for name in sys.argv[1:] or JUDGED:
        for part, make in JUDGED[name].items():
            judged = make()
            found = baselines.answers(name, judged)
            figures = judged.grade(found, list(range(len(judged.inputs))))
            results.setdefault(name, {})[part] = figures
            print(name, part, figures, flush=True)
            PATH.write_text(json.dumps(results, indent=1))
