"""The 13 kinds of personal data, and a text with its marked spans."""

from dataclasses import dataclass, field

KINDS = "PERSON ORGANIZATION LOCATION ADDRESS DATE TIME PHONE EMAIL URL CARD ACCOUNT IP MONEY".split()
TAGS = ["O", *(f"{part}-{kind}" for kind in KINDS for part in "BI")]


@dataclass
class Marked:
    """`marks`: kinds that the source marks; where a kind is missing, unmarked text may still be of it."""

    text: str
    spans: list[tuple[int, int, str]]
    marks: frozenset[str] = frozenset(KINDS)
    skip: list[tuple[int, int]] = field(default_factory=list)
    """Stretches whose kind the source leaves open: no loss there."""
    weight: float = 1.0


def fill(template: str, values: list[tuple[str, str | None]]) -> Marked:
    """Puts values into the `{}` of a template, in order; a kind of None leaves the value unmarked."""
    text, spans = "", []
    parts = template.split("{}")
    for part, (value, kind) in zip(parts, values):
        text += part
        if kind:
            spans.append((len(text), len(text) + len(value), kind))
        text += value
    return Marked(text + parts[-1], spans)
