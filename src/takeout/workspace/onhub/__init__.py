"""What runs on the hub: Python 3.8 or newer and its standard library alone, for nothing is installed there.

The modules are sent as one text (``takeout.workspace.script``): names are unique among them, and they import from
each other by name alone. They read, and write nothing.
"""
