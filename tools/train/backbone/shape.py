"""The shape of the backbone: DeBERTa-v2 with all of v2's features."""

from transformers import DebertaV2Config, DebertaV2Model

TEACHER_LAYERS = (0, 1, 4, 5)
"""Kept layers of the teacher's six; without training these four lose least."""
MASK_ROW = 8191


def config(**changes) -> DebertaV2Config:
    fields = dict(
        vocab_size=8192, hidden_size=384, num_hidden_layers=len(TEACHER_LAYERS), num_attention_heads=12, intermediate_size=1536,
        hidden_act="gelu", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, max_position_embeddings=512,
        type_vocab_size=0, layer_norm_eps=1e-7, relative_attention=True, max_relative_positions=-1, position_buckets=32,
        norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False,
        conv_kernel_size=3, conv_act="gelu", pooler_hidden_size=384, pooler_hidden_act="gelu", pooler_dropout=0.0,
        pad_token_id=0, legacy=True,
    )  # fmt: skip
    return DebertaV2Config(**(fields | changes))


def model() -> DebertaV2Model:
    return DebertaV2Model(config()).float()


def is_new(name: str) -> bool:
    """Weights without a counterpart in the teacher: they learn at a higher rate."""
    return "rel_embeddings" in name or "encoder.LayerNorm" in name or "conv" in name
