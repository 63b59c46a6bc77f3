"""Writes each model's card (README.md) out of its `quality.json`.
python -m judge.card
"""

import json
from dataclasses import dataclass

from shared.paths import MODELS

GRAFT = """Its backbone is a modified all-MiniLM-L6-v2 (Apache-2.0, text in LICENSE.txt): layers 0, 1, 4, 5 and 8 186 word vectors were
rewritten as DeBERTa-v2 (convolution layer, 32 log buckets, shared position keys, no absolute positions) and trained to give the
original's states and mean vectors. That model's card lists its own training sets (MS MARCO, SNLI, MultiNLI, Stack Exchange, Yahoo
Answers, …), some under narrower terms."""
OWN = f"""The weights start from what `tools/train` distilled itself (170 steps, seed 1), without the 30 + 15 intents that are judged
below. {GRAFT}"""
EARLIER = f"""The weights start from an earlier backbone of the same making (1 142 CPU seconds, with masked words), not from the one that
`tools/train` distils; both give vectors of about the same quality. {GRAFT}"""
SMALL = """The weights start from an earlier masked-language model of 4 layers × 192 (3 heads, 8 192 cased pieces, all of v2's features),
trained from scratch on a CPU with textbooks, dialogues, comments and requests (7.55 million pieces); `tools/train` does not make it."""
CORPUS = [
    "OpenStax textbooks (CC BY 4.0, Rice University)",
    "Schema-Guided Dialogue (CC BY-SA 4.0, Google)",
    "GoEmotions (CC BY 4.0, Google)",
    "SquadShifts' contexts (CC BY 4.0)",
    "CLINC150 with its Wikipedia sentences (CC BY 3.0)",
    "Banking77 (CC BY 4.0, PolyAI)",
]
OLD = [*CORPUS, "Wikipedia excerpts of wikitext-2 (CC BY-SA 3.0)", "two books of Standard Ebooks (CC0)"]
PERSONAL = ["presidio-research (MIT; its people are from FakeNameGenerator.com, CC BY-SA 3.0 US)", "own templates"]


@dataclass
class Card:
    title: str
    what: str
    start: str
    head: str
    data: list[str]
    baseline: str
    limits: str
    runs: str = "one training run, one seed"


