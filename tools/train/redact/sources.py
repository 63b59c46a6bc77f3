"""Marked text from every source, in train, development and test parts.

A template, a dialogue's services or a file decides the part, so that no part has seen another's sentences.
"""

import gzip
import json
import random
import re
from functools import cache

from redact.kinds import KINDS, Marked
from redact.templates import NOTHING, TEMPLATES, TITLES
from redact.values import Values, people
from shared.paths import DATA
from text.corpus import lines_of
from text.emotions import goemotions

PRESIDIO = {
    "PERSON": "PERSON", "STREET_ADDRESS": "ADDRESS", "GPE": "LOCATION", "ORGANIZATION": "ORGANIZATION", "CREDIT_CARD": "CARD",
    "PHONE_NUMBER": "PHONE", "EMAIL_ADDRESS": "EMAIL", "DOMAIN_NAME": "URL", "IBAN_CODE": "ACCOUNT", "US_SSN": "ACCOUNT",
    "IP_ADDRESS": "IP", "US_DRIVER_LICENSE": "ACCOUNT", "DATE_TIME": "DATE", "ZIP_CODE": "ADDRESS",
}  # fmt: skip
OPEN = {"AGE", "NRP", "TITLE"}
"""Kinds of presidio that ours leave out; unmarked, like the titles before names."""
SLOTS = {
    "DATE": "date event_date pickup_date dropoff_date check_in_date check_out_date departure_date return_date visit_date show_date "
    "leaving_date appointment_date start_date end_date date_of_journey",
    "TIME": "time event_time pickup_time appointment_time leaving_time departure_time show_time outbound_departure_time "
    "inbound_departure_time outbound_arrival_time inbound_arrival_time available_start_time available_end_time journey_start_time "
    "alarm_time new_alarm_time",
    "LOCATION": "city location city_of_event origin_city destination_city origin destination from_location to_location pickup_city "
    "area from_city to_city where_to",
    "PHONE": "phone_number",
    "MONEY": "price fare rent balance total_price ride_fare amount price_per_night price_per_day price_per_ticket total",
    "ADDRESS": "address street_address venue_address address_of_location",
    "PERSON": "artist doctor_name dentist_name stylist_name directed_by recipient_account_name therapist_name contact_name receiver "
    "starring cast",
}  # fmt: skip
SLOT_KIND = {slot: kind for kind, slots in SLOTS.items() for slot in slots.split()}
SGD_MARKS = frozenset({"DATE", "TIME", "PHONE", "MONEY", "ADDRESS"})
VAGUE = {"where_to", "pickup_location", "location", "destination", "origin", "area", "artist", "receiver", "contact_name"}
"""Slots whose values are of several kinds: a place or an address, a person or a band."""
TITLE = re.compile(r"^(?:(?:Dr|Mr|Mrs|Ms|Prof|Doctor)\.? )(?=[A-Z])")


