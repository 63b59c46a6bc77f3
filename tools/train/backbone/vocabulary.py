"""A sentencepiece unigram model out of the teacher's most frequent WordPieces: `word` becomes `▁word`, `##ing` becomes `ing`.

Scores lie between -10 and -8, so that fewer pieces always win and a known word stays one piece.
    python -m backbone.vocabulary
"""

import collections
import json
import tempfile
import unicodedata
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer

from shared.paths import RUNS, teacher_folder
from text.corpus import passages

SIZE = 8191
"""With [MASK], which the tokenizer classes add, the word table has 8192 rows."""
FOLDER = RUNS / "vocabulary"
SETTINGS = {"tokenizer_class": "DebertaV2Tokenizer", "do_lower_case": True, "split_by_punct": True, "model_max_length": 512}
SETTINGS |= {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]"}
SETTINGS |= {"bos_token": "[CLS]", "eos_token": "[SEP]"}


def teacher_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(teacher_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def plain_form(character: str) -> str:
    """Compatibility form, lower case, accents off."""
    forms = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).lower())
    return unicodedata.normalize("NFC", "".join(c for c in forms if not unicodedata.combining(c)))


def normaliser_table() -> bytes:
    """sentencepiece's compiled table of `plain_form` over the letters below U+2000 and the full-width forms."""
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.tsv"
        with open(rules, "w") as file:
            for code in [*range(0xA0, 0x2000), *range(0xFF01, 0xFF5F)]:
                plain = plain_form(chr(code))
                if plain and plain != chr(code) and unicodedata.category(chr(code)) != "Cn":
                    print(f"{code:X}", " ".join(f"{ord(c):X}" for c in plain), sep="\t", file=file)
            for space in (0x09, 0x0A, 0x0D, 0xA0, 0x3000):
                print(f"{space:X}\t20", file=file)
        sentence = Path(folder) / "text.txt"
        sentence.write_text("a few words to count pieces of\n" * 50)
        sentencepiece.SentencePieceTrainer.train(
            input=str(sentence), model_prefix=f"{folder}/m", vocab_size=30, normalization_rule_tsv=str(rules), minloglevel=2,
            hard_vocab_limit=False,
        )  # fmt: skip
        proto = sentencepiece_model_pb2.ModelProto()
        proto.ParseFromString(Path(f"{folder}/m.model").read_bytes())
        return proto.normalizer_spec.precompiled_charsmap


def frequent_pieces(count: int) -> list[tuple[str, int]]:
    """(spm piece, teacher's row), most frequent in the corpus first."""
    tokenizer = teacher_tokenizer()
    counts = collections.Counter()
    for encoding in tokenizer.encode_batch(passages(400, seed=0), add_special_tokens=False):
        counts.update(encoding.ids)
    single = [i for t, i in tokenizer.get_vocab().items() if len(t) == 1 and t.isascii()]
    single += [i for t, i in tokenizer.get_vocab().items() if len(t) == 3 and t.startswith("##") and t[2].isascii()]
    rows = list(dict.fromkeys(single + [row for row, _ in counts.most_common()]))[:count]
    rows.sort(key=lambda row: -counts[row])
    return [(spm_piece(tokenizer.id_to_token(row)), row) for row in rows if tokenizer.id_to_token(row) != "[UNK]"]


def spm_piece(word_piece: str) -> str:
    return word_piece[2:] if word_piece.startswith("##") else f"▁{word_piece}"


def build() -> None:
    piece_type = sentencepiece_model_pb2.ModelProto.SentencePiece
    proto = sentencepiece_model_pb2.ModelProto()
    for token in ("[PAD]", "[CLS]", "[SEP]"):
        proto.pieces.add(piece=token, score=0, type=piece_type.CONTROL)
    proto.pieces.add(piece="[UNK]", score=0, type=piece_type.UNKNOWN)
    proto.pieces.add(piece="▁", score=-10, type=piece_type.NORMAL)
    chosen = frequent_pieces(SIZE - 5)
    for i, (piece, _) in enumerate(chosen):
        proto.pieces.add(piece=piece, score=-8 - 2 * i / len(chosen), type=piece_type.NORMAL)
    spec = proto.trainer_spec
    spec.model_type, spec.vocab_size, spec.hard_vocab_limit = spec.UNIGRAM, SIZE, False
    spec.pad_id, spec.bos_id, spec.eos_id, spec.unk_id = 0, 1, 2, 3
    spec.pad_piece, spec.bos_piece, spec.eos_piece, spec.unk_piece = "[PAD]", "[CLS]", "[SEP]", "[UNK]"
    proto.normalizer_spec.name = "user_defined"
    proto.normalizer_spec.precompiled_charsmap = normaliser_table()
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "spm.model").write_bytes(proto.SerializeToString())
    (FOLDER / "tokenizer_config.json").write_text(json.dumps(SETTINGS))
    (FOLDER / "rows.json").write_text(json.dumps([row for _, row in chosen]))


if __name__ == "__main__":
    build()
