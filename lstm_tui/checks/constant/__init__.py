"""Why predictions are constant or meaningless."""
