"""Questions about short messages with their answers as spans: slots of sgd and personal data of the redaction sources.

A question is about one thing of its message; where a message holds nothing of the kind the answer is None.
"""

import gzip
import json
import random
import re
from dataclasses import dataclass

from redact.kinds import Marked
from shared.paths import DATA
from text.corpus import lines_of

Span = tuple[int, int]


@dataclass
class Asked:
    question: str
    context: str
    answers: list[Span]
    """Empty: the context does not tell."""


BY_WORD = {
    "date": ["When?", "Which day?", "What date?", "When is it?", "What day is it?"],
    "time": ["What time?", "When?", "At what time?", "What time is it?"],
    "city": ["Which city?", "Where?", "In which city?"],
    "location": ["Where?", "Which place?"],
    "address": ["What is the address?", "Where is it?", "Where?"],
    "phone": ["What is the phone number?", "Which number can I call?", "What number?"],
    "price": ["How much?", "What does it cost?", "How much is it?"],
    "fare": ["How much?", "What does it cost?"],
    "rent": ["How much is the rent?", "How much?"],
    "balance": ["How much money is there?", "What is the balance?"],
    "amount": ["How much?", "What amount?"],
    "name": ["What is the name?", "What is it called?"],
    "doctor": ["Who?", "Which doctor?"],
    "stylist": ["Who?", "Which stylist?"],
    "artist": ["Who?", "Who sings it?"],
    "account": ["To whom?", "Who is it for?"],
    "directed": ["Who directed it?", "Who?"],
    "restaurant": ["Which restaurant?", "Where?"],
    "hotel": ["Which hotel?"],
    "movie": ["Which movie?", "What film?"],
    "song": ["Which song?"],
    "event": ["Which event?"],
    "origin": ["From where?", "Where does it start?"],
    "from": ["From where?"],
    "destination": ["To where?", "Where to?"],
    "to": ["Where to?"],
    "cuisine": ["What kind of food?", "Which cuisine?"],
    "temperature": ["How warm will it be?", "What is the temperature?"],
}
FOR_KIND = {
    "PERSON": ["Who?", "What is the name?", "Who is it?", "Who is named?"],
    "ORGANIZATION": ["Which company?", "Which organization?"],
    "LOCATION": ["Where?", "Which place?"],
    "ADDRESS": ["What is the address?", "Where?"],
    "DATE": ["When?", "What date?", "Which day?"],
    "TIME": ["What time?", "When?"],
    "PHONE": ["What is the phone number?", "What number can I call?"],
    "EMAIL": ["What is the email address?", "Where can I write to?"],
    "URL": ["What is the website?", "Which page?"],
    "CARD": ["What is the card number?"],
    "ACCOUNT": ["What is the account number?"],
    "MONEY": ["How much?", "How much money?"],
    "IP": ["What is the IP address?"],
}


def slot_questions(slot: str, description: str, dice: random.Random) -> list[str]:
    plain = slot.replace("_", " ")
    forms = [f"What is the {plain}?", f"Which {plain}?", f"{description.rstrip('.')}?"]
    short = [form for word, forms_ in BY_WORD.items() if word in slot.split("_") for form in forms_]
    return short if short and dice.random() < 0.6 else forms


def from_sgd(part: str, count: int, dice: random.Random) -> list[Asked]:
    schema = {s["service"]: s["slots"] for s in json.loads((DATA / "sgd" / f"{part}_schema.json").read_text())}
    lines = lines_of(DATA / "sgd" / f"{part}.jsonl.gz")
    result: dict[tuple[str, str], Asked] = {}
    while len(result) < count:
        turns = json.loads(dice.choice(lines))["turns"]
        at = dice.randrange(len(turns))
        if not turns[at][2]:
            continue
        first = max(0, at - dice.choice([0, 0, 1, 1, 2]))
        context, spans = "", []
        for _, text, marks, _ in turns[first : at + 1]:
            context += " " if context else ""
            spans += [(slot, len(context) + start, len(context) + end, service) for service, slot, start, end in marks]
            context += text
        slot, _, _, service = dice.choice(spans)
        question = dice.choice(slot_questions(slot, schema[service].get(slot, slot), dice))
        fits = [s for s in spans if could_answer(question, s[0])] or [s for s in spans if s[0] == slot]
        if any(s[0] != slot for s in fits) or len({context[s[1] : s[2]] for s in fits}) > 1:
            continue
        answers = [(start, end) for _, start, end, _ in fits]
        if dice.random() < 0.1:
            other = dice.choice([w for w in BY_WORD if not any(w in s[0] for s in spans)])
            other_question = dice.choice(BY_WORD[other])
            if not any(could_answer(other_question, s[0]) for s in spans):
                question, answers = other_question, []
        result[question, context] = Asked(question, context, answers)
    return list(result.values())


def could_answer(question: str, slot: str) -> bool:
    """Whether a short question fits this slot too."""
    return any(question in forms for word, forms in BY_WORD.items() if word in slot.split("_"))


def from_marked(rows: list[Marked], count: int, dice: random.Random) -> list[Asked]:
    """Questions about fully marked sentences; a kind must occur once."""
    result = []
    for row in dice.choices(rows, k=count * 4):
        kinds = [kind for _, _, kind in row.spans]
        single = [span for span in row.spans if kinds.count(span[2]) == 1]
        if not single or len(result) == count:
            continue
        start, end, kind = dice.choice(single)
        question = dice.choice(FOR_KIND[kind])
        rivals = [k for k in kinds if k != kind and question in FOR_KIND[k]]
        if not rivals:
            result.append(Asked(question, row.text, [(start, end)]))
    return result


def from_squad(rows: list[dict], count: int, dice: random.Random, window: int = 420) -> list[Asked]:
    """Questions of SQuAD's format, their context cut to some sentences around the answer."""
    asked = []
    paragraphs = [p for article in rows for p in article["paragraphs"]]
    while len(asked) < count:
        paragraph = dice.choice(paragraphs)
        qa = dice.choice(paragraph["qas"])
        answer = qa["answers"][0]
        start, text = answer["answer_start"], answer["text"]
        context = paragraph["context"]
        begin = max(0, start - dice.randrange(window - 100))
        begin = next((m.end() for m in re.finditer(r"[.!?] ", context[:start]) if m.end() >= begin), begin if not begin else start)
        piece = context[begin : begin + window]
        if piece[start - begin :].startswith(text):
            asked.append(Asked(qa["question"].strip(), piece, [(start - begin, start - begin + len(text))]))
    return asked


def squadshifts() -> list[dict]:
    names = ("new_wiki", "reddit", "amazon_reviews")
    files = [json.loads(gzip.open(DATA / "squadshifts" / f"{name}.json.gz", "rt").read()) for name in names]
    return [article for file in files for article in file["data"]]


def xquad() -> list[dict]:
    return json.loads((DATA / "xquad" / "xquad.en.json").read_text())["data"]
