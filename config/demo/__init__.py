"""The demonstration: two tenants whose directories are believable, and hold every example of the handbook.

``acme`` and ``globex`` say what the directories hold, ``people`` who signs in, ``consents`` what they agreed
to, ``filters`` what they saved, ``programs`` what calls the API for them; ``writing`` puts the directories there
once. Everything of it is invented except the BICs of acme's correspondents and the carriers behind globex's
prefixes.
"""
