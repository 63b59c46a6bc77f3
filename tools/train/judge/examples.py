"""What Transformers answers to the example texts, for the engine's test: test/fixtures/bundled-models.json.
python -m judge.examples
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from judge.answers import HYPOTHESIS, answered, tagged
from judge.cosine import encode
from judge.folders import Bundled
from shared.batches import pad
from shared.paths import REPOSITORY

PATH = REPOSITORY / "test" / "fixtures" / "bundled-models.json"
INTENTS = """wake me up at half past six tomorrow
i lost my credit card, please block it
how many calories are in a banana
is it safe to travel to brazil
tell me a joke
what is the tallest building that was never finished""".splitlines()
MOODS = """I love this movie, the ending is great!
This is the worst service I have ever had.
The meeting is on Tuesday.
Thank you so much, that helped a lot""".splitlines()
PERSONAL = """My name is Maria Lopez, call me on +44 20 7946 0958 or write to maria.lopez@example.com.
Transfer $500 to IBAN DE89 3704 0044 0532 0130 00, account holder Peter Müller.
Book a table for Dr. Smith at 7:30 pm next Friday in Boston.
The meeting is about the budget and nothing else.""".splitlines()
LABELS = ["a refund", "the weather", "a broken device", "opening hours"]
ZERO_SHOT = ["I want my money back for the shoes", "Will it rain in Paris tomorrow?", "when do you close on sundays"]
PAIRS = [
    ("How do I reset my password?", "I forgot my login"),
    ("How do I reset my password?", "The soup was cold."),
    ("Book me a flight to Rome", "I need a plane ticket to Italy"),
]
ASKED = [
    ("What time?", "I would like to book a table for Dr. Smith at 7:30 pm next Friday in Boston."),
    ("Which city?", "I would like to book a table for Dr. Smith at 7:30 pm next Friday in Boston."),
    ("What is the phone number?", "You can reach us on 020 7946 0958 or by mail until Monday."),
    ("How much?", "The room costs $120 a night, breakfast included."),
]
REPLIES = [
    (
        "Can you find me a restaurant in San Jose?",
        ["What kind of food would you like?", "Your bus leaves at 9 am.", "The song is playing now.", "It will be sunny."],
    ),
    (
        "What is the address?",
        ["It is 71 North San Pedro Street.", "Which day would you like?", "Enjoy the movie!", "Your balance is $40."],
    ),
]
MASKED = ["What [MASK] does the movie start?", "I would like to book a [MASK] for two people.", "Thank you very [MASK] for your help."]


def softmax(logits: np.ndarray) -> np.ndarray:
    exp = np.exp(logits - logits.max(-1, keepdims=True))
    return exp / exp.sum(-1, keepdims=True)


def classified(bundled: Bundled, texts: list[str]) -> list[dict]:
    rows = [softmax(bundled.logits([ids])[0]) for ids in bundled.texts(texts)]
    return [{"input": t, "label": bundled.labels[int(p.argmax())], "score": float(p.max())} for t, p in zip(texts, rows)]


def zero_shot(bundled: Bundled, texts: list[str]) -> list[dict]:
    out = []
    for text in texts:
        logits = bundled.logits(bundled.pairs([(text, HYPOTHESIS.format(label)) for label in LABELS]))
        out.append({"input": text, "labels": LABELS, "scores": [float(x) for x in softmax(logits[:, 0])]})
    return out


def similar(bundled: Bundled, pairs: list[tuple[str, str]]) -> list[dict]:
    vectors = [encode(bundled.model, bundled.tokenizer, list(pair)) for pair in pairs]
    return [{"input": list(pair), "cosine": float(a @ b)} for pair, (a, b) in zip(pairs, vectors)]


def marked(bundled: Bundled, texts: list[str]) -> list[dict]:
    found = tagged(bundled, texts)
    return [{"input": t, "spans": [[t[a:b], kind] for a, b, kind in spans]} for t, spans in zip(texts, found)]


def answers(bundled: Bundled, asked: list[tuple[str, str]]) -> list[dict]:
    inputs = [{"question": q, "context": c} for q, c in asked]
    return [{"input": each, "answer": answer} for each, answer in zip(inputs, answered(bundled, inputs))]


@torch.no_grad()
def replies(bundled: Bundled, asked: list[tuple[str, list[str]]]) -> list[dict]:
    out = []
    for prompt, choices in asked:
        ids = pad(bundled.pairs([(prompt, choice) for choice in choices]))
        logits = bundled.model(input_ids=ids[None], attention_mask=(ids != 0).long()[None]).logits[0]
        out.append({"input": {"prompt": prompt, "choices": choices}, "logits": logits.tolist()})
    return out


@torch.no_grad()
def fillings(bundled: Bundled, texts: list[str]) -> list[dict]:
    out, mask = [], bundled.tokenizer.token_to_id("[MASK]")
    for text in texts:
        ids = torch.tensor([bundled.tokenizer.encode(text).ids])
        scores, best = bundled.model(ids, ids == mask)[0].softmax(-1).topk(3)
        words = [bundled.tokenizer.id_to_token(int(i)).replace("▁", "") for i in best]
        out.append({"input": text, "words": words, "scores": scores.tolist()})
    return out


EXAMPLES: dict[str, tuple[Callable[[Bundled, Any], list[dict]], Any]] = {
    "tiny-intent": (classified, INTENTS),
    "tiny-mood": (classified, MOODS),
    "zero-shot": (zero_shot, ZERO_SHOT),
    "vectors": (similar, PAIRS),
    "redact": (marked, PERSONAL),
    "answers": (answers, ASKED),
    "reply": (replies, REPLIES),
    "fill": (fillings, MASKED),
}


def rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = {name: rounded(answer(Bundled(name), inputs)) for name, (answer, inputs) in EXAMPLES.items()}
    PATH.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    for name, rows in found.items():
        print(name, json.dumps(rows, ensure_ascii=False))
