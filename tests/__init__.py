"""A package of its own: other packages install one called `tests`, which would be found in its place."""
