"""Why the output is not what was meant: its shape, its horizon, its order."""
