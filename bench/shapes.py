"""The config of a v3 model of any size, for what is measured in PyTorch beside the engine; random-checkpoint.ts says the same."""

from transformers import DebertaV2Config


def v3_config(hidden, layers, heads, **more):
    """`hidden` wide, its feed-forward four times as wide. The vocabulary is cut: its table costs download only."""
    return DebertaV2Config(
        vocab_size=1000,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * hidden,
        max_relative_positions=-1,
        position_buckets=256,
        relative_attention=True,
        pos_att_type=["p2c", "c2p"],
        share_att_key=True,
        norm_rel_ebd="layer_norm",
        position_biased_input=False,
        type_vocab_size=0,
        **more,
    )