def from_templates(count: int, dice: random.Random) -> list[Marked]:
    values, rows = Values(dice), []
    makers = {"person": ("person", "PERSON"), "first": ("first", "PERSON"), "last": ("last", "PERSON"), "org": ("org", "ORGANIZATION")}
    makers |= {"place": ("place", "LOCATION"), "street": ("street", "ADDRESS")}
    makers |= {kind.lower(): (kind.lower(), kind) for kind in KINDS if kind.lower() not in makers and kind not in ("ORGANIZATION", "LOCATION")}
    for _ in range(count):
        text, spans, at = "", [], 0
        template = dice.choice(TEMPLATES).replace("\\n", "\n")
        for hole in re.finditer(r"\{(\w+)\}", template):
            text += template[at : hole.start()]
            at, name = hole.end(), hole[1]
            if name in makers:
                value = getattr(values, makers[name][0])()
                spans.append((len(text), len(text) + len(value), makers[name][1]))
            else:
                value = dice.choice(TITLES) if name == "title" else str(dice.randint(1950, 2030))
                if name == "year":
                    spans.append((len(text), len(text) + 4, "DATE"))
            text += value
        rows.append(in_other_case(Marked(text + template[at:], spans), dice))
    return rows + [Marked(text, []) for text in NOTHING for _ in range(count // 400)]


def in_other_case(row: Marked, dice: random.Random) -> Marked:
    """Some people do not use capitals; a few only them."""
    part = dice.random()
    other = row.text.lower() if part < 0.15 else row.text.upper() if part < 0.19 else row.text
    return Marked(other, row.spans, row.marks, row.skip) if len(other) == len(row.text) else row


@cache
def presidio(part: str) -> list[Marked]:
    """139 templates to train on (10 of them for development), 70 for the test."""
    rows = json.loads(gzip.open(DATA / "presidio" / "synth_dataset_v2.json.gz", "rt").read())
    ids = sorted({row["template_id"] for row in rows})
    random.Random(3).shuffle(ids)
    chosen = set({"test": ids[:70], "dev": ids[70:85], "train": ids[85:]}[part])
    return [presidio_row(row) for row in rows if row["template_id"] in chosen]


def presidio_row(row: dict) -> Marked:
    text, spans = row["full_text"], []
    for span in sorted(row["spans"], key=lambda s: s["start_position"]):
        kind = PRESIDIO.get(span["entity_type"])
        start, end = span["start_position"], span["end_position"]
        if kind == "DATE" and re.fullmatch(r"\d{1,2}:\d\d(:\d\d)?( ?[AaPp][Mm])?", text[start:end]):
            kind = "TIME"
        near = kind in ("ADDRESS", "LOCATION") and spans and not re.search(r"[a-z.;:?]", text[spans[-1][1] : start])
        if near and spans[-1][2] == "ADDRESS" and start - spans[-1][1] <= 8:
            spans[-1] = (spans[-1][0], end, "ADDRESS")
        elif kind:
            spans.append((start, end, kind))
    return Marked(text, spans)


def sgd(part: str) -> list[Marked]:
    """Turns with values; the test part has services that the training part lacks."""
    rows: dict[str, Marked] = {}
    for line in lines_of(DATA / "sgd" / f"{part}.jsonl.gz"):
        for _, text, marks, _ in json.loads(line)["turns"]:
            if marks and text not in rows:
                rows[text] = sgd_row(text, marks)
    return list(rows.values())


def sgd_row(text: str, marks: list) -> Marked:
    spans, skip = [], []
    for _, slot, start, end in sorted(marks, key=lambda m: (m[2], -m[3])):
        kind, value = SLOT_KIND.get(slot), text[start:end]
        if spans and start < spans[-1][1]:
            continue
        if slot in VAGUE and (re.search(r"\d", value) or kind == "PERSON" and len(value.split()) != 2) or kind is None:
            skip.append((start, end))
            continue
        if kind == "MONEY" and start and text[start - 1] == "$":
            start -= 1
        title = TITLE.match(value) if kind == "PERSON" else None
        spans.append((start + (title.end() if title else 0), end, kind))
    return Marked(text, spans, SGD_MARKS, skip)


def restaurant(part: str) -> list[Marked]:
    kinds = {"date": "DATE", "time": "TIME", "first_name": "PERSON", "last_name": "PERSON"}
    rows = json.loads((DATA / "restaurant8k" / "r8k_0.json").read_text())
    rows = rows["examples"] if isinstance(rows, dict) else rows
    random.Random(4).shuffle(rows)
    cut = {"test": rows[:1200], "dev": rows[1200:1500], "train": rows[1500:]}[part]
    result = []
    for row in cut:
        text, spans = row["userInput"]["text"], []
        for label in row.get("labels", []):
            span = label.get("valueSpan", {})
            start, end = span.get("startIndex", 0), span.get("endIndex", 0)
            if label["slot"] in kinds and end > start:
                spans.append((start, end, kinds[label["slot"]]))
        spans.sort()
        joined: list[tuple[int, int, str]] = []
        for start, end, kind in spans:
            if joined and kind == "PERSON" == joined[-1][2] and text[joined[-1][1] : start] == " ":
                joined[-1] = (joined[-1][0], end, kind)
            elif not joined or start >= joined[-1][1]:
                joined.append((start, end, kind))
        result.append(Marked(text, joined, frozenset(("DATE", "TIME", "PERSON"))))
    return result


NER_KINDS = {"person": "PERSON", "location": "LOCATION", "corporation": "ORGANIZATION", "group": "ORGANIZATION"}
NER_KINDS |= {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION"}
NER_MARKS = frozenset(("PERSON", "LOCATION", "ORGANIZATION"))


def conll(name: str) -> list[Marked]:
    """Sentences of a file with one word and tag a line."""
    rows, words = [], []
    for line in [*gzip.open(DATA / "ner" / name, "rt").read().splitlines(), ""]:
        if line.strip():
            words.append(line.split("\t") if "\t" in line else line.rsplit(" ", 1))
        elif words:
            rows.append(conll_row(words))
            words = []
    return rows


def conll_row(words: list[list[str]]) -> Marked:
    text, spans, last = "", [], "O"
    for word, tag, *_ in words:
        closes = word in {".", ",", "!", "?", ";", ":", ")", "'s", "n't", "'"} or word.startswith("'")
        text += "" if not text or closes or text.endswith("(") else " "
        kind, known = tag[2:], NER_KINDS.get(tag[2:])
        if known and tag[0] == "I" and last == kind and spans:
            spans[-1] = (spans[-1][0], len(text) + len(word), known)
        elif known:
            spans.append((len(text), len(text) + len(word), known))
        text, last = text + word, kind if tag != "O" else "O"
    return Marked(text, spans, NER_MARKS)


def wnut(part: str) -> list[Marked]:
    return conll({"train": "wnut17train.conll.gz", "dev": "emerging.dev.conll.gz", "test": "emerging.test.annotated.gz"}[part])


def wikigold(part: str) -> list[Marked]:
    rows = conll("wikigold.conll.txt.gz")
    random.Random(5).shuffle(rows)
    return {"test": rows[:350], "dev": rows[350:450], "train": rows[450:]}[part]


def comments(count: int, dice: random.Random) -> list[Marked]:
    """GoEmotions with [NAME] replaced by a name: people in real sentences."""
    rows = []
    texts = [text for text, _ in goemotions("train") if "[RELIGION]" not in text]
    named = [text for text in texts if "[NAME]" in text]
    for template in dice.choices(named, k=count) + dice.sample(texts, count // 4):
        text, spans = "", []
        for i, part in enumerate(template.split("[NAME]")):
            if i:
                name = dice.choice(people())["GivenName" if dice.random() < 0.7 else "Surname"]
                name = name.lower() if dice.random() < 0.15 else name
                spans.append((len(text), len(text) + len(name), "PERSON"))
                text += name
            text += part
        rows.append(Marked(text, spans, frozenset(("PERSON",))))
    return rows


def training(dice: random.Random) -> list[Marked]:
    rows = from_templates(16_000, dice) + comments(5_000, dice)
    turns = sgd("train")
    rows += dice.sample(turns, min(14_000, len(turns))) + restaurant("train")
    rows += [row for _ in range(3) for row in wnut("train") + wikigold("train")]
    return rows + [refilled(row, dice) for row in presidio("train") for _ in range(6)]


def refilled(row: Marked, dice: random.Random) -> Marked:
    """The same sentence with other values, most times."""
    values = Values(dice)
    kinds = {"PERSON": values.person, "ADDRESS": values.address, "ORGANIZATION": values.org, "EMAIL": values.email, "URL": values.url}
    kinds |= {"CARD": values.card, "PHONE": values.phone, "LOCATION": values.place, "IP": values.ip}
    text, spans, at = "", [], 0
    for start, end, kind in row.spans:
        text += row.text[at:start]
        old = row.text[start:end]
        value = kinds[kind]() if kind in kinds and dice.random() < 0.7 else old
        if kind == "PERSON" and " " not in old:
            value = dice.choice([values.first(), values.last(), old])
        if kind == "ADDRESS" and "\n" not in old and len(old) < 12:
            value = old
        spans.append((len(text), len(text) + len(value), kind))
        text, at = text + value, end
    return in_other_case(Marked(text + row.text[at:], spans, row.marks), dice)


def tests(part: str = "test") -> dict[str, list[Marked]]:
    dice = random.Random(6)
    turns = sgd(part)
    sets = {"sgd": dice.sample(turns, min(2000, len(turns))), "restaurant8k": restaurant(part), "presidio": presidio(part)}
    return sets | {"wnut17": wnut(part), "wikigold": wikigold(part)}
