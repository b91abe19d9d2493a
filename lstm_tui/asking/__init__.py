"""Questions to a finished recording: conditions to break on, expressions to watch, places to find.

A small language over the series of the recurrent layers, inputs, outputs and targets. A text is read
(`reading`), laid on what a recording has (`binding`) and answered for all steps and samples at once
(`evaluating`, `hits`); of a recording that is kept in bins it is said where an answer can lie (`bounds`).
What it refuses: to run anything that a text says. A text is data, checked against a list of what is allowed.
"""
