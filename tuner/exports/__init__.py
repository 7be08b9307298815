"""Exports: a study's model as a file for Keras, TFLite or ONNX, measured, with a card.

`export` finds the model and starts `process`, which converts it in a process of its own; `facts`
says what it found out, `card` writes that down for people. Nothing here trains.
"""
