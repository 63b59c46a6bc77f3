"""The fast tokenizer of a model folder, built as Transformers 4.57 builds it from `spm.model` (version 5 leaves out the
normaliser's table). The engine's tests hold it to the same rules."""

import json
from pathlib import Path

from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

PAD, CLS, SEP, UNK = 0, 1, 2, 3


def fast_tokenizer(folder: Path) -> Tokenizer:
    """Encodings have `ids`, `offsets` (characters) and `type_ids`; [CLS] and [SEP] are added."""
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString((folder / "spm.model").read_bytes())
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    tokenizer = Tokenizer(models.Unigram([(p.piece, p.score) for p in proto.pieces], unk_id=UNK, byte_fallback=False))
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in ("[PAD]", "[CLS]", "[SEP]", "[UNK]")])
    tokenizer.add_special_tokens([AddedToken("[MASK]", special=True)])
    steps = [normalizers.Lowercase()] if settings["do_lower_case"] else []
    steps += [normalizers.Strip(), normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)]
    tokenizer.normalizer = normalizers.Sequence([*steps, normalizers.Replace(Regex(" {2,}"), " ")])
    splits = [pre_tokenizers.Punctuation(behavior="isolated")] if settings["split_by_punct"] else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*splits, pre_tokenizers.Metaspace("▁", prepend_scheme="always")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)],
    )
    return tokenizer