CARDS = {
    "tiny-intent": Card(
        "Intent",
        "What somebody wants from an assistant: the 150 intents of CLINC150 and `out_of_scope`.",
        EARLIER,
        "The upper two layers, pooler and classifier were trained on clinc150's training texts, its 100 out-of-scope examples (each five "
        "times) and 6 700 lines from elsewhere; what lies between the features of two intents counts as `out_of_scope` too. Three runs were "
        "compared on clinc150's development texts (two of this recipe with different seeds, one without what lies between), and averages "
        "of their weights; the better of the two seeds was taken, and the bias of `out_of_scope` set so that two thirds of the 100 "
        "development texts out of scope are found (in scope 95.7 %, out of scope 68.0 %, before the weights were rounded). An earlier "
        "model had found fewer of the test's than of these, so that half of them would not do. The test was read once, for this one model.",
        CORPUS,
        "TF-IDF of words and pairs of words, linear SVM",
        "English, lower case. It answers with one of its intents even where none fits well; show scores below 0.4 as unsure.",
        runs="of three training runs the best by the development texts",
    ),
    "tiny-mood": Card(
        "Mood",
        "Whether a comment sounds negative, neutral or positive.",
        EARLIER,
        "The upper two layers, pooler and classifier were trained on GoEmotions' comments whose emotions agree on a mood. Of four runs (two "
        "lengths, three seeds) and averages of their weights the best on its development texts was taken (75.6 %, before the weights were "
        "rounded to 4 bits). The test was read for the model shipped before (75.0 %) and for this one.",
        CORPUS,
        "TF-IDF of words and pairs of words, linear SVM",
        "English, lower case; Reddit's comments, some of them rude. Irony is often missed, and annotators disagree too.",
        runs="of four training runs the best by the development texts",
    ),
    "zero-shot": Card(
        "Zero-shot classification",
        "Whether a hypothesis with a label's name follows from a text (`entailment`, `not_entailment`).",
        OWN,
        "Layers 1 to 3, pooler and classifier were trained on lists of one fitting label and three others: names of intents, services and "
        "emotions, and phrases with the cosines of all-MiniLM-L6-v2 as the only truth.",
        CORPUS,
        "cosine of averaged word vectors counted from the corpus, rare words weighted more",
        "English, lower case, short texts and short labels. It knows topics, not logic: it cannot tell whether a statement is true. "
        "The folder `vectors` is better at naming short requests (see its card). The intents were drawn by a seed; which names are drawn "
        "moves the figures by more than ten points, so compare with the baseline beside them. Longer training (700 steps after a trial of 400) "
        "took the clinc figure from 63.8 to 69.2 % and the banking figure from 69.2 to 65.8 %: with 240 and 120 texts, one seed each, "
        "neither step is well above chance.",
    ),
    "vectors": Card(
        "Sentence vectors",
        "Vectors of short texts: the mean of the last states, compared by cosine.",
        OWN,
        "No head.",
        CORPUS,
        "cosine of averaged word vectors counted from the corpus, rare words weighted more",
        "English, lower case, texts of up to 160 pieces. On the same questions the teacher itself reaches 88.0 % and 80.2 %, and the mean "
        "of its input rows (no layer at all), rare words weighted more, 81.9 % and 69.1 %: these names often stand in the texts.",
    ),
    "redact": Card(
        "Personal data",
        "Tags 13 kinds: PERSON, ORGANIZATION, LOCATION, ADDRESS, DATE, TIME, PHONE, EMAIL, URL, CARD, ACCOUNT, IP, MONEY.",
        SMALL,
        "Trained whole on 63 000 marked texts, most of them generated; where a set marks only some kinds, its unmarked words count as "
        "unmarked or as one of the others.",
        [*OLD, "Restaurant8k (CC BY 4.0, PolyAI)", "WNUT17 and wikigold (CC BY 4.0)", *PERSONAL],
        "logistic tagger of words, their shapes and neighbours",
        "English. It misses personal data: most of all names in social media. A help for a person who reads the result, never a guarantee.",
    ),
    "answers": Card(
        "Answers about short messages",
        "The span of a message that answers a short question: What time? Which city? What is the phone number?",
        SMALL,
        "All layers and the span head were trained on questions made from the slots of dialogues, on generated personal data, and on "
        "2 500 questions of SquadShifts.",
        [*OLD, "questions of SquadShifts (CC BY 4.0)", *PERSONAL],
        "logistic model of words in and beside words of the question",
        "English. Made for messages of a few sentences; on encyclopaedia articles (xquad below) it is poor.",
    ),
    "reply": Card(
        "Reply choice",
        "Which of some replies answers what was said (multiple choice).",
        EARLIER,
        "Layers 1 to 3, pooler and classifier were trained on dialogues: the true reply, one of the same dialogue, two of others.",
        CORPUS,
        "cosine of TF-IDF vectors of prompt and reply",
        "English, lower case; replies of booking assistants. It judges topics and forms of questions, not facts.",
    ),
    "fill": Card(
        "Fill-mask",
        "Words for [MASK], through the enhanced mask decoder whose weights its file holds.",
        SMALL,
        "The whole model, table of absolute positions included, went on for a short run with masked words through the decoder.",
        OLD,
        "the word seen most between the same two neighbours, else beside one of them",
        "English. It knows phrases, not facts: \"The capital of France is [MASK].\" fails.",
    ),
}


def percent(figures: dict[str, float]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {100 * value:.1f} %" for key, value in figures.items()) or "–"


def table(quality: dict) -> str:
    rows = ["| set | texts | Transformers | linear baseline | engine on a sample | Transformers on it |", "|---|---|---|---|---|---|"]
    for name, part in quality.items():
        sample = part["sample"]
        cells = [name, str(part["texts"]), percent(part["python"]), percent(part["linear_baseline"])]
        engine = percent(sample["engine"]) if "engine" in sample else "not run"
        if "engine_with_rules" in sample:
            engine += f"; with rules: {percent(sample['engine_with_rules'])}"
        rows.append("| " + " | ".join([*cells, f"{engine} ({sample['texts']} texts)", percent(sample["python"])]) + " |")
    return "\n".join(rows) if quality else "Not judged yet."


def write(name: str, card: Card) -> None:
    path = MODELS / name / "quality.json"
    quality = json.loads(path.read_text()) if path.exists() else {}
    data = "\n".join(f"- {line}" for line in card.data)
    text = f"""# {card.title}

{card.what} A DeBERTa-v2 of the playground, weights in 8 or 4 bits.

{card.start}

{card.head}

## Figures

On text that was not trained on; {card.runs}. "Transformers" runs the same weights in Python, the engine in Chromium.
Baseline: {card.baseline}.

{table(quality)}

## Trained on

{data}

How: `tools/train`. The data was read from copies of the public sets, none of which is in this repository.

## Limits

{card.limits}
"""
    (MODELS / name / "README.md").write_text(text)


if __name__ == "__main__":
    for name, card in CARDS.items():
        write(name, card)
