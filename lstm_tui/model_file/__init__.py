"""What a model file says by itself, without Keras, and what keeps it from being loaded.

    facts = read_model_file("gold.keras")     # layers, shapes, parameters, obstacles; runs nothing of it
    refuse_unless_trusted(facts, trust=False, custom_objects=False)
    stats = weight_statistics("gold.keras")   # what the values of the weights are like

Nothing here imports Keras or TensorFlow; h5py is imported only when weights, or a `.h5` file, are opened.
"""

from lstm_tui.model_file.facts import LayerFacts, ModelFacts, Obstacle, RecurrentFacts, TensorFacts
from lstm_tui.model_file.judge import not_lifted, refuse_unless_trusted
from lstm_tui.model_file.reading import distinct_names, read_model_file, weight_statistics, what_there_is
from lstm_tui.model_file.refusals import (
    CorruptModelError,
    NotAModelError,
    RefusedModelError,
    WeightsOnlyError,
)
from lstm_tui.model_file.weights import WeightStats

__all__ = [
    "CorruptModelError",
    "LayerFacts",
    "ModelFacts",
    "NotAModelError",
    "Obstacle",
    "RecurrentFacts",
    "RefusedModelError",
    "TensorFacts",
    "WeightStats",
    "WeightsOnlyError",
    "distinct_names",
    "not_lifted",
    "read_model_file",
    "refuse_unless_trusted",
    "weight_statistics",
    "what_there_is",
]
