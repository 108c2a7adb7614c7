"""The policy: what a privacy lead writes, parsed strictly, resolved against a catalog, decided.

Pure: text and values in, values out. ``model`` holds what the file says, ``parse`` reads it,
``country`` holds dated country data, ``trace`` resolves every table's way to its subjects,
``sight`` tells what an audience sees, ``decide`` who gets in, ``check`` what is wrong.
"""
