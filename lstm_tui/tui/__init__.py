"""The workbench: the only package that imports Textual. It draws a Session and turns keys into commands.

It computes nothing about models and holds no data of its own: attributes go down, messages come up.
"""
