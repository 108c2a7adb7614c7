"""What the names of tables and columns say, word by word: data, and how a name is cut into words.

``split`` cuts and translates, ``foreign`` holds other languages, ``personal`` what looks like
somebody's data, ``plain`` what a name may be made of and still say nothing of anybody, ``kinds``
what tables are about. The lists are written from the concepts, not from any one schema.
"""
