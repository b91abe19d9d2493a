"""Orders in which the calls of several sessions may come, and what each of them does to the states.

Pure: a model is a function from states to states and an output, all of them known by number. Nothing here
runs a thread or waits for luck.
"""
