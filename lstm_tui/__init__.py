"""lstm-tui: a debugger for recurrent Keras models, at home in a terminal."""

__version__ = "0.1.0"
