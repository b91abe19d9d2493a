"""The process around TensorFlow: how it is started, spoken to, watched and replaced.

`client.EngineProcess` is for the workbench, `local.LocalEngine` for headless commands; both answer the
requests of `protocol`. Nothing here knows what a layer is, and importing this package imports nothing heavy.
"""
