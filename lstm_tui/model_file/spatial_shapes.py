"""Output shapes of convolutions, pooling, padding and cropping, as Keras computes them.

A rule takes a layer's configuration and the shapes of its inputs; a free dimension stays free. Both data
formats: channels stand last, or right after the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lstm_tui.model_file.container import Config
from lstm_tui.model_file.tensors import Shapes
from lstm_tui.recurrent.recording import Shape

Size = int | None


def per_axis(value: Any, axes: int) -> list[Any]:
    """`2` or `[2, 3]` as one value an axis."""
    return list(value) if isinstance(value, list | tuple) else [value] * axes


def channels_first(config: Config) -> bool:
    """Whether channels stand right after the batch."""
    return config.get("data_format") == "channels_first"


def split(config: Config, shape: Shape) -> tuple[Shape, Size]:
    """The spatial dimensions of `(batch, ..., channels)` and its channels."""
    return (shape[2:], shape[1]) if channels_first(config) else (shape[1:-1], shape[-1])


def joined(config: Config, batch: Size, spatial: list[Size], channels: Size) -> Shape:
    """A shape from its parts, in the layer's data format."""
    return (batch, channels, *spatial) if channels_first(config) else (batch, *spatial, channels)


def _sliding(size: Size, window: int, stride: int, padding: str, dilation: int = 1) -> Size:
    if size is None:
        return None
    left = size if padding in {"same", "causal"} else size - dilation * (window - 1)
    return max(0, -(-left // stride))


def convolved(config: Config, shape: Shape, channels: Size) -> Shape:
    """A convolution's output on `shape`, with `channels` channels."""
    spatial, _ = split(config, shape)
    windows = per_axis(config["kernel_size"], len(spatial))
    strides = per_axis(config.get("strides", 1), len(spatial))
    dilations = per_axis(config.get("dilation_rate", 1), len(spatial))
    padding = config.get("padding", "valid")
    sizes = [
        _sliding(size, window, stride, padding, dilation)
        for size, window, stride, dilation in zip(spatial, windows, strides, dilations, strict=True)
    ]
    return joined(config, shape[0], sizes, channels)


def _conv(config: Config, inputs: Shapes) -> Shapes:
    return (convolved(config, inputs[0], config["filters"]),)


def _depthwise(config: Config, inputs: Shapes) -> Shapes:
    channels = split(config, inputs[0])[1]
    return (
        convolved(config, inputs[0], None if channels is None else channels * config["depth_multiplier"]),
    )


def _conv_transpose(config: Config, inputs: Shapes) -> Shapes:
    if config.get("output_padding") is not None:
        return ()
    spatial, _ = split(config, inputs[0])
    windows = per_axis(config["kernel_size"], len(spatial))
    strides = per_axis(config.get("strides", 1), len(spatial))
    dilations = per_axis(config.get("dilation_rate", 1), len(spatial))
    sizes: list[Size] = []
    for size, window, stride, dilation in zip(spatial, windows, strides, dilations, strict=True):
        overhang = max(0, dilation * (window - 1) + 1 - stride) if config.get("padding") == "valid" else 0
        sizes.append(None if size is None else size * stride + overhang)
    return (joined(config, inputs[0][0], sizes, config["filters"]),)


def _conv_lstm(config: Config, inputs: Shapes) -> Shapes:
    batch, steps, *rest = inputs[0]
    state = convolved(config, (batch, *rest), config["filters"])
    output = (batch, steps, *state[1:]) if config.get("return_sequences") else state
    return (output, state, state) if config.get("return_state") else (output,)


def _pool(config: Config, inputs: Shapes) -> Shapes:
    spatial, channels = split(config, inputs[0])
    windows = per_axis(config["pool_size"], len(spatial))
    given = config.get("strides")
    strides = windows if given is None else per_axis(given, len(spatial))
    padding = config.get("padding", "valid")
    sizes = [_sliding(*axis, padding) for axis in zip(spatial, windows, strides, strict=True)]
    return (joined(config, inputs[0][0], sizes, channels),)


def _global_pool(config: Config, inputs: Shapes) -> Shapes:
    spatial, channels = split(config, inputs[0])
    kept: list[Size] = [1] * len(spatial) if config.get("keepdims") else []
    return (joined(config, inputs[0][0], kept, channels),)


def _adaptive_pool(config: Config, inputs: Shapes) -> Shapes:
    spatial, channels = split(config, inputs[0])
    return (joined(config, inputs[0][0], per_axis(config["output_size"], len(spatial)), channels),)


def _up_sampling(config: Config, inputs: Shapes) -> Shapes:
    spatial, channels = split(config, inputs[0])
    factors = per_axis(config["size"], len(spatial))
    sizes = [None if size is None else size * factor for size, factor in zip(spatial, factors, strict=True)]
    return (joined(config, inputs[0][0], sizes, channels),)


def _bordered(key: str, sign: int) -> Callable[[Config, Shapes], Shapes]:
    def rule(config: Config, inputs: Shapes) -> Shapes:
        spatial, channels = split(config, inputs[0])
        borders = per_axis(config[key], len(spatial))
        if len(spatial) == 1 and len(borders) == 2:  # one axis: `[left, right]` without a list around it
            borders = [borders]
        sizes = [
            None if size is None else size + sign * sum(per_axis(border, 2))
            for size, border in zip(spatial, borders, strict=True)
        ]
        return (joined(config, inputs[0][0], sizes, channels),)

    return rule


SPATIAL_RULES: dict[str, Callable[[Config, Shapes], Shapes]] = {
    **{f"Conv{rank}D": _conv for rank in (1, 2, 3)},
    **{f"SeparableConv{rank}D": _conv for rank in (1, 2)},
    **{f"DepthwiseConv{rank}D": _depthwise for rank in (1, 2)},
    **{f"Conv{rank}DTranspose": _conv_transpose for rank in (1, 2, 3)},
    **{f"ConvLSTM{rank}D": _conv_lstm for rank in (1, 2, 3)},
    **{f"{kind}Pooling{rank}D": _pool for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"Global{kind}Pooling{rank}D": _global_pool for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"Adaptive{kind}Pooling{rank}D": _adaptive_pool for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": _up_sampling for rank in (1, 2, 3)},
    **{f"ZeroPadding{rank}D": _bordered("padding", 1) for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": _bordered("cropping", -1) for rank in (1, 2, 3)},
}
