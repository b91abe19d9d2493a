"""Why the same input gives another prediction, or the state is not what one thinks."""
