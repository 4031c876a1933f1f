"""A server that keeps a case for many users: each action they ask for is done here, as the officer of their token.

``app`` answers requests, ``sessions`` knows who signed in, ``parcels`` takes in files, ``work`` does what is asked and
``running`` is the process. No SQL, no key and no file of the case goes to a client.
"""
