"""Question answering on short messages: start and end of the answer, [CLS] where the message does not tell.
python -m heads.answers
"""

import argparse
import random
import string

import torch
import torch.nn.functional as F
from torch import nn

from heads.layers import lower_states, run_layers
from heads.start import Pieces, backbone
from redact.sources import from_templates, presidio
from shared.batches import epochs, pad
from shared.optim import adamw, update
from shared.paths import RUNS
from shared.run import Run
from text.questions import Asked, from_marked, from_sgd, from_squad, squadshifts

LOWER = 0
LONGEST = 192
LONGEST_ANSWER = 15
"""Pieces, as in the engine's task."""
PIECES = Pieces()


class Answerer(nn.Module):
    """Names as in DebertaV2ForQuestionAnswering."""

    def __init__(self):
        super().__init__()
        self.deberta = backbone()
        self.qa_outputs = nn.Linear(self.deberta.config.hidden_size, 2)
        nn.init.normal_(self.qa_outputs.weight, std=0.02)
        nn.init.zeros_(self.qa_outputs.bias)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits [B, N, 2]."""
        mask = (ids != 0).long()
        with torch.no_grad():
            states = lower_states(self.deberta, ids, mask, LOWER)
        layers = range(LOWER, self.deberta.config.num_hidden_layers)
        return self.qa_outputs(run_layers(self.deberta, states, mask, layers))


class Row:
    """A question as pieces; `allowed` where an answer may lie, `offsets` in the context."""

    def __init__(self, asked: Asked):
        encoding = PIECES.tokenizer.encode(asked.question, asked.context)
        self.asked, self.ids, self.offsets = asked, encoding.ids, encoding.offsets
        inside = [n == 1 for n in encoding.sequence_ids]
        self.allowed = [at == 0 or is_inside for at, is_inside in enumerate(inside)]
        self.start = self.end = 0
        for first, last in asked.answers[:1]:
            hits = [at for at, (a, b) in enumerate(self.offsets) if inside[at] and a < last and b > first and not self.is_space(a, b)]
            self.start, self.end = (hits[0], hits[-1]) if hits else (0, 0)

    def is_space(self, start: int, end: int) -> bool:
        return not self.asked.context[start:end].strip()


def masked(logits: torch.Tensor, rows: list[Row]) -> torch.Tensor:
    longest = logits.shape[1]
    allowed = torch.tensor([row.allowed + [False] * (longest - len(row.allowed)) for row in rows])
    return logits.masked_fill(~allowed[..., None], -1e9)


def spans(encoding, start: torch.Tensor, end: torch.Tensor, context: str, count: int) -> tuple[list[tuple[str, float]], float]:
    """The likeliest spans by logits [N] with their probabilities, best first, and that of none. Widened to whole words, as in the
    engine."""
    allowed = torch.tensor([n == 1 for n in encoding.sequence_ids])
    allowed[0] = True
    starts, ends = (logits.masked_fill(~allowed, -1e9).softmax(0) for logits in (start, end))
    scores = torch.triu(starts[:, None] * ends[None, :]).tril(LONGEST_ANSWER - 1)
    none = float(scores[0, 0])
    scores[0, :] = 0
    found = []
    for score, place in zip(*scores.flatten().topk(count)):
        first, last = divmod(int(place), len(starts))
        if score > 0:
            found.append((widened(encoding.offsets[first][0], encoding.offsets[last][1], context), float(score)))
    return found, none


def widened(first: int, last: int, context: str) -> str:
    while first and not context[first].isspace() and not context[first - 1].isspace():
        first -= 1
    while last < len(context) and not context[last].isspace():
        last += 1
    return context[first:last].strip()


def best_span(encoding, start: torch.Tensor, end: torch.Tensor, context: str) -> str:
    """The likeliest span; empty where none is likelier."""
    found, none = spans(encoding, start, end, context, 1)
    return found[0][0] if found and found[0][1] >= none else ""


def plain(text: str) -> str:
    words = "".join(c for c in text.lower() if c not in string.punctuation).split()
    return " ".join(word for word in words if word not in ("a", "an", "the"))


def overlap(found: str, wanted: list[str]) -> tuple[float, float]:
    """(exact, F1 over words), SQuAD's way, of the best of the wanted answers."""
    best = (0.0, 0.0)
    for want in wanted or [""]:
        a, b = plain(found).split(), plain(want).split()
        same = sum(min(a.count(word), b.count(word)) for word in set(a))
        f1 = float(a == b) if not a or not b else 2 * same / (len(a) + len(b))
        best = max(best, (float(a == b), f1), key=lambda pair: pair[1])
    return best


def judge(model: Answerer, questions: list[Asked]) -> dict[str, float]:
    model.eval()
    pairs = []
    for asked in questions:
        encoding = PIECES.tokenizer.encode(asked.question, asked.context)
        with torch.no_grad():
            start, end = model(torch.tensor([encoding.ids]))[0].T
        found = best_span(encoding, start, end, asked.context)
        pairs.append(overlap(found, [asked.context[a:b] for a, b in asked.answers]))
    return {"exact": sum(p[0] for p in pairs) / len(pairs), "f1": sum(p[1] for p in pairs) / len(pairs)}


def training(dice: random.Random) -> list[Asked]:
    asked = from_sgd("train", 9000, dice)
    asked += from_marked(from_templates(2500, dice) + presidio("train"), 2500, dice)
    return asked + from_squad(squadshifts(), 2500, dice)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--steps", type=int, default=1500)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    run = Run("answers", options.seed, options.steps)
    model = Answerer()
    upper = [p for layer in model.deberta.encoder.layer[LOWER:] for p in layer.parameters()]
    optimizer = adamw([(8e-4, upper), (2e-3, list(model.qa_outputs.parameters()))])
    rows = [row for row in map(Row, training(run.random("questions", 0))) if len(row.ids) <= LONGEST]
    run.say(f"{len(rows)} questions, {sum(len(row.ids) for row in rows)} pieces")
    run.resume(model, optimizer)
    model.train()
    for batch in epochs([len(row.ids) for row in rows], 1024, run):
        if run.step >= run.steps:
            break
        chosen = [rows[i] for i in batch]
        logits = masked(model(pad([row.ids for row in chosen])), chosen)
        target = torch.tensor([[row.start, row.end] for row in chosen])
        loss = (F.cross_entropy(logits[..., 0], target[:, 0]) + F.cross_entropy(logits[..., 1], target[:, 1])) / 2
        loss.backward()
        update(optimizer, run.part)
        right = (logits.argmax(1) == target).all(1).float().mean()
        run.tick({"loss": loss.item(), "right": right.item()}, model, optimizer)
    for key, value in judge(model, from_sgd("dev", 200, random.Random(3))).items():
        run.say(f"dev {key}: {value:.3f}")
    torch.save(model.state_dict(), RUNS / "answers" / "weights.pt")


if __name__ == "__main__":
    main()
