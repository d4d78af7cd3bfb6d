"""Weights of the vision towers that come with multimodal checkpoints.

A text step does not run them, but they stand in memory. Only their parameters are counted here.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.models.families.fields import Fields


def vision_parameters(fields: Fields, text_hidden_size: int) -> int:
    """Parameters of tower and projector, 0 without a ``vision_config``.

    Raises ``InputError`` for a tower of unknown shape.
    """
    if not isinstance(fields.get("vision_config"), dict):
        return 0
    vision = fields.nested("vision_config")
    kind = str(vision.get("model_type"))
    if kind not in _TOWERS:
        raise vision.error("vision_config.model_type", f"must be one of {', '.join(_TOWERS)}", kind)
    return _TOWERS[kind](vision, text_hidden_size)


def _transformer(vision: Fields) -> int:
    """A ViT's layers: four attention matrices, two of the MLP, their biases, two LayerNorms."""
    hidden, inner = vision.count("hidden_size"), vision.count("intermediate_size")
    layer = 4 * (hidden * hidden + hidden) + 2 * hidden * inner + inner + hidden + 4 * hidden
    return vision.layers("num_hidden_layers") * layer


def _stem(vision: Fields) -> tuple[int, int]:
    """``(patch embedding without bias, patches)``."""
    patch = vision.count("patch_size")
    channels = vision.count("num_channels", default=3)
    return channels * patch * patch * vision.count("hidden_size"), (vision.count("image_size") // patch) ** 2


def _siglip(vision: Fields, text_hidden_size: int) -> int:
    """SigLIP with Gemma 3's projector: one matrix and a norm."""
    hidden = vision.count("hidden_size")
    stem, patches = _stem(vision)
    return _transformer(vision) + stem + hidden + patches * hidden + 2 * hidden + hidden * text_hidden_size + hidden


def _llama4_vision(vision: Fields, text_hidden_size: int) -> int:
    """Class token, pre and post norm; pixel-shuffle MLP and a linear projector (shuffle merges 2 x 2 patches)."""
    hidden = vision.count("hidden_size")
    stem, patches = _stem(vision)
    shuffle, width = vision.count("intermediate_size"), vision.count("projector_output_dim")
    projector = shuffle * vision.count("projector_input_dim") + vision.count("projector_input_dim") * width
    output = vision.count("vision_output_dim", default=width) * text_hidden_size
    return _transformer(vision) + stem + (patches + 1) * hidden + hidden + 4 * hidden + projector + output


_TOWERS: dict[str, Callable[[Fields, int], int]] = {
    "siglip_vision_model": _siglip,
    "llama4_vision_model": _llama4_vision,
}
