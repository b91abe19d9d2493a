"""What the findings of the `load-` family teach. They are found before there is a case to check, so each is a
code with its lesson (`Told`) and no function that looks; `from_file` finds them."""

from __future__ import annotations

from lstm_tui.checks.check import Lesson, Told

LEGACY = Told(
    "load-legacy",
    Lesson(
        title="A file of Keras 2 that Keras 3 does not read",
        what="The stored configuration has entries or classes of Keras 2: time_major, batch_input_shape, a "
        "Policy as dtype, CuDNN layers, TensorFlow operations in the graph.",
        why="Keras 3 stops at the first of them and hides the rest; the weights themselves are good.",
        keras="Recurrent layers of Keras 3 refuse time_major even where it is false, .keras files refuse "
        "batch_input_shape, and Functional models of Keras 2.13 to 2.15 name a module that is gone. States "
        "that Keras 2 listed among a layer's inputs are taken for its one input.",
        prevent="Write the model once in the form of Keras 3 and keep that file. What cannot be converted, a "
        "TFOpLambda say, has to be rebuilt in the Keras that wrote it, with layers in place of operations.",
        code="# in the shell: lstm-tui rebuild old.h5 -o new.keras\nmodel = "
        "keras.models.load_model('new.keras')",
    ),
)
ACTIVATION = Told(
    "load-activation",
    Lesson(
        title="hard_sigmoid means something else in Keras 3",
        what="The layer was trained with clip(0.2x + 0.5, 0, 1) and runs with clip(x/6 + 0.5, 0, 1).",
        why="The file loads without a word, and the gates of every step are off by up to 0.083.",
        keras="Keras 3 took the definition that PyTorch and JAX have. The name in the file stayed the "
        "same. Up "
        "to Keras 2.2 hard_sigmoid was the default recurrent_activation of LSTM and GRU.",
        prevent="Give the layer the function that it was trained with, or rebuild the file: weights 1.2 "
        "times as "
        "large give the old function in Keras 3's words.",
        code="def hard_sigmoid_2(x):\n    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)\n"
        "layer = keras.layers.LSTM(32, recurrent_activation=hard_sigmoid_2)",
    ),
)
FORMAT = Told(
    "load-format",
    Lesson(
        title="The file is something else than its name says",
        what="A SavedModel folder, an HDF5 file named .keras, a file of another framework, or no model at "
        "all.",
        why="Keras goes by the name and complains about what is inside, or about the name of a right file.",
        keras="load_model reads .keras archives (zip) and .h5 files (HDF5) and tells them apart by the "
        "suffix "
        "alone. SavedModel folders and weights of other frameworks it does not read.",
        prevent="Save with model.save('name.keras') and keep the suffix when a file is copied or renamed.",
        code="model.save('model.keras')   # where the model still loads",
    ),
)
WEIGHTS_ONLY = Told(
    "load-weights-only",
    Lesson(
        title="Weights without an architecture",
        what="The file holds arrays by layer and no configuration that says how the layers are connected.",
        why="The same weights fit many models: activations, masks and the order of calls are not in them.",
        keras="save_weights('x.weights.h5') writes weights alone, ModelCheckpoint(save_weights_only=True) "
        "too. "
        "load_weights fits them into a model that was built before.",
        prevent="Build the model in Python once more, load the weights into it, and save it whole.",
        code="model = build_model()\nmodel.load_weights('x.weights.h5')\nmodel.save('model.keras')",
    ),
)
COMPILE = Told(
    "load-compile",
    Lesson(
        title="The compile settings cannot be read; the model can",
        what="Loss, metrics or optimizer in the file are unknown to this Keras: a name, a class of one's "
        "own.",
        why="load_model fails although layers and weights are intact, and nothing of it matters for "
        "predictions.",
        keras="load_model compiles by default. A .h5 file with loss='mse' fails in Keras 3: the short "
        "names of "
        "functions are looked up as objects there.",
        prevent="Load with compile=False and compile again before training.",
        code="model = keras.models.load_model('model.h5', compile=False)\n"
        "model.compile(optimizer='adam', loss='mean_squared_error')",
    ),
)
CUSTOM = Told(
    "load-custom",
    Lesson(
        title="A layer or function that is not one of Keras' own",
        what="The file names a class or function and does not contain its code.",
        why="Keras cannot build the layer until that code has been imported and is registered.",
        keras="Classes are found by @keras.saving.register_keras_serializable, by custom_objects of "
        "load_model, "
        "or by the module that the file names, if it can be imported.",
        prevent="Register the class where it is defined, and import that module before loading.",
        code="@keras.saving.register_keras_serializable(package='mine')\nclass Attend(keras.layers.Layer): "
        "...\n"
        "# in the shell: lstm-tui model.keras --custom-objects mine.layers",
    ),
)
UNSAFE = Told(
    "load-unsafe",
    Lesson(
        title="The file wants to run code",
        what="A Lambda layer holds Python bytecode; other entries name modules or files that no model needs.",
        why="Loading such a file runs whatever its author put there, with your rights.",
        keras="safe_mode refuses Lambda layers and lists what else is forbidden, mended release by "
        "release. Here "
        "the file is held against a list of what is allowed, before Keras sees it.",
        prevent="Replace Lambda by a layer or an operation of Keras; trust only files whose author you know.",
        code="x = keras.ops.mean(x, axis=1)   # in place of Lambda(lambda x: ...)",
    ),
)
CORRUPT = Told(
    "load-corrupt",
    Lesson(
        title="The file is not whole",
        what="It was cut off or damaged, or its weights are missing or have other shapes than its layers "
        "declare.",
        why="Keras fails in the middle of building, or with the message of a library that says nothing of "
        "models.",
        keras="A .keras file is a zip archive of metadata.json, config.json and model.weights.h5; its list "
        "of "
        "contents stands at its end, so a download that stopped leaves nothing to read.",
        prevent="Copy it again and compare sizes or checksums; write to a temporary name and rename when "
        "done.",
        code="model.save('tmp.keras')\nos.replace('tmp.keras', 'model.keras')",
    ),
)

LOADING: tuple[Told, ...] = (
    LEGACY, ACTIVATION, FORMAT, WEIGHTS_ONLY, COMPILE, CUSTOM, UNSAFE, CORRUPT,
)  # fmt: skip
