"""What each bundled model is judged on. A `Judged` holds questions as the engine's pipelines take them, the right answers, and
how many answers are right; Python answers the same questions by `judge.answers`."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from heads.intent import examples as intent_examples
from heads.intent import judge as intent_judge
from heads.intent import labels as intent_labels
from heads.mood import judge as mood_judge
from judge.cosine import PER_INTENT
from judge.cosine import questions as cosine_questions
from redact.score import score
from redact.sources import tests
from text.emotions import MOODS, moods

Figures = dict[str, float]


@dataclass
class Judged:
    """`inputs` are the arguments of one call each; `grade` takes the answers in the same order."""

    task: str
    inputs: list[Any]
    grade: Callable[[list[Any], list[int]], Figures]
    """(answers, numbers of the inputs that were answered) → figures."""


def chosen_labels(gold: list[str], order: list[str], judge: Callable) -> Callable[[list[str], list[int]], Figures]:
    """Grades labels by a judge of logits."""

    def grade(answers: list[str], which: list[int]) -> Figures:
        logits = np.eye(len(order))[[order.index(answer) for answer in answers]]
        return judge(logits, np.array([order.index(gold[i]) for i in which]))

    return grade


def intent() -> Judged:
    texts, truth = intent_examples("test", "oos_test")
    order = intent_labels()
    return Judged("text-classification", texts, chosen_labels([order[i] for i in truth], order, intent_judge))


def mood() -> Judged:
    rows = moods("test")
    gold = [MOODS[mood] for _, mood in rows]
    return Judged("text-classification", [text for text, _ in rows], chosen_labels(gold, MOODS, mood_judge))


def named(part: str, task: str, per_intent: int = PER_INTENT) -> Judged:
    texts, truth, labels = cosine_questions(part, per_intent)
    inputs = [{"text": text, "labels": labels} for text in texts]

    def grade(answers: list[str], which: list[int]) -> Figures:
        return {"accuracy": float(np.mean([answer == labels[truth[i]] for answer, i in zip(answers, which)]))}

    return Judged(task, inputs, grade)


def redaction(name: str) -> Judged:
    rows = tests()[name]

    def grade(answers: list[list], which: list[int]) -> Figures:
        return score([rows[i] for i in which], [[tuple(span) for span in spans] for spans in answers])

    return Judged("token-classification", [row.text for row in rows], grade)


def answers(source: str) -> Judged:
    from heads.answers import overlap
    from text.questions import from_sgd, from_squad, xquad

    dice = random.Random(11)
    asked = from_sgd("test", 1500, dice) if source == "sgd" else from_squad(xquad(), 600, dice)
    asked = [question for question in asked if question.answers]

    def grade(found: list[str], which: list[int]) -> Figures:
        pairs = [overlap(text, [asked[i].context[a:b] for a, b in asked[i].answers]) for text, i in zip(found, which)]
        return {"exact": float(np.mean([p[0] for p in pairs])), "f1": float(np.mean([p[1] for p in pairs]))}

    return Judged("question-answering", [{"question": a.question, "context": a.context} for a in asked], grade)


def reply() -> Judged:
    from heads.reply import questions

    asked = questions("test", 2000)

    def grade(found: list[int], which: list[int]) -> Figures:
        return {"accuracy": float(np.mean([int(answer) == asked[i][2] for answer, i in zip(found, which)]))}

    return Judged("multiple-choice", [{"prompt": p, "choices": c} for p, c, _ in asked], grade)


def fill() -> Judged:
    """Whole words of texts of three kinds, one hidden word a text; right is the word's only piece, spelled alike."""
    from judge.hidden_words import hidden_words

    asked = hidden_words(2000)

    def grade(found: list[str], which: list[int]) -> Figures:
        return {"accuracy": float(np.mean([answer == asked[i][1] for answer, i in zip(found, which)]))}

    return Judged("fill-mask", [text for text, _ in asked], grade)


JUDGED: dict[str, dict[str, Callable[[], Judged]]] = {
    "tiny-intent": {"clinc150 test": intent},
    "tiny-mood": {"goemotions test": mood},
    "zero-shot": {
        "30 unseen clinc intents": lambda: named("unseen clinc", "zero-shot-classification", 8),
        "15 unseen banking intents": lambda: named("unseen banking", "zero-shot-classification", 8),
    },
    "vectors": {
        "30 unseen clinc intents": lambda: named("unseen clinc", "feature-extraction"),
        "15 unseen banking intents": lambda: named("unseen banking", "feature-extraction"),
    },
    "redact": {name: (lambda name=name: redaction(name)) for name in ("sgd", "restaurant8k", "presidio", "wnut17", "wikigold")},
    "answers": {"sgd test": lambda: answers("sgd"), "xquad": lambda: answers("xquad")},
    "reply": {"sgd test": reply},
    "fill": {"hidden words": fill},
}
