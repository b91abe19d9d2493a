"""Why the model does not load, or loads as another than it was; read from the file, before Keras is asked."""
