"""The keeper: a side process that places and closes the orders of a run, and outlives it.

Of all ways to guard orders against a killed test process, only this one loses none without a list of active orders,
which providers do not document: the process that sends the order request lives on, so its answer reaches somebody.

`client` is the test process's end of the pipe, `process` the side process, `wire` what they say to each other.
"""
