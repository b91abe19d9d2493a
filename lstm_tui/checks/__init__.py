"""What can be wrong with a model, its input and how it is called: one file per cause. Pure, NumPy only."""
