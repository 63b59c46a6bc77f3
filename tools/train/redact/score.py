"""How well spans are found: exact spans, characters with their kind, and the share of personal characters covered at all."""

from redact.kinds import Marked

Spans = list[tuple[int, int, str]]


def score(rows: list[Marked], found: list[Spans]) -> dict[str, float]:
    """Kinds that a set does not mark, and stretches that it leaves open, count neither for nor against."""
    right = wanted = given = 0
    typed_right = typed_wanted = typed_given = covered = 0
    for row, spans in zip(rows, found):
        gold = [s for s in row.spans if s[2] in row.marks]
        others = [(a, b) for a, b, kind in row.spans if kind not in row.marks] + list(row.skip)
        mine = [s for s in spans if s[2] in row.marks and not any(s[0] < b and a < s[1] for a, b in others)]
        right += len(set(gold) & set(mine))
        wanted, given = wanted + len(gold), given + len(mine)
        gold_kind, mine_kind = by_character(gold), by_character(mine)
        any_kind = by_character(spans)
        typed_right += sum(mine_kind.get(at) == kind for at, kind in gold_kind.items())
        typed_wanted, typed_given = typed_wanted + len(gold_kind), typed_given + len(mine_kind)
        covered += sum(at in any_kind for at in gold_kind)
    return {
        "f1": f1(right, wanted, given),
        "typed_characters": f1(typed_right, typed_wanted, typed_given),
        "found": covered / max(typed_wanted, 1),
    }


def by_character(spans: Spans) -> dict[int, str]:
    return {at: kind for start, end, kind in spans for at in range(start, end)}


def f1(right: int, wanted: int, given: int) -> float:
    return 2 * right / max(wanted + given, 1)
