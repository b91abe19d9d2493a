"""Another number of features for each step than the model was trained on."""

from __future__ import annotations

from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.inputs.refused import finds_refused

CHECK = Check(
    code="input-features",
    needs=("x",),
    find=finds_refused(
        "input-features",
        "Give every step the features of the training, in the same order; what is missing cannot be made up.",
        "x = frame[TRAINING_COLUMNS].to_numpy()[None]",
    ),
    lesson=Lesson(
        title="Another number of features than in training",
        what="The first layer's kernel has a row for each feature of a step. The input has more of them, or "
        "fewer.",
        why="The call fails. Worse is the right number in another order: that is computed without a word.",
        keras='Keras names neither the input nor the feature: "Matrix size-incompatible: In[0]: [32,5], '
        'In[1]: [4,64]" means five features where four are wanted.',
        prevent="Keep the names of the training's columns beside the model and select by name, not by place.",
        code="x = frame[TRAINING_COLUMNS].to_numpy(np.float32)[None]",
    ),
)
