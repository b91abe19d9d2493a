"""How the bundled scenarios are made: one module a question, one function a scenario. Run by `build.py`."""
