"""Input arrays: reading files, reshape and rescale as values, what fits a model's input. NumPy only.

Start at `files.read_arrays`, `reshape`, `rescale`, `scaler_files.read_scaler` and `fitting.suggestions`.
Nothing here knows Keras, and nothing here unpickles.
"""
