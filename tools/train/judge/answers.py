"""Python's answers to the questions of judge.tasks, by Transformers on the shipped weights."""

from collections.abc import Callable
from typing import Any

import torch

from judge.cosine import encode
from judge.folders import Bundled
from redact.tagger import spans_of
from shared.batches import pad

HYPOTHESIS = "This example is {}."
WINDOW, STRIDE, CANDIDATES = 384, 128, 12
"""Of question answering: pieces of a window, pieces that neighbours share, spans of a window, as in Transformers' pipeline."""


def classified(bundled: Bundled, texts: list[str]) -> list[str]:
    found = bundled.logits(bundled.texts(texts)).argmax(-1)
    return [bundled.labels[i] for i in found]


def entailed(bundled: Bundled, inputs: list[dict]) -> list[str]:
    out = []
    for each in inputs:
        hypotheses = [(each["text"], HYPOTHESIS.format(label)) for label in each["labels"]]
        out.append(each["labels"][int(bundled.logits(bundled.pairs(hypotheses))[:, 0].argmax())])
    return out


def nearest(bundled: Bundled, inputs: list[dict]) -> list[str]:
    labels = inputs[0]["labels"]
    texts = encode(bundled.model, bundled.tokenizer, [each["text"] for each in inputs])
    found = (texts @ encode(bundled.model, bundled.tokenizer, labels).T).argmax(-1)
    return [labels[i] for i in found]


def tagged(bundled: Bundled, texts: list[str]) -> list[list[tuple[int, int, str]]]:
    return spans_of(bundled.tags, bundled.tokenizer, texts)


@torch.no_grad()
def answered(bundled: Bundled, inputs: list[dict]) -> list[str]:
    """As Transformers' pipeline: long contexts in windows, and spans that read alike count together."""
    from heads.answers import spans

    bundled.tokenizer.enable_truncation(WINDOW, stride=STRIDE, strategy="only_second")
    out = []
    for each in inputs:
        first = bundled.tokenizer.encode(each["question"], each["context"])
        scores, written = {"": 0.0}, {"": ""}
        for encoding in [first, *first.overflowing]:
            result = bundled.model(input_ids=torch.tensor([encoding.ids]))
            found, _ = spans(encoding, result.start_logits[0], result.end_logits[0], each["context"], CANDIDATES)
            for text, score in found:
                scores[text.lower()] = scores.get(text.lower(), 0.0) + score
                written.setdefault(text.lower(), text)
        out.append(written[max(scores, key=scores.get)])
    return out


def replied(bundled: Bundled, inputs: list[dict]) -> list[int]:
    out = []
    for each in inputs:
        ids = pad(bundled.pairs([(each["prompt"], choice) for choice in each["choices"]]))
        with torch.no_grad():
            logits = bundled.model(input_ids=ids[None], attention_mask=(ids != 0).long()[None]).logits[0]
        out.append(int(logits.argmax()))
    return out


@torch.no_grad()
def filled(bundled: Bundled, texts: list[str]) -> list[str]:
    out, mask = [], bundled.tokenizer.token_to_id("[MASK]")
    for text in texts:
        ids = torch.tensor([bundled.tokenizer.encode(text).ids])
        best = int(bundled.model(ids, ids == mask)[0].argmax())
        out.append((bundled.tokenizer.id_to_token(best) or "").replace("▁", ""))
    return out


ANSWER: dict[str, Callable[[Bundled, list[Any]], list[Any]]] = {
    "text-classification": classified,
    "zero-shot-classification": entailed,
    "feature-extraction": nearest,
    "token-classification": tagged,
    "question-answering": answered,
    "multiple-choice": replied,
    "fill-mask": filled,
}
